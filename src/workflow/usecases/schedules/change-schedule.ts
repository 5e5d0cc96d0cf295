import { CadreError } from '../../../contracts/errors.ts';
import { defaultPool } from '../../../contracts/ids.ts';
import type { ScheduleRow } from '../../../contracts/workflow/rows.ts';
import { tickDelays } from '../../../distributor/core/tasks/timers.ts';
import { hurried, setPaused } from '../../core/schedules/schedule.ts';
import type { WorkflowDeps } from '../../ports.ts';

/** Attempts to win a race against firings of the same schedule. */
const changeTriesMax = 5;

type ScheduleDeps = Pick<WorkflowDeps, 'schedules' | 'messenger' | 'sources'>;

/** Changes a schedule and sees to its timer. Undefined: there is none, or nothing is to be changed. */
async function change(
  deps: ScheduleDeps,
  schedule_id: string,
  by: (row: ScheduleRow, now: number) => ScheduleRow | undefined,
): Promise<ScheduleRow | undefined> {
  for (let attempt = 0; attempt < changeTriesMax; attempt += 1) {
    const row = await deps.schedules.get(defaultPool, schedule_id);
    const now = deps.sources.now();
    const next = row && by(row, now);
    if (next === undefined) return undefined;
    if (!(await deps.schedules.save(next))) continue;
    await deps.messenger.ticks(next.pool, tickDelays(next.wake_at === undefined ? [] : [next.wake_at], now));
    return next;
  }
  throw new CadreError('version-conflict', `the schedule "${schedule_id}" is changed by too many at once`);
}

/** Pauses a schedule, or lets it go on from now; undefined when there is none. Runs under way are not touched. */
export function pauseSchedule(
  deps: ScheduleDeps,
  schedule_id: string,
  paused: boolean,
): Promise<ScheduleRow | undefined> {
  return change(deps, schedule_id, (row, now) => setPaused(row, paused, now));
}

/** Tells a schedule that its run has ended. A hint: the schedule looks again by itself, only later. */
export async function hurrySchedule(deps: ScheduleDeps, schedule_id: string): Promise<void> {
  await change(deps, schedule_id, hurried);
}
