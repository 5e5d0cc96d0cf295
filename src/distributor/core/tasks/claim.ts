import type { HedgeRun, TaskRow } from '../../../contracts/rows.ts';
import type { Grant } from '../dispatch/assignment.ts';
import { timerEntry } from '../ready/index-entries.ts';
import { fenceOf, type Run } from './runs.ts';
import type { TaskChange } from './task-change.ts';
import { fenceChange, fenceReadyChange } from './task.ts';

/** The run that an assignment begins. */
export function runOf({ attempt, agent }: Grant): Run {
  return { attempt, agent_id: agent.agent_id };
}

/** The conditional write that gives the lease: Queued at the attempt we saw, to Processing at the next one; or a second lease beside the first, which must be as we saw it. */
export function claimChange(assignment: Grant, now: number): TaskChange {
  const { task, agent, attempt, log, taken, hedge_at, beside } = assignment;
  if (beside !== undefined) return hedgeChange(assignment, beside, now);
  const patch: TaskChange['patch'] = {
    status: 'Processing',
    attempt,
    assigned_agent: agent.agent_id,
    principal: agent.principal,
    started_at: new Date(now).toISOString(),
    distribution: log,
    ...(taken?.reserved === undefined ? {} : { reserved: taken.reserved }),
    ...(hedge_at === undefined ? {} : { hedge_at }),
  } satisfies Partial<TaskRow>;
  // One that may be hedged waits for that time while it runs: its entry in the index is its timer.
  const index = hedge_at === undefined ? null : timerEntry({ pool: agent.pool, task_id: task.task_id }, hedge_at);
  return { task_id: task.task_id, expect: { status: 'Queued', attempt: task.attempt }, patch, index };
}

function hedgeChange(
  { agent, attempt, log, taken }: Grant,
  { row, expected }: NonNullable<Grant['beside']>,
  now: number,
): TaskChange {
  const hedge: HedgeRun = {
    attempt,
    agent_id: agent.agent_id,
    principal: agent.principal,
    started_at: new Date(now).toISOString(),
    reserved: taken?.reserved ?? expected,
    distribution: log,
  };
  const hedges = attempt - row.attempt;
  return { task_id: row.task_id, expect: fenceOf(row), patch: { hedge, hedges, hedge_at: null }, index: null };
}

/** Takes the right to claim away from a dispatcher that must not, before its reservation goes. */
export function giveUpChange(pool: string, { task, beside }: Grant): TaskChange {
  return beside === undefined ? fenceReadyChange(pool, task) : fenceChange(beside.row);
}
