import { defaultAttemptsMax, defaultBackoffMs, defaultTimeoutMs, queuedMsMax } from '../../../contracts/limits.ts';
import type { ReadyTask, StoredJson, TaskRow } from '../../../contracts/rows.ts';
import type { Task } from '../../../contracts/distributor/task.ts';
import {
  readyEntry,
  readyPartition,
  retryTime,
  timerEntry,
  type Waiting,
  waitingEntry,
} from '../ready/index-entries.ts';
import { dueOf } from '../ready/ready-order.ts';
import { routeOf } from '../ready/route.ts';
import { escalated } from './escalation.ts';
import { fenceOf, newestToken } from './runs.ts';
import type { IndexEntry, TaskChange, TaskPatch } from './task-change.ts';

/** What a new row needs besides the task itself. Times are RFC 3339 in UTC with milliseconds. */
export interface NewTaskContext {
  readonly pool: string;
  readonly now: string;
  readonly body_hash: string;
  readonly submitted_by: string;
  readonly correlation_id: string;
  readonly traceparent?: string;
  readonly max_attempts?: number;
  readonly backoff_ms?: number;
  readonly jitter?: boolean;
  readonly non_retryable?: readonly string[];
  readonly timeout_ms?: number;
  readonly dependencies?: readonly string[];
  readonly complexity_score?: number;
  readonly estimated_duration?: number;
  readonly budgeted?: true;
  readonly submitter?: string;
}

/** A deadline in UTC, kept within the years 0000 to 9999: outside of them its text would no longer sort. */
function sortableTime(time: string): string {
  const utc = new Date(time).toISOString();
  if (utc.startsWith('+')) return '9999-12-31T23:59:59.999Z';
  return utc.startsWith('-') ? '0000-01-01T00:00:00.000Z' : utc;
}

/** A Queued row that nobody has tried yet. */
export function newTask(
  task: Omit<Task, 'payload'> & { readonly payload: StoredJson },
  context: NewTaskContext,
): TaskRow {
  const { now, max_attempts, backoff_ms, timeout_ms, dependencies, ...rest } = context;
  const { deadline, on_expiry, escalation, distribution_rules, namespace, budget, reads, ...body } = task;
  const row: TaskRow = {
    ...body,
    ...rest,
    // Normalised to UTC so that it sorts as text in the ready order.
    ...(deadline === undefined ? {} : { deadline: sortableTime(deadline) }),
    ...(on_expiry === undefined ? {} : { on_expiry }),
    ...(escalation === undefined ? {} : { escalation }),
    ...(distribution_rules === undefined ? {} : { distribution_rules }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(reads === undefined ? {} : { reads }),
    ...(budget === undefined ? {} : { budget }),
    status: 'Queued',
    attempt: 0,
    retry_count: 0,
    max_attempts: max_attempts ?? defaultAttemptsMax,
    backoff_ms: backoff_ms ?? defaultBackoffMs,
    timeout_ms: timeout_ms ?? defaultTimeoutMs,
    route: routeOf({ ...task, ...context }),
    created_at: now,
    queued_at: now,
    dependencies: dependencies ?? [],
    late_results: 0,
  };
  return { ...row, ...escalated(row, Date.parse(now)) };
}

/** A new row that by its own wish starts at a time (RFC 3339) at the earliest: its waiting begins then, so that a delay is no way to the front. */
export function startingAt(row: TaskRow, not_before: string): TaskRow {
  return { ...row, not_before, queued_at: not_before, due: dueOf({ ...row, created_at: not_before }) };
}

/** Whether a waiting task has waited longer than a task may, counted from when it was queued last: a redrive starts it anew. */
export function isExpired(task: Pick<TaskRow, 'queued_at'>, now: number): boolean {
  return now - Date.parse(task.queued_at) > queuedMsMax;
}

/** Cancels a task that has not ended. The fence keeps a result that is on its way from being lost or applied twice. */
export function cancelChange(row: TaskRow, context: { readonly now: number; readonly reason: string }): TaskChange {
  return {
    task_id: row.task_id,
    expect: fenceOf(row),
    patch: {
      status: 'Cancelled',
      completed_at: new Date(context.now).toISOString(),
      not_before: null,
      error: { code: 'cancelled', message: context.reason, retryable: false },
    },
    index: null,
  };
}

/**
 * Takes the right to claim `attempt` away from a dispatcher that reserved a slot and never claimed: the fence moves on, so that its claim,
 * should it still come, fails. Only then may the reservation be dropped. Of a task that runs, it was to be its second run, and the counter of hedges moves on.
 */
export function fenceChange(row: TaskRow): TaskChange {
  if (row.status === 'Processing') {
    const index = row.hedge_at === undefined ? null : timerEntry(row, row.hedge_at);
    return { task_id: row.task_id, expect: fenceOf(row), patch: { hedges: (row.hedges ?? 0) + 1 }, index };
  }
  const change = fence(row, waitingEntry(row));
  return { ...change, patch: { ...change.patch, ...retryTime(row) } };
}

/** The same for a task as the ready index of a pool shows it: a dispatcher takes the right from itself, and from whoever reserved the same slot for it. */
export function fenceReadyChange(
  pool: string,
  task: Pick<ReadyTask, 'task_id' | 'attempt' | 'route' | 'order'>,
): TaskChange {
  return fence(task, { partition: readyPartition(pool, task.route), key: task.order });
}

function fence({ task_id, attempt }: Pick<TaskRow, 'task_id' | 'attempt'>, index: IndexEntry): TaskChange {
  return { task_id, expect: { status: 'Queued', attempt }, patch: { attempt: attempt + 1 }, index };
}

/** Moves a task whose retry time has come into the ready order. */
export function promoteChange(row: TaskRow): TaskChange {
  return {
    task_id: row.task_id,
    expect: { status: 'Queued', attempt: row.attempt },
    patch: { not_before: null },
    index: readyEntry(row),
  };
}

/** Lets a waiting task stand elsewhere, as `moved`. The fence moves on: a claim or a timer that saw the old place and would put it back does not succeed any more. */
export function elsewhere(row: TaskRow, moved: Waiting, patch: TaskPatch): TaskChange {
  return {
    task_id: row.task_id,
    expect: { status: 'Queued', attempt: row.attempt },
    patch: { ...patch, ...retryTime(row), attempt: row.attempt + 1 },
    index: waitingEntry(moved),
  };
}

/** Raises the level of a task that waits at this time (epoch ms); undefined: it stands there already. */
export function escalationChange(row: TaskRow, now: number): TaskChange | undefined {
  const raised = row.status === 'Queued' ? escalated(row, now) : undefined;
  return raised && elsewhere(row, { ...row, ...raised }, raised);
}

/** Gives a waiting task another priority and deadline, from which its escalation starts anew; undefined when it has them already, or does not wait. `now` is epoch ms. */
export function moveChange(
  row: TaskRow,
  { priority, deadline }: Pick<TaskRow, 'priority' | 'deadline'>,
  now: number,
): TaskChange | undefined {
  const { deadline: was, escalated_from = row.priority, ...rest } = row;
  if (row.status !== 'Queued' || (escalated_from === priority && was === deadline)) return undefined;
  const latest = deadline === undefined ? {} : { deadline };
  const due = row.due === undefined ? {} : { due: dueOf({ priority, ...latest, created_at: row.queued_at }) };
  const moved = { ...rest, priority, ...latest, ...due };
  const raised = escalated(moved, now);
  const forgotten = row.escalated_from === undefined ? {} : { escalated_from: null };
  const patch = { priority, deadline: deadline ?? null, ...due, ...forgotten, ...raised };
  return elsewhere(row, { ...moved, ...raised }, patch);
}

/** Starts a failed (or cancelled) task anew: same id, attempts counted from zero again, the fence going on. */
export function redriveChange(row: TaskRow, now: number): TaskChange {
  const at = new Date(now).toISOString();
  // Its waiting starts anew as well: what failed weeks ago must not stand before everything that is waiting now.
  const { escalated_from, ...rest } = row;
  const priority = escalated_from ?? row.priority;
  const due = dueOf({ priority, created_at: at });
  return {
    task_id: row.task_id,
    expect: { status: row.status, attempt: row.attempt },
    // The fence moves on: a claim that was on its way when the task expired must not succeed now.
    patch: {
      ...{ status: 'Queued', assigned_agent: null, principal: null, started_at: null },
      attempt: newestToken(row) + 1,
      ...(row.hedges === undefined && row.hedge === undefined ? {} : { hedges: null, hedge: null }),
      completed_at: null,
      not_before: null,
      retry_count: 0,
      queued_at: at,
      due,
      ...(row.on_expiry === undefined ? {} : { on_expiry: null }),
      ...(row.escalation === undefined ? {} : { escalation: null }),
      ...(escalated_from === undefined ? {} : { priority, escalated_from: null }),
    },
    index: readyEntry({ ...rest, priority, due }),
  };
}
