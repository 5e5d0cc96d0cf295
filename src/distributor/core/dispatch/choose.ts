import type { ReadyTask, RouteRow } from '../../../contracts/rows.ts';
import type { DistributionLog } from '../../../contracts/distributor/task.ts';
import type { Fleet, Member } from '../agents/fleet.ts';
import type { Router, Routing } from '../policy/routing.ts';
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

/** Why a task gets nobody: all agents of its route are full, or only it is held back, so that those behind it may go on. */
export type Refusal = 'full' | 'held';

/** What choosing needs besides the task. */
export interface ChoosingContext extends Pick<StrategyContext<'custom'>, 'now' | 'customScores'> {
  readonly fleet: Fleet;
  readonly router: Router;
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

/** Picks the agent for a task of this route: those that the policy's rule leaves; of them the named ones in their order, else the one that the strategy puts first. */
export function choose(task: ReadyTask, route: RouteRow, context: ChoosingContext): Choice | Refusal {
  const routing = context.router(task, route);
  const { filter, excludes, prefers } = routing;
  const set = context.fleet.candidatesOf(routing.isPinned ? { ...route, agents: [] } : route);
  const left = filter === undefined ? set : leftOf(set, filter, ({ agent }) => excludes(agent) === undefined);
  const policy_rule = routing.rule === undefined ? {} : { policy_rule: routing.rule };
  if (left.pinned) {
    const member = left.all.find(({ free }) => free > 0);
    const rule = member?.agent.agent_id === route.agents[0] ? 'primary-agent' : 'backup-agent';
    if (member !== undefined) return { member, rule, among: left, ...policy_rule };
  } else {
    const from = task.resume?.agent_id;
    const home =
      from === undefined ? undefined : left.all.find(({ agent, free }) => agent.agent_id === from && free > 0);
    // Who has the checkpoint at hand goes on soonest.
    if (home !== undefined) return { member: home, rule: 'resume', among: left, ...policy_rule };
    const isPreferred = ({ agent }: Member) => prefers.has(agent.agent_id);
    const sets = prefers.size === 0 ? [left] : [leftOf(left, `prefers ${[...prefers].join(' ')}`, isPreferred), left];
    for (const among of sets) {
      const chosen = byStrategy(among, task, route, routing, context);
      if (chosen !== undefined) return { ...chosen, among, ...policy_rule };
    }
  }
  return set.all.some(({ free }) => free > 0) ? 'held' : 'full';
}
