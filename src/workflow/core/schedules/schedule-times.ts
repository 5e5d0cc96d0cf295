import { Cron } from 'croner';
import type { Fault } from '../../../contracts/errors.ts';
import type { ScheduleTiming } from '../../../contracts/workflow/schedule.ts';
import { localTime, type LocalTime, timeZoneFault } from '../approvals/local-time.ts';

const dayMs = 24 * 3_600_000;
/** Candidates looked at for one fire time. More: a schedule whose every day is excluded holds a function. */
const candidatesMax = 2_000;

/** A moment not after the end of this local day, and well past its middle: the next day is looked for from there. */
function lateInDay(at: number, local: LocalTime, time_zone: string): number {
  // The clocks may jump before midnight, so the guess is checked, and given up when it is in another day.
  const guess = at + Math.max(0, dayMs - local.ms - 1);
  return localTime(guess, time_zone).date === local.date ? guess : at;
}

/** Candidates after a moment, without a look at what is excluded. */
function candidates(timing: ScheduleTiming, anchor: number): (after: number) => number | undefined {
  const { cron, every_ms, time_zone } = timing;
  if (cron !== undefined) {
    const pattern = new Cron(cron, { timezone: time_zone, mode: '5-part', paused: true });
    return (after) => pattern.nextRun(new Date(after))?.getTime();
  }
  const step = every_ms ?? dayMs;
  return (after) => anchor + (after < anchor ? 0 : Math.floor((after - anchor) / step) + 1) * step;
}

/**
 * The first fire time after a moment (all epoch ms), or undefined when none comes any more. `anchor` is when intervals are counted from if the timing has
 * no start. A cron time that the clocks leave out in spring comes when they go on; one that they show twice in autumn comes once, unless its hours have a
 * wildcard or a step.
 */
export function nextFireTime(timing: ScheduleTiming, anchor: number, after: number): number | undefined {
  const { time_zone, exclude } = timing;
  const start = timing.starts_at === undefined ? undefined : Date.parse(timing.starts_at);
  const end = timing.ends_at === undefined ? Infinity : Date.parse(timing.ends_at);
  const dates = new Set(exclude.dates);
  const next = candidates(timing, start ?? anchor);
  let from = start === undefined ? after : Math.max(after, start - 1);
  for (let looked = 0; looked < candidatesMax; looked += 1) {
    const at = next(from);
    if (at === undefined || at > end) return undefined;
    const local = localTime(at, time_zone);
    if (!dates.has(local.date) && !exclude.weekdays.includes(local.weekday)) return at;
    from = lateInDay(at, local, time_zone);
  }
  return undefined;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/^Cron\w+: /, '') : String(error);
}

/** Everything that is wrong with the times of a schedule. */
export function timingFaults(timing: ScheduleTiming, now: number): readonly Fault[] {
  const { cron, every_ms, time_zone } = timing;
  const fault = (path: string, message: string, fix: string): Fault[] => [
    { code: 'invalid-schedule', path, message, fix },
  ];
  const faults: Fault[] = [];
  if ((cron === undefined) === (every_ms === undefined))
    faults.push(...fault('cron', 'a schedule runs by cron or by every_ms', 'give one of the two'));
  faults.push(...timeZoneFault(time_zone, 'time_zone', 'invalid-schedule'));
  try {
    if (cron !== undefined) candidates({ ...timing, time_zone: 'UTC' }, now);
  } catch (error) {
    faults.push(...fault('cron', reasonOf(error), 'write minute, hour, day, month and weekday'));
  }
  if (faults.length === 0 && nextFireTime(timing, now, now) === undefined)
    faults.push(
      ...fault(
        cron === undefined ? 'every_ms' : 'cron',
        'no time comes that is not excluded',
        'change the times or what is excluded',
      ),
    );
  return faults;
}
