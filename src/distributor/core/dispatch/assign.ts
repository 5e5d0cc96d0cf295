import type { AgentRow, ReadyTask, RouteRow } from '../../../contracts/rows.ts';
import type { DistributionLog } from '../../../contracts/distributor/task.ts';
import type { Assignment } from './assignment.ts';
import { performanceScore } from '../agents/agent.ts';
import { companyOf, kindOf } from '../ready/batch.ts';
import { type Choice, choose, type ChoosingContext, type Refusal } from './choose.ts';
import type { Durations } from '../agents/durations.ts';
import { hedgeAt } from '../tasks/hedge.ts';
import type { Lane } from '../ready/lane.ts';
import type { Limiter } from '../ready/limiter.ts';
import { canaryHoldOf } from '../policy/canary.ts';
import type { Reservations } from '../ready/reservations.ts';
import { holdKey } from '../agents/hold.ts';

/** What handing out needs besides the task. */
export interface AssigningContext extends ChoosingContext {
  readonly limiter: Limiter;
  readonly reservations: Reservations | undefined;
  /** What is known of how long tasks take, for who asks. */
  readonly durations: () => Durations;
}

/** Candidates whose scores a log tells. More: the task's row grows with every assignment. */
const loggedCandidatesMax = 3;
/** Candidates up to which those behind the first are sought: more would cost every assignment a look at all of them. */
const rankedCandidatesMax = 200;

function explain({ member, rule, policy_rule, among }: Choice, route: RouteRow): string[] {
  const { agent, free } = member;
  const reasons = [
    `offers ${route.required_capabilities.join(', ') || 'what is asked (nothing)'}`,
    `${agent.capacity - free} of ${agent.capacity} slots busy`,
    `${among.all.length} ${among.all.length === 1 ? 'agent' : 'agents'} could run it`,
  ];
  if (rule === 'fallback') reasons.push(`none of ${route.agents.join(', ')} is available`);
  if (rule === 'resume') reasons.push('had it before and has its checkpoint at hand');
  if (rule === 'primary-agent') reasons.push('named as primary agent');
  if (rule === 'backup-agent') reasons.push('named as backup agent; those before it are full or unavailable');
  if (policy_rule !== undefined) reasons.push(`rule ${policy_rule} of the policy`);
  return reasons;
}

/** The best of those who had a free slot, with their scores; of equals the first. One pass: it is done for every task. */
function ranked({ among, ranking }: Choice): Pick<DistributionLog, 'candidates'> {
  if (ranking === undefined || among.all.length > rankedCandidatesMax) return {};
  const best: { readonly agent_id: string; readonly score: number }[] = [];
  for (const each of ranking.among ?? among.all) {
    const score = each.free > 0 ? ranking.score(each) : -Infinity;
    if (!Number.isFinite(score) || score <= (best[loggedCandidatesMax - 1]?.score ?? -Infinity)) continue;
    best.splice(best.findLastIndex((other) => other.score >= score) + 1, 0, { agent_id: each.agent.agent_id, score });
    best.length = Math.min(best.length, loggedCandidatesMax);
  }
  return { candidates: best.map(({ agent_id, score }) => ({ agent_id, score: Math.round(score * 1_000) / 1_000 })) };
}

/** What is decided about a task that goes to an agent, alone or with others. */
interface Handout {
  readonly choice: Choice;
  readonly efficiency_score: number;
  readonly reasons: readonly string[];
  readonly best: ReturnType<typeof ranked>;
  readonly batch?: number;
}

/** Gives one task to the chosen agent, and counts it against its limits. */
function handOver(
  lane: Lane,
  task: ReadyTask,
  handout: Handout,
  { limiter, reservations, ...context }: AssigningContext,
) {
  const { choice, batch, efficiency_score, reasons, best } = handout;
  const { member, rule, policy_rule, next_turn } = choice;
  const { agent } = member;
  const attempt = task.attempt + 1;
  const reservation = reservations?.of(task, lane.route);
  const canary = canaryHoldOf(context.policy, task);
  const hedge_at = hedgeAt(task, context);
  const log: DistributionLog = {
    id: holdKey(task.task_id, attempt),
    task_id: task.task_id,
    agent_id: agent.agent_id,
    distribution_time: new Date(context.now).toISOString(),
    routing_rule: rule,
    ...(policy_rule === undefined ? {} : { policy_rule }),
    ...(canary === undefined ? {} : { policy_side: canary.side }),
    efficiency_score,
    reasons: [...reasons],
    ...best,
  };
  const taken = limiter.take(task, lane.route, agent);
  const assignment: Assignment = {
    ...{ task, agent, attempt, log },
    ...(next_turn === undefined ? {} : { next_turn }),
    ...(taken === undefined ? {} : { taken }),
    ...(lane.route.namespace === undefined ? {} : { namespace: lane.route.namespace }),
    ...(reservation === undefined ? {} : { reservation }),
    ...(canary === undefined ? {} : { canary }),
    ...(batch === undefined ? {} : { batch }),
    ...(hedge_at === undefined ? {} : { hedge_at }),
  };
  return assignment;
}

/**
 * Gives the next task of a lane to an agent and counts it, or tells why nobody gets it. An agent that takes batches gets its company with it, all in one slot, as far as limits leave room for each; or the
 * task is held back until there is more. `reserved`: it comes first because its reservation is short.
 */
export function assign(
  lane: Lane,
  task: ReadyTask,
  context: AssigningContext,
  reserved = false,
): readonly Assignment[] | Refusal {
  const { limiter, reservations } = context;
  const block = limiter.blockOf(task, lane.route);
  if (block !== undefined) {
    lane.heldBy.add(block.name);
    if (block.overdraft !== undefined) lane.overdrafts.push(block.overdraft);
    return 'held';
  }
  const choice = choose(task, lane.route, context);
  if (choice === 'full' || choice === 'held') return choice;
  const { member } = choice;
  const { agent, free } = member;
  const company = gather(lane, task, agent, context);
  if (company === undefined) return 'held';
  const reservation = reservations?.of(task, lane.route);
  const handout: Handout = {
    choice,
    best: ranked(choice),
    efficiency_score: Math.round((free / agent.capacity) * performanceScore(agent) * 1000) / 1000,
    reasons: [...explain(choice, lane.route), ...(reserved ? [`reservation ${reservation} was short`] : [])],
    ...(agent.batch === undefined ? {} : { batch: member.nextBatch() }),
  };
  member.take();
  reservations?.count(reservation, 1);
  const first = handOver(lane, task, handout, context);
  const joining = { ...handout, reasons: [...handout.reasons, `in the batch of ${task.task_id}`] };
  const others = company.slice(1).flatMap((other) => {
    if (limiter.blockOf(other, lane.route) !== undefined) return [];
    lane.joined.add(other.task_id);
    return [handOver(lane, other, joining, context)];
  });
  return [first, ...others];
}

/** The tasks that go to the agent in one slot; undefined: they wait for more of their kind. */
function gather(
  lane: Lane,
  task: ReadyTask,
  { batch }: AgentRow,
  context: AssigningContext,
): readonly ReadyTask[] | undefined {
  if (batch === undefined) return [task];
  const kind = kindOf(task, lane.route, context);
  if (kind !== undefined && lane.gathering.has(kind)) return undefined;
  const company = companyOf(lane, task, kind, batch, context);
  if ('tasks' in company) return company.tasks;
  if (kind !== undefined) lane.gathering.set(kind, company.waitsUntil);
  return undefined;
}
