import type { TaskRow } from '../../../contracts/rows.ts';
import { deadlineError, rerouted } from './expiry.ts';
import { retryTime, waitingEntry } from '../ready/index-entries.ts';
import { failChange } from './settle.ts';
import type { TaskChange } from './task-change.ts';

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
