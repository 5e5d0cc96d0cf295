import type { ReadyTask, RouteRow } from '../../../contracts/rows.ts';
import type { StrategySettings } from '../../../contracts/distributor/strategy.ts';
import { choose, type ChoosingContext } from '../dispatch/choose.ts';
import { bestOf } from '../strategies/ranking.ts';
import { rank } from '../strategies/registry.ts';
import type { CandidateSet } from '../strategies/strategy.ts';

/** What keeps a task from agents that have a free slot, as people are told. */
export interface Held {
  readonly because: string;
  readonly would_start: string;
  /** Why an agent that is free and that the rules leave does not get it. */
  readonly against: string;
}

/** The agent for which a strategy of the chain lets the task wait, and until when (RFC 3339). */
function ownAgent(
  task: ReadyTask,
  route: RouteRow,
  among: CandidateSet,
  { chain, now, customScores }: Pick<ChoosingContext, 'now' | 'customScores'> & { chain: readonly StrategySettings[] },
) {
  for (const settings of chain) {
    const ranking = rank(settings, task, among, { now, route, customScores });
    if (bestOf(among, ranking) !== undefined) return undefined;
    const [own] = ranking.among ?? [];
    if (ranking.waits !== true || own === undefined || settings.use !== 'affinity') continue;
    const until = new Date(Date.parse(task.queued_at) + settings.wait_ms).toISOString();
    return { agent_id: own.agent.agent_id, until };
  }
  return undefined;
}

/** Why a dispatch would leave a task waiting although an agent of its route is free; undefined: it would not, or all of those are full. */
export function whyHeld(task: ReadyTask, route: RouteRow, context: ChoosingContext): Held | undefined {
  if (choose(task, route, context) !== 'held') return undefined;
  const { chain, excludes, isPinned, rule } = context.router(task, route);
  const { all, pinned } = context.fleet.candidatesOf(isPinned ? { ...route, agents: [] } : route);
  const left = { all: all.filter(({ agent }) => excludes(agent) === undefined), pinned };
  const who = rule === undefined ? 'the emergency lane' : `rule ${rule} of the policy`;
  const would_start = 'a slot of an agent that could run it comes free';
  const against = 'is not for this task';
  if (left.all.length === 0)
    return {
      because: `${who} leaves it none of the agents that are available`,
      would_start: `an agent comes that ${who} leaves it`,
      against,
    };
  if (!left.all.some(({ free }) => free > 0))
    return { because: `waits for a free slot of those that ${who} leaves it`, would_start, against };
  const own = ownAgent(task, route, left, { ...context, chain });
  if (own === undefined)
    return {
      because: 'waits for a free slot of an agent with a weight: those that are free have weight 0',
      would_start: 'a slot of an agent with a weight comes free',
      against: 'has weight 0',
    };
  return {
    because: `waits for its own agent ${own.agent_id} by its strategy, until ${own.until} at the latest`,
    would_start: `a slot of ${own.agent_id} comes free, or any at ${own.until}`,
    against: `the task waits for ${own.agent_id}`,
  };
}
