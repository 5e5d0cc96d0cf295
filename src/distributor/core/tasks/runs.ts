import type { HedgeRun, TaskRow } from '../../../contracts/rows.ts';
import type { TaskExpectation } from './task-change.ts';

// A task that is Processing has one run, and a second one while it is hedged. Both leases are valid until the first result is committed.

/** One run of a task, by its lease. `principal`: who says so, where that is to be judged. */
export interface Run {
  readonly attempt: number;
  readonly agent_id: string;
  readonly principal?: string;
}

/** A run with what is needed to stop it. */
export interface HeldRun extends Run {
  readonly pool: string;
  readonly task_id: string;
}

type Leased = Pick<TaskRow, 'status' | 'attempt' | 'assigned_agent' | 'principal' | 'hedges' | 'hedge'>;

/** The newest fencing token of a task: each lease gets a higher one, those of its hedges included. */
export function newestToken({ attempt, hedges = 0 }: Pick<TaskRow, 'attempt' | 'hedges'>): number {
  return attempt + hedges;
}

/** Whether the row's second lease is this run's. */
export function isHedge(
  { hedge }: Pick<TaskRow, 'hedge'>,
  { attempt, agent_id, principal = hedge?.principal }: Run,
): boolean {
  return hedge?.attempt === attempt && hedge.agent_id === agent_id && hedge.principal === principal;
}

/** Whether a run has a lease of the task, by its row. */
export function isLive(row: Leased, run: Run): boolean {
  if (row.status !== 'Processing') return false;
  const { attempt, agent_id, principal = row.principal } = run;
  return (
    (row.attempt === attempt && row.assigned_agent === agent_id && row.principal === principal) || isHedge(row, run)
  );
}

/** Evidence that no lease can be claimed with a hold any more. It never stops being true, so an old row of the task will do; undefined: the row is gone. */
export function isUseless(row: Leased | undefined, run: Run): boolean {
  if (row === undefined) return true;
  const isOpen = row.status === 'Queued' || row.status === 'Processing';
  return !isLive(row, run) && (!isOpen || newestToken(row) >= run.attempt);
}

/** Whether a hold of this token is a reservation that may still be claimed: for a task that waits, or for the second run of one that runs. */
export function isUnclaimed(row: Leased, attempt: number): boolean {
  const isOpen = row.status === 'Queued' || (row.status === 'Processing' && row.hedge === undefined);
  return isOpen && newestToken(row) === attempt - 1;
}

/** What must still be true of a task for a decision over its row to count: status and token, and of one that runs that no hedge of it has begun or ended since. */
export function fenceOf({ status, attempt, hedges }: Pick<TaskRow, 'status' | 'attempt' | 'hedges'>): TaskExpectation {
  return { status, attempt, ...(status === 'Processing' ? { hedges: hedges ?? null } : {}) };
}

/** All runs that a row names: those that go on, or that were stopped with their task. */
export function runsOf(row: TaskRow): readonly HeldRun[] {
  const { pool, task_id, attempt, assigned_agent } = row;
  return [
    ...(assigned_agent === undefined ? [] : [{ pool, task_id, attempt, agent_id: assigned_agent }]),
    ...hedgeOf(row),
  ];
}

/** The run that came too late, of a task that was hedged and is Completed. */
export function loserOf(row: TaskRow | undefined): readonly HeldRun[] {
  return row?.status === 'Completed' ? hedgeOf(row) : [];
}

function hedgeOf({ pool, task_id, hedge }: TaskRow): readonly HeldRun[] {
  return hedge === undefined ? [] : [{ pool, task_id, attempt: hedge.attempt, agent_id: hedge.agent_id }];
}

/** The first run of a task as it is kept when the second one has won. */
export function firstRunOf(row: TaskRow & { readonly hedge: HedgeRun }): HedgeRun {
  const { attempt, assigned_agent = '', principal = '', started_at = '', distribution, hedge } = row;
  return {
    ...{ attempt, agent_id: assigned_agent, principal, started_at, reserved: row.reserved ?? hedge.reserved },
    ...(distribution === undefined ? {} : { distribution }),
  };
}

/** Whether a task that runs is to have its second run now. */
export function isHedgeDue({ status, hedge_at, hedge }: TaskRow, now: number): boolean {
  return status === 'Processing' && hedge === undefined && hedge_at !== undefined && Date.parse(hedge_at) <= now;
}
