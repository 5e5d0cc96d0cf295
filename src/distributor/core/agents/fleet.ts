import type { AgentRow, RouteRow } from '../../../contracts/rows.ts';
import { freeSlots, takesWork } from './open-slots.ts';
import type { Candidate, CandidateSet } from '../strategies/strategy.ts';

/** A candidate whose slots were counted with its row: counting takes longer than all else that a decision does with an agent, so a round does it once. */
export class Member implements Candidate {
  readonly agent: AgentRow;
  #free: number;
  #batches = 0;

  constructor(agent: AgentRow) {
    this.agent = agent;
    this.#free = freeSlots(agent);
  }

  get free(): number {
    return this.#free;
  }

  /** Gives away one slot, in all sets that the agent is in; answers with how many it had free before. */
  take(): number {
    const before = this.free;
    this.#free = before - 1;
    return before;
  }

  /** The number of the next batch of an agent that takes some. */
  nextBatch(): number {
    this.#batches += 1;
    return (this.agent.batches ?? 0) + this.#batches;
  }
}

/** The agents of a pool during one round of decisions. */
export interface Fleet {
  /** All that are available, in the pool's order. */
  readonly available: readonly Member[];
  /**
   * The available agents that may run a route's tasks. Named agents come first and alone, in their order; when none of them is available, any agent with the
   * capabilities may step in (`fallback`). The same agents are the same set.
   */
  candidatesOf(route: Pick<RouteRow, 'required_capabilities' | 'agents'>): CandidateSet<Member>;
}

/** Sorts the agents by capability once: for a route, only the agents with its rarest capability are looked at. `now` is epoch ms. */
export function openFleet(agents: readonly AgentRow[], now: number): Fleet {
  // Times of rows sort as text: comparing is faster than parsing them by the thousand.
  const at = new Date(now).toISOString();
  const available: Member[] = [];
  const byCapability = new Map<string, Member[]>();
  for (const agent of agents) {
    if (agent.lease_until <= at || !takesWork(agent, now)) continue;
    const member = new Member(agent);
    available.push(member);
    for (const capability of agent.capabilities) {
      const offering = byCapability.get(capability);
      if (offering === undefined) byCapability.set(capability, [member]);
      else if (offering[offering.length - 1] !== member) offering.push(member);
    }
  }
  const capable = (required: readonly string[]): readonly Member[] => {
    const [rarest = available, ...others] = required
      .map((capability): readonly Member[] => byCapability.get(capability) ?? [])
      .sort((one, other) => one.length - other.length);
    if (others.length === 0) return rarest;
    return rarest.filter(({ agent }) => required.every((capability) => agent.capabilities.includes(capability)));
  };
  const byRequirement = new Map<string, CandidateSet<Member>>();
  const nobody: CandidateSet<Member> = { all: [], pinned: false };
  const byAgents = new Map<string, CandidateSet<Member>[]>();
  /** The set of these agents: whoever may run the tasks of several routes is ranked once for all of them. */
  const setOf = (all: readonly Member[], pinned: boolean): CandidateSet<Member> => {
    if (all.length === 0) return nobody;
    const alike = `${pinned} ${all.length} ${all[0]?.agent.agent_id}`;
    const sets = byAgents.get(alike) ?? [];
    byAgents.set(alike, sets);
    const before = sets.find((set) => set.all.every((member, at) => member === all[at]));
    if (before !== undefined) return before;
    const set = { all, pinned };
    sets.push(set);
    return set;
  };
  return {
    available,
    candidatesOf: ({ required_capabilities, agents: named }) => {
      const requirement = `${required_capabilities.join(',')}@${named.join(',')}`;
      const before = byRequirement.get(requirement);
      if (before !== undefined) return before;
      const able = capable(required_capabilities);
      const preferred = named.flatMap((id) => able.find(({ agent }) => agent.agent_id === id) ?? []);
      const found = preferred.length > 0 ? setOf(preferred, true) : setOf(able, false);
      byRequirement.set(requirement, found);
      return found;
    },
  };
}
