import { assignmentsPerRoundMax } from '../../contracts/limits.ts';
import type { AgentRow, PoolRows, ReadyTask, RouteRow, TaskRow } from '../../contracts/rows.ts';
import type { DistributionLog } from '../../contracts/task.ts';
import { performanceScore } from './agent.ts';
import { type Member, openFleet } from './fleet.ts';
import { heapOf } from './heap.ts';
import { advance, type Lane, openLane } from './lane.ts';
import { bestOf } from './strategies/ranking.ts';
import { plainSettings, rank } from './strategies/registry.ts';
import { holdKey } from './task.ts';
import type { TaskChange } from './task-change.ts';

/** What a dispatch round knows: the pool, and the head of each route it looked at, in ready order. */
export interface DispatchView {
  readonly now: number;
  readonly pool: PoolRows;
  readonly heads: ReadonlyMap<string, readonly ReadyTask[]>;
  /** Routes whose head was cut: more tasks may stand behind it. */
  readonly full: ReadonlySet<string>;
  /** Of cut heads: the tasks that are due in the levels which the head does not reach, level by level in ready order. */
  readonly due?: ReadonlyMap<string, readonly ReadyTask[]>;
}

/** One task for one agent, with the reason. */
export interface Assignment {
  readonly task: ReadyTask;
  readonly agent: AgentRow;
  /** The attempt this assignment starts: the fencing token of the lease. */
  readonly attempt: number;
  readonly log: DistributionLog;
  /** When the agent's next turn begins, where the strategy counts turns. */
  readonly next_turn?: number;
}

/**
 * What a round decides. `blocked` are routes whose tasks wait although the dispatcher looked, with the full agents they wait for. `cut` means that the
 * round ended before the slots or the tasks did, so another one should follow.
 */
export interface DispatchPlan {
  readonly assignments: readonly Assignment[];
  readonly blocked: readonly { readonly route: string; readonly agents: readonly AgentRow[] }[];
  readonly cut: boolean;
}

/** Who gets the next task of a lane, and by which rule. */
interface Choice {
  readonly member: Member;
  readonly rule: DistributionLog['routing_rule'];
  readonly next_turn?: number;
}

/** Picks the agent for the next task of a lane: named agents in their order, else the one that the task's strategy puts first. */
function choose({ candidates, route }: Lane, task: ReadyTask, now: number): Choice | undefined {
  if (candidates.pinned) {
    const member = candidates.all.find(({ free }) => free > 0);
    return member && { member, rule: member.agent.agent_id === route.agents[0] ? 'primary-agent' : 'backup-agent' };
  }
  const strategy = task.distribution_rules?.routing_strategy ?? 'least_loaded';
  const ranking = rank(plainSettings(strategy), task, candidates, { now, route });
  const member = bestOf(candidates, ranking);
  if (member === undefined) return undefined;
  const next_turn = ranking.nextTurn?.(member);
  return {
    member,
    rule: route.agents.length > 0 ? 'fallback' : strategy,
    ...(next_turn === undefined ? {} : { next_turn }),
  };
}

function explain(lane: Lane, agent: AgentRow, rule: DistributionLog['routing_rule'], free: number): string[] {
  const reasons = [
    `offers ${lane.route.required_capabilities.join(', ') || 'what is asked (nothing)'}`,
    `${agent.capacity - free} of ${agent.capacity} slots busy`,
    `${lane.candidates.all.length} agents could run it`,
  ];
  if (rule === 'fallback') reasons.push(`none of ${lane.route.agents.join(', ')} is available`);
  if (rule === 'primary-agent') reasons.push('named as primary agent');
  if (rule === 'backup-agent') reasons.push('named as backup agent; those before it are full or unavailable');
  return reasons;
}

function assign(lane: Lane, task: ReadyTask, now: number): Assignment | undefined {
  const chosen = choose(lane, task, now);
  if (chosen === undefined) return undefined;
  const { member, rule, next_turn } = chosen;
  const { agent } = member;
  const free = member.take();
  const attempt = task.attempt + 1;
  const log: DistributionLog = {
    id: holdKey(task.task_id, attempt),
    task_id: task.task_id,
    agent_id: agent.agent_id,
    distribution_time: new Date(now).toISOString(),
    routing_rule: rule,
    efficiency_score: Math.round((free / agent.capacity) * performanceScore(agent) * 1000) / 1000,
    reasons: explain(lane, agent, rule, free),
  };
  return { task, agent, attempt, log, ...(next_turn === undefined ? {} : { next_turn }) };
}

/**
 * Hands out tasks strictly in ready order over all routes looked at, as it is at this moment: what is due stands before everything else. A lane whose next task
 * finds no free agent is set aside whole, since all its tasks need the same agents; hence a task nobody can take never holds up one behind it. At most
 * `assignmentsPerRoundMax`.
 */
export function decideDispatch(view: DispatchView): DispatchPlan {
  const at = new Date(view.now).toISOString();
  const fleet = openFleet(view.pool.agents, view.now);
  const assignments: Assignment[] = [];
  const blocked: { route: string; agents: readonly AgentRow[] }[] = [];
  const open: Lane[] = [];
  for (const route of view.pool.routes) {
    const head = view.heads.get(route.route) ?? [];
    const isCut = view.full.has(route.route);
    if (head.length === 0 && !isCut) continue;
    const candidates = fleet.candidatesOf(route);
    // A route that nobody serves is set aside before anything is compared with it, so that thousands of them cost next to nothing.
    if (candidates.all.length === 0) {
      blocked.push({ route: route.route, agents: [] });
      continue;
    }
    open.push(openLane({ route, candidates, head, isCut, due: view.due?.get(route.route) ?? [] }, at));
  }
  const lanes = heapOf(open, (one, other) => one.order < other.order);
  for (let lane = lanes.peek(); lane?.next !== undefined; lane = lanes.peek()) {
    const task = lane.next.tasks[lane.next.next];
    // A cut head that is used up may be followed by tasks that come before those of other lanes: nothing more may start before they are read.
    if (task === undefined || assignments.length === assignmentsPerRoundMax) return { assignments, blocked, cut: true };
    const assignment = assign(lane, task, view.now);
    if (assignment === undefined) {
      blocked.push({ route: lane.route.route, agents: lane.candidates.all.map(({ agent }) => agent) });
      lanes.pop();
      continue;
    }
    assignments.push(assignment);
    lane.next.next += 1;
    advance(lane, at);
    if (lane.next === undefined) lanes.pop();
    else lanes.sinkTop();
  }
  return { assignments, blocked, cut: false };
}

/** The conditional write that gives the lease: Queued at the attempt we saw, to Processing at the next one. */
export function claimChange(assignment: Assignment, now: number): TaskChange {
  const { task, agent, attempt, log } = assignment;
  const patch: TaskChange['patch'] = {
    status: 'Processing',
    attempt,
    assigned_agent: agent.agent_id,
    principal: agent.principal,
    started_at: new Date(now).toISOString(),
    distribution: log,
  } satisfies Partial<TaskRow>;
  return { task_id: task.task_id, expect: { status: 'Queued', attempt: task.attempt }, patch, index: null };
}
