import type { TaskRow } from '../../../contracts/rows.ts';
import { escalated } from './escalation.ts';
import { deadlineError, rerouted } from './expiry.ts';
import { failChange } from './settle.ts';
import { elsewhere } from './task.ts';
import type { TaskChange } from './task-change.ts';

/** What the policy of a task makes of it that still waits at its deadline. */
export function expiryChange(row: TaskRow, now: number): TaskChange {
  const rerouting = rerouted(row);
  if (rerouting === undefined) return failChange(row, deadlineError(row), now);
  // Whoever comes late finds the steps before the deadline still to be taken.
  const moved = { ...rerouting, ...escalated(row, now) };
  return elsewhere(row, { ...row, ...moved }, moved);
}

/** Fails a task that waited too long. */
export function expireChange(row: TaskRow, now: number): TaskChange {
  return failChange(row, { code: 'task-expired', message: `it waited since ${row.queued_at}`, retryable: false }, now);
}
