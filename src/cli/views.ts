import type { AgentView } from '../contracts/distributor/agent.ts';
import type { SpentView, WorkflowBudget } from '../contracts/distributor/budget.ts';
import type { TaskView } from '../contracts/distributor/task.ts';
import type { RunTask, WorkflowView } from '../contracts/workflow/workflow.ts';
import { showDuration, showStatus, showTime, style, table } from './output.ts';

/** What is known of a thing, a line a fact; facts that are missing are left out. */
export function facts(entries: readonly (readonly [string, string | undefined])[]): string {
  const known = entries.filter((entry): entry is readonly [string, string] => entry[1] !== undefined);
  const width = Math.max(...known.map(([name]) => name.length));
  return known.map(([name, value]) => `${style('bold', name.padEnd(width))}  ${value}`).join('\n');
}

function between(from: string | undefined, to: string | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : Date.parse(to) - Date.parse(from);
}

/** An amount in the units that a budget limits, or all. */
export function showSpent({ usd, tokens }: SpentView, units: WorkflowBudget = { usd: 0, tokens: 0 }): string {
  const parts = [
    ...(units.usd === undefined ? [] : [`$${usd.toFixed(usd > 0 && usd < 0.01 ? 6 : 2)}`]),
    ...(units.tokens === undefined ? [] : [`${tokens.toLocaleString('en')} tokens`]),
  ];
  return parts.join(', ');
}

/** The limits of a budget. */
export function showLimits(budget: WorkflowBudget): string {
  return showSpent({ usd: budget.usd ?? 0, tokens: budget.tokens ?? 0 }, budget);
}

/** The other run of a task that was hedged. */
export function showHedge(hedge: TaskView['hedge']): string | undefined {
  if (hedge === undefined) return undefined;
  const cost = hedge.cost === undefined ? '' : `, stopped: it cost ${showSpent(hedge.cost)}`;
  return `attempt ${hedge.attempt} on ${hedge.agent_id} since ${showTime(hedge.started_at)}${cost}`;
}

/** How the level of a task has risen with its deadline, and how it will. */
export function showEscalation({
  escalated_from,
  escalates,
}: Pick<TaskView, 'escalated_from' | 'escalates'>): string | undefined {
  const risen = escalated_from === undefined ? [] : [`from ${escalated_from}, as its deadline came nearer`];
  const rises =
    escalates === undefined
      ? []
      : [
          `to ${escalates.priority} at ${showTime(escalates.at)}, ${showDuration(escalates.within_ms)} before its deadline`,
        ];
  return [...risen, ...rises].join('; ') || undefined;
}

/** When a task starts at the latest, or why that cannot be told. */
export function showBound({ starts_by, no_bound_because: why }: Pick<TaskView, 'starts_by' | 'no_bound_because'>) {
  return starts_by === undefined ? why && `at a time that cannot be told: ${why}` : showTime(starts_by);
}

/** By which rule a task was spilled, and what it had required. */
export function showSpill(spilled: TaskView['spilled']): string | undefined {
  return spilled && `by overflow rule ${spilled.by}; it had required ${spilled.from.join(', ') || 'no capability'}`;
}

/** A task with all that is known of it. */
export function showTask(task: TaskView): string {
  const ran = between(task.started_at, task.completed_at);
  return facts([
    ['task', task.task_id],
    ['type', task.task_type],
    ['status', showStatus(task.status)],
    ['priority', task.priority],
    ['escalation', showEscalation(task)],
    ['needs', task.required_capabilities.join(', ') || 'no capability'],
    ['spilled', showSpill(task.spilled)],
    ['agent', task.assigned_agent],
    ['attempt', `${task.attempt}${task.retry_count > 0 ? ` (${task.retry_count} retries)` : ''}`],
    ['queued', showTime(task.queued_at)],
    ['due', task.due_at && showTime(task.due_at)],
    ['starts by', showBound(task)],
    ['waits', task.waits_because],
    ['next try', task.not_before && showTime(task.not_before)],
    ['started', task.started_at && showTime(task.started_at)],
    [
      'ended',
      task.completed_at && `${showTime(task.completed_at)}${ran === undefined ? '' : ` after ${showDuration(ran)}`}`,
    ],
    ['namespace', task.namespace],
    ['submitter', task.submitter],
    ['why there', task.distribution?.reasons.join('; ')],
    ['second run', task.hedge_at && `at ${showTime(task.hedge_at)}, unless it has ended`],
    ['other run', showHedge(task.hedge)],
    ['error', task.error && `${task.error.message} [${task.error.code}]`],
    ['spent', task.spent && showSpent(task.spent)],
    ['late results', task.late_results > 0 ? String(task.late_results) : undefined],
    ['output', task.output === undefined ? task.output_ref?.key : JSON.stringify(task.output)],
  ]);
}

/** Tasks, a line each. */
export function showTasks(tasks: readonly TaskView[]): string {
  if (tasks.length === 0) return 'No tasks.';
  const rows = tasks.map((task) => [
    task.task_id,
    task.task_type,
    showStatus(task.status),
    task.priority,
    task.assigned_agent ?? '-',
    String(task.attempt),
    showTime(task.created_at),
  ]);
  return table(['TASK', 'TYPE', 'STATUS', 'PRIORITY', 'AGENT', 'ATTEMPT', 'CREATED'], rows);
}

function spentOf({ spent, budget }: WorkflowView): string | undefined {
  return spent && budget && `${showSpent(spent, budget)} of ${showLimits(budget)}`;
}

/** A workflow with all that is known of it. */
export function showWorkflow(workflow: WorkflowView): string {
  const nodes = Object.entries(workflow.nodes).flatMap(([status, count]) =>
    count === 0 ? [] : [`${count} ${status.toLowerCase()}`],
  );
  return facts([
    ['workflow', workflow.workflow_id],
    ['name', workflow.name],
    ['definition', workflow.definition],
    ['version', workflow.version?.toString()],
    ['status', `${showStatus(workflow.status)}${workflow.paused === true ? ' (paused)' : ''}`],
    ['cancelled', workflow.cancel_until && `what runs may end by itself until ${showTime(workflow.cancel_until)}`],
    ['compensation', workflow.compensation],
    [
      'kept events',
      workflow.kept_signals?.map(({ name, key }) => (key === undefined ? name : `${name} (${key})`)).join(', '),
    ],
    ['nodes', nodes.join(', ')],
    ['created', showTime(workflow.created_at)],
    ['deadline', workflow.deadline && showTime(workflow.deadline)],
    [
      'ended',
      workflow.completed_at &&
        `${showTime(workflow.completed_at)}${workflow.makespan_ms === undefined ? '' : ` after ${showDuration(workflow.makespan_ms)}`}`,
    ],
    ['priority', workflow.priority],
    ['namespace', workflow.namespace],
    ['spent', spentOf(workflow)],
    ['rerun of', workflow.rerun_of],
    ['documents', workflow.pins?.map(({ context_id, version }) => `${context_id}@${version}`).join(', ')],
    ['warnings', workflow.warnings.length === 0 ? undefined : workflow.warnings.join('; ')],
    ['error', workflow.error],
    ['output', workflow.output === undefined ? undefined : JSON.stringify(workflow.output)],
  ]);
}

/** The tasks of a run, a line each, with why the waiting ones wait. */
export function showRunTasks(tasks: readonly RunTask[]): string {
  const rows = tasks.map((task) => [
    task.name,
    showStatus(task.status),
    task.agent_id ?? '-',
    String(task.attempt),
    // One that was cancelled before it began waited until then.
    showDuration(between(task.queued_at, task.started_at ?? task.completed_at)),
    showDuration(between(task.started_at, task.completed_at)),
    task.error === undefined ? (task.reasons ?? []).join('; ') : `${task.error.message} [${task.error.code}]`,
  ]);
  return table(['TASK', 'STATUS', 'AGENT', 'ATTEMPT', 'WAITED', 'RAN', 'NOTE'], rows);
}

/** Agents, a line each. */
export function showAgents(agents: readonly AgentView[]): string {
  if (agents.length === 0) return 'No agents.';
  const rows = agents.map((agent) => [
    agent.id,
    agent.type,
    `${showStatus(agent.status)}${agent.stopped === undefined ? '' : ` (${agent.stopped.how})`}`,
    `${agent.busy_slots}/${agent.capacity}`,
    `${Math.round(agent.utilization * 100)} %`,
    String(agent.throughput_per_hour),
    `${Math.round(agent.performance_score * 100)} %`,
    showTime(agent.last_heartbeat),
    agent.capabilities.join(','),
  ]);
  return table(['AGENT', 'TYPE', 'STATUS', 'SLOTS', 'USED', 'TASKS/H', 'SUCCESS', 'HEARTBEAT', 'CAPABILITIES'], rows);
}

/** An agent with its figures by task type. */
export function showAgent(agent: AgentView): string {
  const known = facts([
    ['agent', agent.id],
    ['type', agent.type],
    ['status', showStatus(agent.status)],
    [
      'stopped',
      agent.stopped &&
        `${agent.stopped.how} ${showTime(agent.stopped.at)} by ${agent.stopped.by}: ${agent.stopped.reason}`,
    ],
    ['slots', `${agent.busy_slots} of ${agent.capacity} busy, ${agent.free_slots} free`],
    [
      'since it joined',
      `${Math.round(agent.utilization * 100)} % of its slots' time used, ${agent.throughput_per_hour} tasks an hour`,
    ],
    ['offers', agent.capabilities.join(', ') || 'no capability'],
    [
      'labels',
      agent.labels &&
        Object.entries(agent.labels)
          .map(([name, value]) => `${name}=${value}`)
          .join(', '),
    ],
    ['price', agent.usd_per_hour === undefined ? undefined : `$${agent.usd_per_hour} an hour and slot`],
    ['rests', agent.maintenance?.map(({ from, until }) => `${showTime(from)} to ${showTime(until)}`).join(', ')],
    ['heartbeat', showTime(agent.last_heartbeat)],
    ['ended', `${agent.completed} completed, ${agent.failed} failed`],
    ['holds', agent.current_tasks.length === 0 ? undefined : agent.current_tasks.join(', ')],
  ]);
  const rows = Object.entries(agent.figures).map(([type, { completed, failed, p50_ms, p95_ms, usd }]) => [
    type,
    `${completed}/${completed + failed}`,
    showDuration(p50_ms),
    showDuration(p95_ms),
    usd === undefined || usd === 0 ? '-' : `$${usd.toFixed(4)}`,
  ]);
  return rows.length === 0 ? known : `${known}\n\n${table(['RECENT TYPE', 'SUCCESS', 'P50', 'P95', 'COST'], rows)}`;
}
