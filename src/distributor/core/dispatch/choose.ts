import type { PolicyRow, ReadyTask, RouteRow } from '../../../contracts/rows.ts';
import type { DistributionLog } from '../../../contracts/distributor/task.ts';
import type { Fleet, Member } from '../agents/fleet.ts';
import { mayTake, pinsTasks, type Router, type Routing } from '../policy/routing.ts';
import { bestOf } from '../strategies/ranking.ts';
import { rank } from '../strategies/registry.ts';
import type { CandidateSet, Ranking, StrategyContext } from '../strategies/strategy.ts';

/** Who gets a task, and why. */
export interface Choice {
  readonly member: Member;
  readonly rule: DistributionLog['routing_rule'];
  /** The rule of the policy that decided. */
  readonly policy_rule?: string;
  readonly next_turn?: number;
  /** Whom the choice was made among, and how they were ranked; without a ranking the first free one gets it. */
  readonly among: CandidateSet<Member>;
  readonly ranking?: Ranking;
}

/** Why a task gets nobody: all agents of its route are full, or it is held back for itself, so that those behind it may go on. */
export type Refusal = 'full' | 'held';

/** What choosing needs besides the task. */
export interface ChoosingContext extends Pick<StrategyContext<'custom'>, 'now' | 'customScores'> {
  readonly fleet: Fleet;
  readonly router: Router;
  readonly policy: PolicyRow | undefined;
}

const sorted = new WeakMap<CandidateSet<Member>, Map<string, CandidateSet<Member>>>();

/** The members that a filter leaves; the same filter gives the same set. */
function leftOf(set: CandidateSet<Member>, filter: string, isLeft: (member: Member) => boolean): CandidateSet<Member> {
  const byFilter = sorted.get(set) ?? new Map<string, CandidateSet<Member>>();
  sorted.set(set, byFilter);
  const left = byFilter.get(filter) ?? { all: set.all.filter(isLeft), pinned: set.pinned };
  byFilter.set(filter, left);
  return left;
}

/** Asks one strategy after the other; what waits for its own agent is asked no further. */
function byStrategy(
  among: CandidateSet<Member>,
  task: ReadyTask,
  route: RouteRow,
  { chain }: Routing,
  { now, customScores }: ChoosingContext,
): Pick<Choice, 'member' | 'rule' | 'next_turn' | 'ranking'> | undefined {
  for (const settings of chain) {
    const ranking = rank(settings, task, among, { now, route, customScores });
    const member = bestOf(among, ranking);
    if (member === undefined && ranking.waits === true) return undefined;
    if (member === undefined) continue;
    const next_turn = ranking.nextTurn?.(member);
    const rule = route.agents.length > 0 ? 'fallback' : settings.use;
    return { member, rule, ranking, ...(next_turn === undefined ? {} : { next_turn }) };
  }
  return undefined;
}

/** All agents that tasks of a route may get, whatever a policy says of each. */
export function widestOf(route: RouteRow, { fleet, policy }: Pick<ChoosingContext, 'fleet' | 'policy'>) {
  return fleet.candidatesOf(route.agents.length > 0 && pinsTasks(policy) ? { ...route, agents: [] } : route);
}

/** The agents that a policy's rule leaves a task, full ones included; the same ones are the same set. */
function leftFor(task: ReadyTask, route: RouteRow, { fleet, router }: ChoosingContext) {
  const routing = router(task, route);
  const { filter, excludes, isPinned } = routing;
  const set = fleet.candidatesOf(isPinned ? { ...route, agents: [] } : route);
  return {
    routing,
    left: filter === undefined ? set : leftOf(set, filter, ({ agent }) => excludes(agent) === undefined),
  };
}

/** Sets of which no agent has a free slot any more: slots only go during a round. */
const fullSets = new WeakSet<CandidateSet>();

function isFull(set: CandidateSet): boolean {
  if (!fullSets.has(set) && !set.all.some(({ free }) => free > 0)) fullSets.add(set);
  return fullSets.has(set);
}

/** Where room must be made for a task: the agents that it may run on, all of them full. Undefined while one has a free slot: it waits by its own wish, for company or for its own agent. */
export function fullFor(task: ReadyTask, route: RouteRow, context: ChoosingContext): CandidateSet<Member> | undefined {
  const { routing, left } = leftFor(task, route, context);
  if (!isFull(left)) return undefined;
  const [settings] = routing.chain;
  if (left.pinned || settings === undefined) return left;
  const { waits, among = [] } = rank(settings, task, left, { ...context, route });
  if (waits !== true) return left;
  const own = new Set(among.map(({ agent }) => agent.agent_id));
  return leftOf(left, `own ${[...own].join(' ')}`, ({ agent }) => own.has(agent.agent_id));
}

/** Why nobody gets a task that these agents are left to. One that a rule gives other agents than those of its route says nothing of the tasks behind it. */
function refusalOf(left: CandidateSet, { filter }: Routing, route: RouteRow, context: ChoosingContext): Refusal {
  return isFull(left) && filter === undefined && isFull(widestOf(route, context)) ? 'full' : 'held';
}

/** Picks the agent for a task of this route: those that the policy's rule leaves; of them the named ones in their order, else the one that the strategy puts first. */
export function choose(task: ReadyTask, route: RouteRow, context: ChoosingContext): Choice | Refusal {
  const { routing, left } = leftFor(task, route, context);
  const { prefers } = routing;
  const policy_rule = routing.rule === undefined ? {} : { policy_rule: routing.rule };
  // Nobody is asked again about those who are known to be full.
  if (fullSets.has(left)) return refusalOf(left, routing, route, context);
  if (left.pinned) {
    const member = left.all.find(({ free }) => free > 0);
    const rule = member?.agent.agent_id === route.agents[0] ? 'primary-agent' : 'backup-agent';
    if (member !== undefined) return { member, rule, among: left, ...policy_rule };
  } else {
    const from = task.resume?.agent_id;
    const isHome = ({ agent, free }: Member) => agent.agent_id === from && free > 0 && mayTake(routing, agent);
    const home = from === undefined ? undefined : left.all.find(isHome);
    // Who has the checkpoint at hand goes on soonest.
    if (home !== undefined) return { member: home, rule: 'resume', among: left, ...policy_rule };
    const isPreferred = ({ agent }: Member) => prefers.has(agent.agent_id);
    const sets = prefers.size === 0 ? [left] : [leftOf(left, `prefers ${[...prefers].join(' ')}`, isPreferred), left];
    for (const among of sets) {
      const chosen = byStrategy(among, task, route, routing, context);
      if (chosen !== undefined) return { ...chosen, among, ...policy_rule };
    }
  }
  return refusalOf(left, routing, route, context);
}
