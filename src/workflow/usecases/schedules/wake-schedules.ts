import { errorCatalogue } from '../../../contracts/error-catalogue.ts';
import { CadreError } from '../../../contracts/errors.ts';
import type { ScheduleRow } from '../../../contracts/workflow/rows.ts';
import { succeeded } from '../../../distributor/core/tasks/succeeded.ts';
import { tickDelays } from '../../../distributor/core/tasks/timers.ts';
import type { Woken } from '../../../distributor/ports.ts';
import { decideFire, runIdOf, started, waitOn } from '../../core/schedules/schedule.ts';
import { isFinished } from '../../core/run/state.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { cancelWorkflow } from '../steer/cancel-workflow.ts';
import { submitWorkflow } from '../submit/submit-workflow.ts';

/** Steps of one schedule in one pulse. More: a schedule with much to catch up keeps the others waiting; the rest comes with the next pulse. */
const stepsMax = 20;

/** True for a refusal that another attempt would meet again. */
function isFinal(error: unknown): error is CadreError {
  return error instanceof CadreError && errorCatalogue[error.code].status < 500;
}

/** Starts the run that was decided about; answers with the reason when it is refused for good. */
async function startRun(
  deps: WorkflowDeps,
  row: ScheduleRow,
  { fire_at, cancel }: NonNullable<ScheduleRow['starting']>,
) {
  const { schedule_id, created_by: principal, namespace } = row;
  if (cancel !== undefined)
    await cancelWorkflow(deps, {
      workflow_id: cancel,
      principal,
      reason: `the next run of the schedule ${schedule_id} is due`,
    });
  const { definition, input } = row.workflow;
  const workflow_id = runIdOf(schedule_id, fire_at);
  try {
    const own = namespace === undefined ? {} : { namespace };
    const submission = { workflow_id, definition, input: { ...input, fire_at }, ...own };
    const outcome = await submitWorkflow(deps, { submission, principal, correlation_id: workflow_id, schedule_id });
    return outcome.ok ? undefined : outcome.error.message;
  } catch (error) {
    if (!isFinal(error)) throw error;
    return error.message;
  }
}

async function isRunning(deps: WorkflowDeps, { last_run }: ScheduleRow): Promise<boolean> {
  if (last_run === undefined) return false;
  const head = await deps.workflows.head(last_run.workflow_id);
  return head !== undefined && !isFinished(head.status);
}

/** Decides and does until nothing is due any more; answers with the time at which it wants to be woken next. */
async function wakeSchedule(deps: WorkflowDeps, pool: string, schedule_id: string): Promise<string | undefined> {
  for (let step = 0; step < stepsMax; step += 1) {
    const row = await deps.schedules.get(pool, schedule_id);
    if (row === undefined || row.paused) return undefined;
    const now = deps.sources.now();
    if (row.starting === undefined) {
      const decided = decideFire(row, now, await isRunning(deps, row));
      if (decided !== undefined) await deps.schedules.save(decided);
      else if (row.wake_at !== undefined && Date.parse(row.wake_at) <= now) await deps.schedules.save(waitOn(row, now));
      else return row.wake_at;
    } else {
      const refusal = await startRun(deps, row, row.starting);
      await deps.schedules.save(started(row, refusal, now));
    }
  }
  return undefined;
}

/**
 * Starts the runs of schedules whose time has come. Each time is decided about once, on the row's version; a run's id is made of its time, so that a start
 * which is repeated is the same run. A schedule that fails is tried again by the next pulse and keeps no other waiting.
 */
export async function wakeSchedules(deps: WorkflowDeps, pool: string, ids: readonly string[]): Promise<Woken> {
  const woken = await Promise.allSettled(ids.map((id) => wakeSchedule(deps, pool, id)));
  const done = succeeded(woken, (index, reason) => {
    deps.log.warn('a schedule could not be woken', { schedule_id: ids[index], reason });
  });
  const next = done.flatMap((wake_at) => wake_at ?? []);
  await deps.messenger.ticks(pool, tickDelays(next, deps.sources.now()));
  return { count: done.length, hints: [] };
}
