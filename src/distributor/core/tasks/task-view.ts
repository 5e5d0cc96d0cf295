import { workflowOf } from '../../../contracts/ids.ts';
import type { Json } from '../../../contracts/json.ts';
import type { StoredJson, TaskRow } from '../../../contracts/rows.ts';
import type { TaskView } from '../../../contracts/distributor/task.ts';
import { nextEscalation } from './escalation.ts';
import { submitterOf } from '../ready/submitter.ts';
import { noAmount, spentView, sumOf } from '../dispatch/budget.ts';

function shown<K extends string>(name: K, stored: StoredJson | undefined): Record<string, unknown> {
  if (stored?.ref !== undefined) return { [`${name}_ref`]: stored.ref };
  return stored?.text === undefined ? {} : { [name]: JSON.parse(stored.text) as Json };
}

/** What a task tells of its hedge: when it is due, the other run, and what that cost where it has lost. */
export function hedgeFacts({ status, hedge, hedge_at }: TaskRow): Pick<TaskView, 'hedge' | 'hedge_at'> {
  if (hedge === undefined) return hedge_at === undefined || status !== 'Processing' ? {} : { hedge_at };
  const { principal: _principal, reserved, ...run } = hedge;
  return { hedge: { ...run, ...(status === 'Completed' ? { cost: spentView(reserved) } : {}) } };
}

/** What a task tells of its escalation: the level that it had, and while it waits how it rises next. */
export function escalationFacts(row: TaskRow): Pick<TaskView, 'escalated_from' | 'escalates'> {
  const { status, escalated_from } = row;
  const next = status === 'Queued' ? nextEscalation(row) : undefined;
  return {
    ...(escalated_from === undefined ? {} : { escalated_from }),
    ...(next === undefined ? {} : { escalates: next }),
  };
}

/** How a task was spilled, and the log of its newest attempt, which then tells that too. */
export function distributionFacts({ spilled, distribution: log }: TaskRow): Pick<TaskView, 'spilled' | 'distribution'> {
  if (spilled === undefined) return log === undefined ? {} : { distribution: log };
  const { by, from } = spilled;
  const reason = `spilled by overflow rule ${by}: it had required ${from.join(', ') || 'no capability'}`;
  return { spilled, ...(log === undefined ? {} : { distribution: { ...log, reasons: [...log.reasons, reason] } }) };
}

/** A task as every surface shows it: the row without what is only ours. Large payloads and outputs stay references. */
export function taskView(row: TaskRow): TaskView {
  const {
    payload,
    output,
    body_hash: _hash,
    max_attempts: _max,
    backoff_ms: _backoff,
    jitter: _jitter,
    non_retryable: _codes,
    timeout_ms: _timeout,
    ...rest
  } = row;
  const {
    pool: _pool,
    due: _due,
    resume: _resume,
    checkpoint: _checkpoint,
    route: _route,
    principal: _principal,
    submitted_by,
    correlation_id: _story,
    traceparent: _trace,
    reads,
    escalation,
    budgeted: _budgeted,
    reserved: _reserved,
    hedges: _hedges,
    hedge: _hedge,
    hedge_at: _hedgeAt,
    spilled: _spilled,
    distribution: _log,
    spent = noAmount,
    used = noAmount,
    ...view
  } = rest;
  const workflow = workflowOf(row.task_id);
  return {
    ...view,
    submitter: submitterOf(submitted_by),
    required_capabilities: [...row.required_capabilities],
    dependencies: [...row.dependencies],
    ...(reads === undefined ? {} : { reads: [...reads] }),
    ...shown('payload', payload),
    ...shown('output', output),
    ...(escalation === undefined ? {} : { escalation: [...escalation] }),
    ...escalationFacts(row),
    ...distributionFacts(row),
    ...hedgeFacts(row),
    ...(row.spent === undefined && row.used === undefined ? {} : { spent: spentView(sumOf(spent, used)) }),
    ...(workflow ?? {}),
  };
}
