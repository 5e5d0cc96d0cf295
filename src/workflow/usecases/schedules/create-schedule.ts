import { type Outcome, refused } from '../../../contracts/errors.ts';
import { defaultPool } from '../../../contracts/ids.ts';
import { canonicalJson } from '../../../contracts/json.ts';
import type { ScheduleRow } from '../../../contracts/workflow/rows.ts';
import { type Schedule, schedule } from '../../../contracts/workflow/schedule.ts';
import { tickDelays } from '../../../distributor/core/tasks/timers.ts';
import { checkDefinition } from '../../core/definition/definition.ts';
import { refusalOf, requireWorkflow, writtenOut } from '../../core/definition/read-workflow.ts';
import { timingFaults } from '../../core/schedules/schedule-times.ts';
import { newSchedule } from '../../core/schedules/schedule.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { resolveDefinition } from '../submit/resolve-definition.ts';

/** What each run will be checked for again is checked now, as far as it can be known: a registered definition may get newer versions. */
async function check(deps: WorkflowDeps, { definition: given, ...timing }: Schedule, now: number): Promise<void> {
  const { definition } = await resolveDefinition(deps, given);
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
  if (faults.length > 0) throw refusalOf(faults);
}

/** Reads the body of a request. Throws CadreError with all faults of its shape and of the definition at once. */
export function readSchedule(value: unknown): Schedule {
  return requireWorkflow(schedule, value, writtenOut);
}

/**
 * Makes a schedule. The same id with the same body is the same schedule; with another body it is refused with `schedule-conflict`. Throws with all faults
 * of the times and of the definition at once.
 */
export async function createSchedule(
  deps: WorkflowDeps,
  { schedule: wanted, principal }: { readonly schedule: Schedule; readonly principal: string },
): Promise<Outcome<ScheduleRow>> {
  const now = deps.sources.now();
  await check(deps, wanted, now);
  const { definition, input } = wanted;
  const row = newSchedule(wanted, {
    pool: defaultPool,
    workflow: { definition, input },
    body_hash: deps.sources.hash(canonicalJson(wanted)),
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
