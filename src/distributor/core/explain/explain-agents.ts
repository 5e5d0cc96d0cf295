import { explainedAgentsMax, type TaskExplanation } from '../../../contracts/distributor/explanation.ts';
import type { AgentRow, PoolRows, ReadyTask, RouteRow } from '../../../contracts/rows.ts';
import { openFleet } from '../agents/fleet.ts';
import { openLimiter } from '../ready/limiter.ts';
import { routerOfPool, type Routing } from '../policy/routing.ts';
import { freeSlots, isAvailable } from '../agents/open-slots.ts';
import { choose, type ChoosingContext } from '../dispatch/choose.ts';
import { rank } from '../strategies/registry.ts';
import type { StrategyContext } from '../strategies/strategy.ts';
import { whyHeld } from './why-held.ts';

/** What a decision about one task looks at. */
export interface ExplainView extends Pick<StrategyContext<'custom'>, 'now' | 'customScores'> {
  readonly task: ReadyTask;
  readonly route: RouteRow;
  readonly pool: PoolRows;
}

type Queued = NonNullable<TaskExplanation['queued']>;
type Explained = Pick<Queued, 'strategy' | 'rule' | 'candidates' | 'excluded' | 'reasons' | 'would_start'>;

/** Why an agent cannot take the task now; undefined when it can. The texts name no agent, so that they can be counted. */
function reasonAgainst(
  agent: AgentRow,
  { route, now }: ExplainView,
  routing: Routing,
  named: ReadonlySet<string>,
): string | undefined {
  const missing = route.required_capabilities.filter((each) => !agent.capabilities.includes(each));
  if (missing.length > 0) return `does not offer ${missing.join(', ')}`;
  if (agent.draining) return 'is leaving';
  if (agent.stopped !== undefined) return `was ${agent.stopped.how}`;
  if (!isAvailable(agent, now))
    return Date.parse(agent.lease_until) <= now ? 'gives no sign of life' : 'rests for maintenance';
  const excluded = routing.excludes(agent);
  if (excluded !== undefined) return excluded;
  if (named.size > 0 && !named.has(agent.agent_id)) return 'the task names others, and one of them is available';
  return freeSlots(agent) > 0 ? undefined : 'has no free slot';
}

/** What would let the task start, from the reasons against the agents. */
function wayOut(reasons: ReadonlyMap<string, number>, { route, task, pool, now }: ExplainView, ready: number): string {
  const block = openLimiter(pool, now).blockOf(task, route);
  if (ready > 0 && block !== undefined) return block.would_start;
  if (ready > 0) return 'the next dispatch, when what stands before it has been handed out';
  if (reasons.has('has no free slot')) return 'a slot of an agent that could run it comes free';
  const required = route.required_capabilities.join(', ');
  const able = [...reasons].filter(([reason]) => !reason.startsWith('does not offer'));
  if (able.length === 0) return required === '' ? 'an agent registers' : `an agent that offers ${required} registers`;
  return `an agent that could run it is there again (${able.map(([reason, count]) => `${count}: ${reason}`).join('; ')})`;
}

type Scored = Queued['candidates'][number];

/** Who gets it, by whose decision, and how all are ranked who could; of named agents the task's own order counts. */
function ranked(
  task: ReadyTask,
  route: RouteRow,
  context: ChoosingContext,
): { by: string; candidates: readonly Scored[] } {
  const choice = choose(task, route, context);
  const { chain } = context.router(task, route);
  const [first = { use: 'least_loaded' as const }] = chain;
  if (typeof choice === 'string') return { by: first.use, candidates: [] };
  const { among, member, rule } = choice;
  const looked = choice.ranking?.among ?? among.all;
  const { score } = choice.ranking ?? rank(first, task, among, { ...context, route });
  const scored = looked
    .filter(({ free }) => free > 0)
    .map((each) => ({ agent_id: each.agent.agent_id, score: Math.round(score(each) * 1_000) / 1_000 }))
    .filter((each) => Number.isFinite(each.score) || each.agent_id === member.agent.agent_id)
    .map((each) => (Number.isFinite(each.score) ? each : { ...each, score: 0 }));
  if (among.pinned) return { by: 'named agents', candidates: scored };
  const isChosen = (each: Scored): number => (each.agent_id === member.agent.agent_id ? 1 : 0);
  scored.sort((one, other) => isChosen(other) - isChosen(one) || other.score - one.score);
  return { by: rule, candidates: scored };
}

/** The agents of a pool as a decision about one task would see them now, by that very decision: scores of those that could take it, reasons against the others. */
export function explainAgents(view: ExplainView): Explained {
  const { task, route, pool, now, customScores } = view;
  const router = routerOfPool(pool.policy, now);
  const routing = router(task, route);
  const fleet = openFleet(pool.agents, now);
  const set = fleet.candidatesOf(routing.isPinned ? { ...route, agents: [] } : route);
  const named = new Set(set.pinned ? set.all.map(({ agent }) => agent.agent_id) : []);
  const context = { fleet, router, policy: pool.policy, now, customScores };
  const { by, candidates } = ranked(task, route, context);
  const held = whyHeld(task, route, context);
  const takes = new Set(candidates.map(({ agent_id }) => agent_id));
  const otherwise =
    held?.against ?? `comes behind those that ${routing.prefers.size > 0 ? 'the rule prefers' : by + ' ranks'}`;
  const excluded = pool.agents.flatMap((agent) => {
    if (takes.has(agent.agent_id)) return [];
    return [{ agent_id: agent.agent_id, reason: reasonAgainst(agent, view, routing, named) ?? otherwise }];
  });
  const reasons = new Map<string, number>();
  for (const { reason } of excluded) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  return {
    strategy: by,
    ...(routing.rule === undefined ? {} : { rule: routing.rule }),
    candidates: candidates.slice(0, explainedAgentsMax),
    excluded: excluded.slice(0, explainedAgentsMax),
    reasons: Object.fromEntries(reasons),
    would_start: held?.would_start ?? wayOut(reasons, view, candidates.length),
  };
}
