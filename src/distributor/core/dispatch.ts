import { assignmentsPerRoundMax } from '../../contracts/limits.ts';
import type { AgentRow, PoolRows, ReadyTask, RouteRow, TaskRow } from '../../contracts/rows.ts';
import type { DistributionLog } from '../../contracts/task.ts';
import { performanceScore } from './agent.ts';
import { candidatesOf, freeSlots } from './route.ts';
import { holdKey } from './task.ts';
import type { TaskChange } from './task-change.ts';

/** What a dispatch round knows: the pool, and the head of each route it looked at, in ready order. */
export interface DispatchView {
  readonly now: number;
  readonly pool: PoolRows;
  readonly heads: ReadonlyMap<string, readonly ReadyTask[]>;
  /** Routes whose head was cut: more tasks may stand behind it. */
  readonly full: ReadonlySet<string>;
}

/** One task for one agent, with the reason. */
export interface Assignment {
  readonly task: ReadyTask;
  readonly agent: AgentRow;
  /** The attempt this assignment starts: the fencing token of the lease. */
  readonly attempt: number;
  readonly log: DistributionLog;
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

/** A route during a round: its candidates and how far its head has been handed out. */
interface Lane {
  readonly route: RouteRow;
  readonly head: readonly ReadyTask[];
  readonly candidates: readonly AgentRow[];
  readonly pinned: boolean;
  next: number;
}

/** Free slots in this round: what the rows say less what the round has given away. */
type Slots = Map<string, number>;

function load(agent: AgentRow, slots: Slots): number {
  return 1 - (slots.get(agent.agent_id) ?? 0) / agent.capacity;
}

/** The least-loaded agent with a free slot; ties go to the better record, then to the one that has done less, then by id. */
function leastLoaded(agents: readonly AgentRow[], slots: Slots): AgentRow | undefined {
  let best: AgentRow | undefined;
  for (const agent of agents) {
    if ((slots.get(agent.agent_id) ?? 0) <= 0) continue;
    if (best === undefined || isBetter(agent, best, slots)) best = agent;
  }
  return best;
}

function isBetter(agent: AgentRow, best: AgentRow, slots: Slots): boolean {
  const byLoad = load(agent, slots) - load(best, slots);
  if (byLoad !== 0) return byLoad < 0;
  const byRecord = performanceScore(agent) - performanceScore(best);
  if (Math.abs(byRecord) > 0.05) return byRecord > 0;
  const byWork = agent.completed + agent.failed - (best.completed + best.failed);
  return byWork !== 0 ? byWork < 0 : agent.agent_id < best.agent_id;
}

/** Picks the agent for the next task of a lane: named agents in their order, else the least loaded. */
function choose(lane: Lane, slots: Slots): { agent: AgentRow; rule: DistributionLog['routing_rule'] } | undefined {
  if (lane.pinned) {
    const agent = lane.candidates.find((candidate) => (slots.get(candidate.agent_id) ?? 0) > 0);
    if (agent === undefined) return undefined;
    return { agent, rule: agent.agent_id === lane.route.agents[0] ? 'primary-agent' : 'backup-agent' };
  }
  const agent = leastLoaded(lane.candidates, slots);
  return agent && { agent, rule: lane.route.agents.length > 0 ? 'fallback' : 'least-loaded' };
}

function explain(lane: Lane, agent: AgentRow, rule: DistributionLog['routing_rule'], slots: Slots): string[] {
  const free = slots.get(agent.agent_id) ?? 0;
  const reasons = [
    `offers ${lane.route.required_capabilities.join(', ') || 'what is asked (nothing)'}`,
    `${agent.capacity - free} of ${agent.capacity} slots busy`,
    `${lane.candidates.length} agents could run it`,
  ];
  if (rule === 'fallback') reasons.push(`none of ${lane.route.agents.join(', ')} is available`);
  if (rule === 'primary-agent') reasons.push('named as primary agent');
  if (rule === 'backup-agent') reasons.push('named as backup agent; those before it are full or unavailable');
  return reasons;
}

function assign(lane: Lane, task: ReadyTask, slots: Slots, now: number): Assignment | undefined {
  const chosen = choose(lane, slots);
  if (chosen === undefined) return undefined;
  const { agent, rule } = chosen;
  const attempt = task.attempt + 1;
  const log: DistributionLog = {
    id: holdKey(task.task_id, attempt),
    task_id: task.task_id,
    agent_id: agent.agent_id,
    distribution_time: new Date(now).toISOString(),
    routing_rule: rule,
    efficiency_score: Math.round((1 - load(agent, slots)) * performanceScore(agent) * 1000) / 1000,
    reasons: explain(lane, agent, rule, slots),
  };
  slots.set(agent.agent_id, (slots.get(agent.agent_id) ?? 0) - 1);
  return { task, agent, attempt, log };
}

/**
 * Hands out tasks strictly in ready order over all routes looked at. A lane whose next task finds no free agent is set aside whole, since all its
 * tasks need the same agents; hence a task nobody can take never holds up one behind it. At most `assignmentsPerRoundMax`.
 */
export function decideDispatch(view: DispatchView): DispatchPlan {
  const slots: Slots = new Map(view.pool.agents.map((agent) => [agent.agent_id, freeSlots(agent)]));
  let lanes = view.pool.routes.flatMap((route): Lane[] => {
    const head = view.heads.get(route.route) ?? [];
    if (head.length === 0 && !view.full.has(route.route)) return [];
    const { agents, pinned } = candidatesOf(route, view.pool.agents, view.now);
    return [{ route, head, candidates: agents, pinned, next: 0 }];
  });
  const assignments: Assignment[] = [];
  const blocked: { route: string; agents: readonly AgentRow[] }[] = [];
  while (lanes.length > 0) {
    const lane = lanes.reduce((first, other) => (orderOf(other) < orderOf(first) ? other : first));
    const task = lane.head[lane.next];
    // A cut head that is used up may be followed by tasks that come before those of other lanes: nothing more may start before they are read.
    if (task === undefined || assignments.length === assignmentsPerRoundMax) return { assignments, blocked, cut: true };
    const assignment = assign(lane, task, slots, view.now);
    if (assignment === undefined) blocked.push({ route: lane.route.route, agents: lane.candidates });
    else {
      assignments.push(assignment);
      lane.next += 1;
    }
    const isDone = assignment === undefined || (lane.next === lane.head.length && !view.full.has(lane.route.route));
    if (isDone) lanes = lanes.filter((other) => other !== lane);
  }
  return { assignments, blocked, cut: false };
}

/** Where a lane's next task stands; a used-up lane comes first, so that it is noticed before anything behind it starts. */
function orderOf(lane: Lane): string {
  return lane.head[lane.next]?.order ?? '';
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
