import type { AgentRow, RouteRow } from '../../contracts/rows.ts';
import { performanceScore } from './agent.ts';
import { freeSlots, takesWork } from './route.ts';
import type { Candidate, CandidateSet } from './strategies/strategy.ts';

/** The candidates of a route, as the dispatcher uses them. */
export interface RouteCandidates extends CandidateSet {
  /** Gives away one slot of an agent of this set, for all sets that the agent is in; answers with how many it had free before. */
  take(agent: AgentRow): number;
}

/** The agents of a pool during one round of decisions. */
interface Fleet {
  /**
   * The available agents that may run a route's tasks. Named agents come first and alone, in their order; when none of them is available, any agent with the
   * capabilities may step in (`fallback`). The same requirement gets the same set.
   */
  candidatesOf(route: RouteRow): RouteCandidates;
}

/** Records closer than this (share of successes) count as equal: chance, not merit. */
const recordStep = 0.05;
/** Attempts beyond the least busy agent's that still tell two agents apart. */
const workMax = 1_000_000;

/**
 * One number that puts free agents in order, so that ten thousand can be compared in microseconds: the share of free slots (two shares differ by 2.5e-5 at least, by
 * slotsMax), then the record (at most 2e-5 in all), then the work done (at most 1e-7 in all). 0 when full.
 */
function standing(agent: AgentRow, free: number, workMin: number): number {
  if (free <= 0) return 0;
  const record = Math.round(performanceScore(agent) / recordStep);
  const work = Math.min(workMax, agent.completed + agent.failed - workMin);
  return free / agent.capacity + record * 1e-6 - work * 1e-13;
}

/** A candidate whose slots are counted when somebody first asks: a decision looks at few routes of a large pool. */
class Member implements Candidate {
  readonly agent: AgentRow;
  #free: number | undefined;

  constructor(agent: AgentRow) {
    this.agent = agent;
  }

  get free(): number {
    return (this.#free ??= freeSlots(this.agent));
  }

  take(): number {
    const before = this.free;
    this.#free = before - 1;
    return before;
  }
}

/** A set that finds its least-loaded member by one pass over an array of numbers. */
class MemberSet implements RouteCandidates {
  readonly all: readonly Member[];
  readonly pinned: boolean;
  readonly #workMin: number;
  #standings: Float64Array | undefined;
  #last: Member | undefined;

  constructor(all: readonly Member[], pinned: boolean, workMin: number) {
    this.all = all;
    this.pinned = pinned;
    this.#workMin = workMin;
  }

  leastLoaded(): AgentRow | undefined {
    const standingOf = ({ agent, free }: Member): number => standing(agent, free, this.#workMin);
    const standings = (this.#standings ??= Float64Array.from(this.all, standingOf));
    for (;;) {
      let best = 0;
      let at = -1;
      for (let index = 0; index < standings.length; index += 1) {
        const each = standings[index] ?? 0;
        if (each <= best) continue;
        best = each;
        at = index;
      }
      const member = this.all[at];
      if (member === undefined) return undefined;
      // Another route may have taken slots of this agent since. Slots only go during a round, so a best one that is still true is the best.
      const now = standingOf(member);
      standings[at] = now;
      this.#last = member;
      if (now === best) return member.agent;
    }
  }

  take(agent: AgentRow): number {
    const member = this.#last?.agent === agent ? this.#last : this.all.find((each) => each.agent === agent);
    return member?.take() ?? 0;
  }
}

/** Sorts the agents by capability once: for a route, only the agents with its rarest capability are looked at. `now` is epoch ms. */
export function openFleet(agents: readonly AgentRow[], now: number): Fleet {
  // Times of rows sort as text: comparing is faster than parsing them by the thousand.
  const at = new Date(now).toISOString();
  const available: Member[] = [];
  const byCapability = new Map<string, Member[]>();
  let workMin = Infinity;
  for (const agent of agents) {
    if (agent.lease_until <= at || !takesWork(agent, now)) continue;
    const member = new Member(agent);
    available.push(member);
    workMin = Math.min(workMin, agent.completed + agent.failed);
    for (const capability of agent.capabilities) {
      const offering = byCapability.get(capability);
      if (offering === undefined) byCapability.set(capability, [member]);
      else if (offering.at(-1) !== member) offering.push(member);
    }
  }
  const capable = (required: readonly string[]): readonly Member[] => {
    const [rarest = available, ...others] = required
      .map((capability): readonly Member[] => byCapability.get(capability) ?? [])
      .sort((one, other) => one.length - other.length);
    if (others.length === 0) return rarest;
    return rarest.filter(({ agent }) => required.every((capability) => agent.capabilities.includes(capability)));
  };
  const known = new Map<string, MemberSet>();
  return {
    candidatesOf: ({ required_capabilities, agents: named }) => {
      const requirement = `${required_capabilities.join(',')}@${named.join(',')}`;
      const before = known.get(requirement);
      if (before !== undefined) return before;
      const able = capable(required_capabilities);
      const preferred = named.flatMap((id) => able.find(({ agent }) => agent.agent_id === id) ?? []);
      const isPinned = preferred.length > 0;
      const found = new MemberSet(isPinned ? preferred : able, isPinned, workMin);
      known.set(requirement, found);
      return found;
    },
  };
}
