import { weekdays, type WorkingCalendar } from '../../../contracts/workflow/calendar.ts';
import { localTime } from './local-time.ts';

const dayMs = 24 * 3_600_000;

/** What the clocks of a zone show at a moment, as if it were UTC (to the second). */
function shown(at: number, time_zone: string): number {
  const { date, ms } = localTime(at, time_zone);
  return Date.parse(`${date}T00:00:00Z`) + ms;
}

/** The first moment at which the clocks show a time; one that they leave out in spring is counted on from before the jump. */
function momentOf(clock: number, time_zone: string): number {
  const offsets = [clock - dayMs, clock + dayMs].map((near) => shown(near, time_zone) - near);
  const moments = offsets.map((offset) => clock - offset);
  const exact = moments.filter((moment) => shown(moment, time_zone) === clock);
  return exact.length === 0 ? (moments[0] ?? clock) : Math.min(...exact);
}

function minutesOf(time: string): number {
  const [hours = '0', minutes = '0'] = time.split(':');
  return (Number(hours) * 60 + Number(minutes)) * 60_000;
}

/** The working hours of a date (at its midnight, as if it were UTC); undefined on a day off. */
function hoursOf({ time_zone, days, from, until, holidays }: WorkingCalendar, midnight: number) {
  const day = new Date(midnight);
  const weekday = weekdays[(day.getUTCDay() + 6) % 7];
  if (weekday === undefined || !days.includes(weekday) || holidays.includes(day.toISOString().slice(0, 10)))
    return undefined;
  const begin = momentOf(midnight + minutesOf(from), time_zone);
  return { begin, end: Math.max(begin, momentOf(midnight + minutesOf(until), time_zone)) };
}

/**
 * The moment (epoch ms) when `ms` of working time have passed since `from`, but not after `latest`. Without a calendar all time counts. Linear in the days
 * between.
 */
export function afterWorkingTime(
  calendar: WorkingCalendar | undefined,
  from: number,
  ms: number,
  latest: number,
): number {
  if (calendar === undefined) return Math.min(from + ms, latest);
  let rest = ms;
  let at = from;
  const first = Date.parse(`${localTime(from, calendar.time_zone).date}T00:00:00Z`);
  for (let midnight = first; rest > 0; midnight += dayMs) {
    const hours = hoursOf(calendar, midnight);
    // A day is over within 14 hours of its end in UTC, wherever on Earth.
    if (midnight - dayMs > latest) return latest;
    if (hours === undefined || hours.end <= at) continue;
    const begin = Math.max(at, hours.begin);
    at = Math.min(begin + rest, hours.end);
    rest -= at - begin;
  }
  return Math.min(at, latest);
}
