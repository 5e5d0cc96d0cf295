import type { TaskRow } from '../../../contracts/rows.ts';
import { type Placed, readyOrder } from './ready-order.ts';
import type { IndexEntry } from '../tasks/task-change.ts';

// Where a task stands in the sparse index while something is to be decided about it.

/** The index entry of a task that may be handed out. */
export function readyEntry(row: Placed & Pick<TaskRow, 'pool' | 'route'>): IndexEntry {
  return { partition: readyPartition(row.pool, row.route), key: readyOrder(row) };
}

/** The partition of a route's ready order. */
export const readyPartition = (pool: string, route: string): string => `READY#${pool}#${route}`;

/** What the index entry of a Queued task depends on. */
export type Waiting = Placed & Pick<TaskRow, 'pool' | 'route' | 'not_before'>;

/** The index entry of a Queued task: its place in the ready order, or its timer. */
export function waitingEntry(row: Waiting): IndexEntry {
  return row.not_before === undefined ? readyEntry(row) : timerEntry(row, row.not_before);
}

/**
 * The time that a timer's entry stands for. It is written again with the entry: the timer may have fired meanwhile, which takes it from the row and moves no fence, and an entry
 * without its time would never wake the task.
 */
export function retryTime({ not_before }: Pick<TaskRow, 'not_before'>): Pick<TaskRow, 'not_before'> {
  return not_before === undefined ? {} : { not_before };
}

/** The index entry of a task that waits for a time: for its retry, or for a second run. */
export function timerEntry(row: Pick<TaskRow, 'pool' | 'task_id'>, at: string): IndexEntry {
  return { partition: `TIMER#${row.pool}`, key: `${at}#${row.task_id}` };
}

/** The index entry of a task that failed. */
export function deadEntry(row: Pick<TaskRow, 'pool' | 'task_id'>, now: string): IndexEntry {
  return { partition: `DEAD#${row.pool}`, key: `${now}#${row.task_id}` };
}
