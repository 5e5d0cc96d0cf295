import { CadreError, type Outcome, refused } from '../../contracts/errors.ts';
import { defaultPool } from '../../contracts/ids.ts';
import { canonicalJson } from '../../contracts/json.ts';
import type { ScheduleRow } from '../../contracts/rows.ts';
import type { Schedule } from '../../contracts/schedule.ts';
import { storeText } from '../../distributor/core/stored-json.ts';
import { tickDelays } from '../../distributor/core/timers.ts';
import { checkDefinition } from '../core/definition.ts';
import { timingFaults } from '../core/schedule-times.ts';
import { newSchedule } from '../core/schedule.ts';
import type { WorkflowDeps } from '../ports.ts';

function check({ definition, ...timing }: Schedule, now: number): void {
  const faults = [
    ...timingFaults(timing, now),
    ...('fire_at' in timing.input
      ? [
          {
            code: 'invalid-input' as const,
            path: 'input.fire_at',
            message: 'each run gets its own fire_at',
            fix: 'rename it',
          },
        ]
      : []),
    ...checkDefinition(definition).faults.map((fault) => ({ ...fault, path: `definition.${fault.path ?? ''}` })),
  ];
  const [first] = faults;
  if (first !== undefined)
    throw new CadreError(first.code, first.message, {
      faults,
      ...(first.path === undefined ? {} : { path: first.path }),
    });
}

/**
 * Makes a schedule. The same id with the same body is the same schedule; with another body it is refused with `schedule-conflict`. Throws with all faults
 * of the times and of the definition at once.
 */
export async function createSchedule(
  deps: WorkflowDeps,
  { schedule, principal }: { readonly schedule: Schedule; readonly principal: string },
): Promise<Outcome<ScheduleRow>> {
  const now = deps.sources.now();
  check(schedule, now);
  const { schedule_id, definition, input } = schedule;
  const row = newSchedule(schedule, {
    pool: defaultPool,
    workflow: await storeText(deps, schedule_id, JSON.stringify({ definition, input })),
    body_hash: deps.sources.hash(canonicalJson(schedule)),
    created_by: principal,
    now,
  });
  const before = await deps.schedules.create(row);
  if (before !== undefined) {
    const isSame = before.body_hash === row.body_hash;
    return isSame ? { ok: true, value: before } : refused('schedule-conflict', undefined, 'schedule_id');
  }
  await deps.messenger.ticks(row.pool, tickDelays(row.wake_at === undefined ? [] : [row.wake_at], now));
  return { ok: true, value: row };
}
