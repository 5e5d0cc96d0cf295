import {
  backoffMsMax,
  defaultAttemptsMax,
  defaultBackoffMs,
  defaultTimeoutMs,
  queuedMsMax,
} from '../../contracts/limits.ts';
import type { Amount, TaskBudget, Usage } from '../../contracts/budget.ts';
import type { ReadyTask, StoredJson, TaskRow } from '../../contracts/rows.ts';
import type { Task, TaskError } from '../../contracts/task.ts';
import { amountOf, budgetReason, chargeOf, isSpent, noAmount, sumOf } from './budget.ts';
import { deadlineError, isPastDeadline, rerouted } from './expiry.ts';
import { dueOf, type Placed, readyOrder } from './ready-order.ts';
import { routeOf } from './route.ts';
import type { IndexEntry, Settlement, TaskChange } from './task-change.ts';

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
  const { deadline, on_expiry, distribution_rules, namespace, budget, reads, ...body } = task;
  return {
    ...body,
    ...rest,
    // Normalised to UTC so that it sorts as text in the ready order.
    ...(deadline === undefined ? {} : { deadline: sortableTime(deadline) }),
    ...(on_expiry === undefined ? {} : { on_expiry }),
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
    route: routeOf({ ...task, budgeted: context.budgeted }),
    created_at: now,
    queued_at: now,
    dependencies: dependencies ?? [],
    late_results: 0,
  };
}

/** The index entry of a task that may be handed out. */
export function readyEntry(row: Placed & Pick<TaskRow, 'pool' | 'route'>): IndexEntry {
  return { partition: readyPartition(row.pool, row.route), key: readyOrder(row) };
}

const readyPartition = (pool: string, route: string): string => `READY#${pool}#${route}`;

/** The index entry of a Queued task: its place in the ready order, or its timer. */
export function waitingEntry(row: Placed & Pick<TaskRow, 'pool' | 'route' | 'not_before'>): IndexEntry {
  return row.not_before === undefined ? readyEntry(row) : timerEntry(row, row.not_before);
}

/**
 * The time that a timer's entry stands for. It is written again with the entry: the timer may have fired meanwhile, which takes it from the row and moves no fence, and an entry
 * without its time would never wake the task.
 */
function retryTime({ not_before }: Pick<TaskRow, 'not_before'>): Pick<TaskRow, 'not_before'> {
  return not_before === undefined ? {} : { not_before };
}

/** The index entry of a task that waits for its retry time. */
function timerEntry(row: Pick<TaskRow, 'pool' | 'task_id'>, not_before: string): IndexEntry {
  return { partition: `TIMER#${row.pool}`, key: `${not_before}#${row.task_id}` };
}

function deadEntry(row: Pick<TaskRow, 'pool' | 'task_id'>, now: string): IndexEntry {
  return { partition: `DEAD#${row.pool}`, key: `${now}#${row.task_id}` };
}

/** The name of a hold: one attempt of one task. */
export function holdKey(task_id: string, attempt: number): string {
  return `${task_id}#${attempt}`;
}

/** The task and attempt of a hold. */
export function parseHoldKey(key: string): { readonly task_id: string; readonly attempt: number } {
  const at = key.lastIndexOf('#');
  return { task_id: key.slice(0, at), attempt: Number(key.slice(at + 1)) };
}

/** Exponential backoff with full jitter over its upper half: between 50 % and 100 % of `backoff_ms * 2^(n-1)`. `random` in [0, 1). */
export function retryDelayMs(backoff_ms: number, retry: number, random: number): number {
  const full = Math.min(backoffMsMax, backoff_ms * 2 ** Math.min(30, retry - 1));
  return Math.round(full * (0.5 + random / 2));
}

/** An attempt as it ended: reported by its agent, or taken from it (`cause`): it was lost, or its agent was killed. */
export interface EndedAttempt {
  readonly outcome: 'completed' | 'failed' | 'released';
  readonly attempt: number;
  readonly agent_id: string;
  readonly principal?: string;
  readonly output?: StoredJson;
  readonly error?: TaskError;
  readonly cause?: 'lease-lost' | 'timed-out' | 'revoked';
  /** It had to make way. */
  readonly preempted?: boolean;
  /** What its agent says that it used. */
  readonly usage?: Usage;
}

function expectation(ended: EndedAttempt): TaskChange['expect'] {
  return {
    status: 'Processing',
    attempt: ended.attempt,
    assigned_agent: ended.agent_id,
    ...(ended.principal === undefined ? {} : { principal: ended.principal }),
  };
}

/** The change that completes a task. It needs no read: the fence in its condition is all that matters. */
export function completeChange(task_id: string, ended: EndedAttempt, now: number): TaskChange {
  return {
    task_id,
    expect: expectation(ended),
    patch: {
      status: 'Completed',
      completed_at: new Date(now).toISOString(),
      output: ended.output ?? null,
      error: null,
      ...(ended.usage === undefined ? {} : { used: amountOf(ended.usage) }),
    },
    index: null,
  };
}

const giveBack = { status: 'Queued', assigned_agent: null, principal: null, started_at: null } as const;

/** Puts a task back in its place in the ready order, or among those that wait for their retry time. */
function requeue(
  row: TaskRow,
  ended: EndedAttempt,
  now: number,
  delay_ms: number,
  patch: TaskChange['patch'],
): Settlement {
  const isLate = isPastDeadline(row, now);
  const moved: Partial<ReturnType<typeof rerouted>> = isLate ? rerouted(row) : {};
  if (moved === undefined) return fail(row, expectation(ended), deadlineError(row), now, row.retry_count);
  const not_before = delay_ms > 0 ? new Date(now + delay_ms).toISOString() : null;
  return {
    kind: 'retry',
    delay_ms,
    change: {
      task_id: row.task_id,
      expect: expectation(ended),
      patch: { ...giveBack, ...patch, ...moved, not_before, queued_at: new Date(now).toISOString() },
      index: not_before === null ? readyEntry({ ...row, ...moved }) : timerEntry(row, not_before),
    },
  };
}

/** Ends a task as Failed: it becomes a dead letter that carries its last error, unless its deadline passed and it is to be dropped. */
function fail(
  row: TaskRow,
  expect: TaskChange['expect'],
  error: TaskError,
  now: number,
  retry_count: number,
): Settlement {
  const at = new Date(now).toISOString();
  return {
    kind: 'failed',
    code: error.code,
    change: {
      task_id: row.task_id,
      expect,
      patch: {
        ...{ status: 'Failed', completed_at: at, error, retry_count, not_before: null },
        ...(row.spent === undefined ? {} : { spent: row.spent }),
      },
      index: error.code === 'deadline-passed' && row.on_expiry === 'drop' ? null : deadEntry(row, at),
    },
  };
}

/** Why a task is not tried again whose own budget is used up. */
function budgetError(limits: TaskBudget, spent: Amount): TaskError {
  const message = `the task's budget leaves no other attempt: ${budgetReason({ limits, spent }, 'hard')}`;
  return { code: 'budget-exceeded', message, retryable: false };
}

/** What the next attempt is told of one that was handed back: what it had saved, and who has it at hand. */
function resumption({ agent_id, output, preempted = false }: EndedAttempt, now: number): TaskChange['patch'] {
  if (output === undefined && !preempted) return {};
  const resume = { at: new Date(now).toISOString(), agent_id };
  return { resume, ...(output === undefined ? {} : { checkpoint: output }) };
}

/**
 * Decides what an ended attempt makes of its task. Completed ends it; released or revoked puts it back uncounted; anything else is tried again after a
 * pause until `max_attempts`, unless the error says that trying again is useless or the task's own budget leaves no other attempt. `random` in [0, 1) makes the jitter.
 */
export function settle(
  row: TaskRow,
  ended: EndedAttempt,
  context: { readonly now: number; readonly random: number },
): Settlement {
  if (ended.outcome === 'completed') {
    return { kind: 'completed', change: completeChange(row.task_id, ended, context.now) };
  }
  const charge = chargeOf(row, ended);
  const isFree = charge.micro_usd === 0 && charge.tokens === 0;
  const spent = sumOf(row.spent ?? noAmount, charge);
  const cost = isFree ? {} : { spent };
  if (row.budget !== undefined && isSpent(row.budget, spent, amountOf(row.distribution_rules?.estimate)))
    return fail({ ...row, ...cost }, expectation(ended), budgetError(row.budget, spent), context.now, row.retry_count);
  if (ended.outcome === 'released')
    return requeue(row, ended, context.now, 0, { ...cost, ...resumption(ended, context.now) });
  if (ended.cause === 'revoked') {
    // The fence moves on at once: whatever the killed agent still reports is late.
    const patch = { ...cost, attempt: ended.attempt + 1, error: ended.error ?? null };
    return requeue(row, ended, context.now, 0, patch);
  }
  const error = ended.error ?? { code: ended.cause ?? 'task-failed', message: 'no reason was given', retryable: true };
  const retry_count = row.retry_count + 1;
  const hopeless = !error.retryable || row.non_retryable?.includes(error.code) === true;
  if (hopeless || retry_count >= row.max_attempts) {
    return fail({ ...row, ...cost }, expectation(ended), error, context.now, retry_count);
  }
  // A lost lease has cost enough time already; only what the task itself did wrong waits.
  const random = row.jitter === false ? 1 : context.random;
  const delay_ms = ended.cause === 'lease-lost' ? 0 : retryDelayMs(row.backoff_ms, retry_count, random);
  return requeue(row, ended, context.now, delay_ms, { ...cost, retry_count, error });
}

/** Cancels a task that has not ended. The fence keeps a result that is on its way from being lost or applied twice. */
export function cancelChange(row: TaskRow, context: { readonly now: number; readonly reason: string }): TaskChange {
  return {
    task_id: row.task_id,
    expect: { status: row.status, attempt: row.attempt },
    patch: {
      status: 'Cancelled',
      completed_at: new Date(context.now).toISOString(),
      not_before: null,
      error: { code: 'cancelled', message: context.reason, retryable: false },
    },
    index: null,
  };
}

/** Whether a waiting task has waited longer than a task may, counted from when it was queued last: a redrive starts it anew. */
export function isExpired(task: Pick<TaskRow, 'queued_at'>, now: number): boolean {
  return now - Date.parse(task.queued_at) > queuedMsMax;
}

/** Ends a waiting or running task as Failed over its agent's head. The fence keeps what happens at the same moment from being lost: then the row is another one. */
export function failChange(row: TaskRow, error: TaskError, now: number): TaskChange {
  return fail(row, { status: row.status, attempt: row.attempt }, error, now, row.retry_count).change;
}

/** What the policy of a task makes of it that still waits at its deadline. The fence moves on when it is rerouted: a claim for the old route must fail. */
export function expiryChange(row: TaskRow, now: number): TaskChange {
  const moved = rerouted(row);
  if (moved === undefined) return failChange(row, deadlineError(row), now);
  return {
    task_id: row.task_id,
    expect: { status: 'Queued', attempt: row.attempt },
    patch: { ...moved, ...retryTime(row), attempt: row.attempt + 1 },
    index: waitingEntry({ ...row, ...moved }),
  };
}

/** Fails a task that waited too long. */
export function expireChange(row: TaskRow, now: number): TaskChange {
  return failChange(row, { code: 'task-expired', message: `it waited since ${row.queued_at}`, retryable: false }, now);
}

/**
 * Takes the right to claim `attempt` away from a dispatcher that reserved a slot and never claimed: the fence moves on, so that its claim,
 * should it still come, fails. Only then may the reservation be dropped.
 */
export function fenceChange(row: TaskRow): TaskChange {
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

/**
 * Moves a waiting task to another place in the ready order; undefined when it stands there already, or does not wait. The fence moves on: a claim or a timer that
 * saw the old place and would put it back does not succeed any more.
 */
export function moveChange(row: TaskRow, place: Pick<TaskRow, 'priority' | 'deadline'>): TaskChange | undefined {
  const { priority, deadline } = place;
  if (row.status !== 'Queued' || (row.priority === priority && row.deadline === deadline)) return undefined;
  const latest = deadline === undefined ? {} : { deadline };
  const due = row.due === undefined ? {} : { due: dueOf({ priority, ...latest, created_at: row.queued_at }) };
  const { deadline: _before, ...rest } = row;
  const moved = { ...rest, priority, ...latest, ...due };
  return {
    task_id: row.task_id,
    expect: { status: 'Queued', attempt: row.attempt },
    patch: { attempt: row.attempt + 1, priority, deadline: deadline ?? null, ...due, ...retryTime(row) },
    index: waitingEntry(moved),
  };
}

/** Starts a failed (or cancelled) task anew: same id, attempts counted from zero again, the fence going on. */
export function redriveChange(row: TaskRow, now: number): TaskChange {
  const at = new Date(now).toISOString();
  // Its waiting starts anew as well: what failed weeks ago must not stand before everything that is waiting now.
  const due = dueOf({ priority: row.priority, created_at: at });
  return {
    task_id: row.task_id,
    expect: { status: row.status, attempt: row.attempt },
    // The fence moves on: a claim that was on its way when the task expired must not succeed now.
    patch: {
      ...giveBack,
      attempt: row.attempt + 1,
      completed_at: null,
      not_before: null,
      retry_count: 0,
      queued_at: at,
      due,
      ...(row.on_expiry === undefined ? {} : { on_expiry: null }),
    },
    index: readyEntry({ ...row, due }),
  };
}
