import { backoffMsMax } from '../../../contracts/limits.ts';
import type { Amount, TaskBudget, Usage } from '../../../contracts/distributor/budget.ts';
import type { HedgeRun, StoredJson, TaskRow } from '../../../contracts/rows.ts';
import type { TaskError } from '../../../contracts/distributor/task.ts';
import { amountOf, budgetReason, chargeOf, isSpent, noAmount, sumOf } from '../dispatch/budget.ts';
import { escalated } from './escalation.ts';
import { deadlineError, isPastDeadline, rerouted } from './expiry.ts';
import { deadEntry, readyEntry, timerEntry } from '../ready/index-entries.ts';
import { fenceOf, firstRunOf, isHedge, isLive, newestToken } from './runs.ts';
import type { Settlement, TaskChange } from './task-change.ts';

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

/** A decision without the row, or about a run whose lease is gone by it: it is the first lease and not hedged, or the write is refused. */
function expectation(ended: EndedAttempt): TaskChange['expect'] {
  return {
    status: 'Processing',
    attempt: ended.attempt,
    hedges: null,
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

/** The fence of a decision over a row. */
function fenceFor(row: TaskRow, ended: EndedAttempt): TaskChange['expect'] {
  const { hedges, assigned_agent } = row;
  return hedges === undefined || !isLive(row, ended)
    ? expectation(ended)
    : { ...fenceOf(row), ...(assigned_agent === undefined ? {} : { assigned_agent }) };
}

/** The change that completes a task over its row. A second run, or the first one where the second has won, is over with it; what it is charged with is the cost of the hedge. */
function winChange(row: TaskRow, ended: EndedAttempt, now: number): TaskChange {
  const won = completeChange(row.task_id, ended, now);
  const { hedge } = row;
  if (row.hedges === undefined || hedge === undefined || !isLive(row, ended))
    return { ...won, expect: fenceFor(row, ended) };
  const loser = isHedge(row, ended) ? firstRunOf({ ...row, hedge }) : hedge;
  const winner = isHedge(row, ended) ? leasedBy(hedge) : {};
  const patch = { ...won.patch, ...winner, hedge: loser, spent: sumOf(row.spent ?? noAmount, loser.reserved) };
  return { ...won, expect: fenceFor(row, ended), patch };
}

/** What a task tells of its first lease when the second one takes its place. */
function leasedBy({ attempt, agent_id, principal, started_at, distribution }: HedgeRun): TaskChange['patch'] {
  return { attempt, assigned_agent: agent_id, principal, started_at, distribution: distribution ?? null, hedges: null };
}

/** One of two runs has ended without a result: nothing is counted, and the other one goes on. */
function leaveToOther(
  row: TaskRow & { readonly hedge: HedgeRun },
  ended: EndedAttempt,
  cost: TaskChange['patch'],
): Settlement {
  const { hedge, hedges = 0, budgeted } = row;
  const reserved = budgeted === true ? { reserved: hedge.reserved } : {};
  const left = isHedge(row, ended) ? { hedges: hedges + 1 } : { ...leasedBy(hedge), ...reserved };
  const change = {
    task_id: row.task_id,
    expect: fenceFor(row, ended),
    patch: { ...left, hedge: null, ...cost },
    index: null,
  };
  return { kind: 'left', change };
}

const giveBack = { status: 'Queued', assigned_agent: null, principal: null, started_at: null } as const;

/** What a task forgets of its hedges when it is queued again: their tokens are never given again. */
function unhedged(row: TaskRow): TaskChange['patch'] {
  if (row.hedges === undefined && row.hedge_at === undefined) return {};
  return { attempt: newestToken(row), hedges: null, hedge: null, hedge_at: null };
}

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
  if (moved === undefined) return fail(row, fenceFor(row, ended), deadlineError(row), now, row.retry_count);
  const raised = escalated(row, now);
  const not_before = delay_ms > 0 ? new Date(now + delay_ms).toISOString() : null;
  return {
    kind: 'retry',
    delay_ms,
    change: {
      task_id: row.task_id,
      expect: fenceFor(row, ended),
      patch: {
        ...giveBack,
        ...unhedged(row),
        ...patch,
        ...moved,
        ...raised,
        not_before,
        queued_at: new Date(now).toISOString(),
      },
      index: not_before === null ? readyEntry({ ...row, ...moved, ...raised }) : timerEntry(row, not_before),
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
 * Decides what an ended attempt makes of its task. Completed ends it; with another run of it under way anything else leaves it to that; released or revoked puts it back uncounted; anything else is tried again after a
 * pause until `max_attempts`, unless the error says that trying again is useless or the task's own budget leaves no other attempt. `random` in [0, 1) makes the jitter.
 */
export function settle(
  row: TaskRow,
  ended: EndedAttempt,
  context: { readonly now: number; readonly random: number },
): Settlement {
  if (ended.outcome === 'completed') {
    return { kind: 'completed', change: winChange(row, ended, context.now) };
  }
  const charge = chargeOf(row, ended);
  const isFree = charge.micro_usd === 0 && charge.tokens === 0;
  const spent = sumOf(row.spent ?? noAmount, charge);
  const cost = isFree ? {} : { spent };
  const { hedge } = row;
  if (hedge !== undefined && isLive(row, ended)) return leaveToOther({ ...row, hedge }, ended, cost);
  if (row.budget !== undefined && isSpent(row.budget, spent, amountOf(row.distribution_rules?.estimate)))
    return fail(
      { ...row, ...cost },
      fenceFor(row, ended),
      budgetError(row.budget, spent),
      context.now,
      row.retry_count,
    );
  if (ended.outcome === 'released')
    return requeue(row, ended, context.now, 0, { ...cost, ...resumption(ended, context.now) });
  if (ended.cause === 'revoked') {
    // The fence moves on at once: whatever the killed agent still reports is late.
    const patch = { ...cost, attempt: newestToken(row) + 1, error: ended.error ?? null };
    return requeue(row, ended, context.now, 0, patch);
  }
  const error = ended.error ?? { code: ended.cause ?? 'task-failed', message: 'no reason was given', retryable: true };
  const retry_count = row.retry_count + 1;
  const hopeless = !error.retryable || row.non_retryable?.includes(error.code) === true;
  if (hopeless || retry_count >= row.max_attempts) {
    return fail({ ...row, ...cost }, fenceFor(row, ended), error, context.now, retry_count);
  }
  // A lost lease has cost enough time already; only what the task itself did wrong waits.
  const random = row.jitter === false ? 1 : context.random;
  const delay_ms = ended.cause === 'lease-lost' ? 0 : retryDelayMs(row.backoff_ms, retry_count, random);
  return requeue(row, ended, context.now, delay_ms, { ...cost, retry_count, error });
}

/** Ends a waiting or running task as Failed over its agent's head. The fence keeps what happens at the same moment from being lost: then the row is another one. */
export function failChange(row: TaskRow, error: TaskError, now: number): TaskChange {
  return fail(row, fenceOf(row), error, now, row.retry_count).change;
}
