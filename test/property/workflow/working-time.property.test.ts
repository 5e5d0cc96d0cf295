import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { weekdays, type WorkingCalendar } from '../../../src/contracts/workflow/calendar.ts';
import { localTime } from '../../../src/workflow/core/approvals/local-time.ts';
import { afterWorkingTime } from '../../../src/workflow/core/approvals/working-time.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

const clockTime = (quarters: number): string =>
  `${String(Math.floor(quarters / 4)).padStart(2, '0')}:${String((quarters % 4) * 15).padStart(2, '0')}`;

/** Calendars of zones whose clocks jump, in the working hours too, and of one whose clocks never do. */
const calendar: fc.Arbitrary<WorkingCalendar> = fc
  .record({
    time_zone: fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'UTC'),
    days: fc.uniqueArray(fc.constantFrom(...weekdays), { minLength: 3 }),
    begin: fc.integer({ min: 0, max: 60 }),
    length: fc.integer({ min: 8, max: 36 }),
    holidays: fc.constantFrom<string[]>([], ['2026-03-29', '2026-10-26']),
  })
  .map(({ begin, length, ...rest }) => ({
    ...rest,
    from: clockTime(begin),
    until: clockTime(Math.min(96, begin + length)),
  }));
/** Around the days on which clocks jump, and anywhere. On a whole minute, as the reference counts. */
const moment = fc
  .oneof(
    fc.constantFrom(Date.UTC(2026, 2, 27), Date.UTC(2026, 9, 23), Date.UTC(2026, 9, 30), Date.UTC(2026, 3, 3)),
    fc.integer({ min: Date.UTC(2025, 0, 1), max: Date.UTC(2028, 0, 1) }),
  )
  .chain((near) =>
    fc.integer({ min: 0, max: 3 * 24 * 60 }).map((minutes) => near - (near % minuteMs) + minutes * minuteMs),
  );
const minutes = fc.integer({ min: 0, max: 40 * 60 });
const far = 90 * dayMs;

/** Whether people work in the minute that begins now, by what the clocks show: the reference. */
function works({ time_zone, days, from, until, holidays }: WorkingCalendar, at: number): boolean {
  const { date, weekday, ms } = localTime(at, time_zone);
  const shown = new Date(ms).toISOString().slice(11, 16);
  return days.includes(weekday) && !holidays.includes(date) && from <= shown && shown < until;
}

/** Working minutes between two moments, counted one by one. */
function counted(given: WorkingCalendar, from: number, until: number): number {
  let sum = 0;
  for (let at = from; at < until; at += minuteMs) if (works(given, at)) sum += 1;
  return sum;
}

/** True when no clocks jump near enough to matter: then the minutes that a calendar counts are those that the clocks show. */
function isPlain({ time_zone }: WorkingCalendar, from: number, until: number): boolean {
  const offset = (at: number): number => {
    const { date, ms } = localTime(at, time_zone);
    return Date.parse(`${date}T00:00:00Z`) + ms - (at - (at % 1_000));
  };
  for (let at = from - dayMs; at <= until + dayMs; at += dayMs / 2) if (offset(at) !== offset(from)) return false;
  return true;
}

describe('working time', () => {
  it('passes as the minutes on the clocks do, counted one by one', () => {
    fc.assert(
      fc.property(calendar, moment, minutes, (given, from, count) => {
        const until = afterWorkingTime(given, from, count * minuteMs, from + far);
        fc.pre(isPlain(given, from, until));
        expect(counted(given, from, until)).toBe(count);
        if (count > 0) expect(works(given, until - minuteMs)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it('adds up, whatever the clocks do: a time and another one are both together', () => {
    fc.assert(
      fc.property(calendar, moment, minutes, minutes, (given, from, one, other) => {
        const latest = from + far;
        const between = afterWorkingTime(given, from, one * minuteMs, latest);
        const both = afterWorkingTime(given, from, (one + other) * minuteMs, latest);
        expect(afterWorkingTime(given, between, other * minuteMs, latest)).toBe(both);
      }),
      { numRuns: 200 },
    );
  });

  it('never runs backwards: a later beginning, or more of it, ends no earlier', () => {
    fc.assert(
      fc.property(
        calendar,
        moment,
        minutes,
        fc.nat({ max: dayMs }),
        fc.nat({ max: dayMs }),
        (given, from, ms, a, b) => {
          const end = afterWorkingTime(given, from, ms * minuteMs, from + far);
          expect(end).toBeGreaterThanOrEqual(from + ms * minuteMs);
          expect(afterWorkingTime(given, from + a, ms * minuteMs, from + far)).toBeGreaterThanOrEqual(end);
          expect(afterWorkingTime(given, from, ms * minuteMs + b, from + far)).toBeGreaterThanOrEqual(end);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('ends at the latest when it is said to, also where nobody ever works', () => {
    const never: WorkingCalendar = { time_zone: 'UTC', days: ['monday'], from: '09:00', until: '17:00', holidays: [] };
    const monday = Date.UTC(2026, 10, 23);
    const holidays = [0, 7, 14, 21, 28, 35].map((day) => new Date(monday + day * dayMs).toISOString().slice(0, 10));
    const latest = monday + 30 * dayMs;
    expect(afterWorkingTime({ ...never, holidays }, monday, 1, latest)).toBe(latest);
    expect(afterWorkingTime(undefined, monday, far, latest)).toBe(latest);
  });

  it('of a day that the clocks shorten is an hour less, and a working day across the change goes on after it', () => {
    const nights: WorkingCalendar = {
      time_zone: 'Europe/Berlin',
      days: ['sunday'],
      from: '00:00',
      until: '24:00',
      holidays: [],
    };
    // Sunday 29 March 2026 has 23 hours in Berlin, Sunday 25 October 25.
    const spring = Date.UTC(2026, 2, 28, 23);
    expect(afterWorkingTime(nights, spring, 23 * 60 * minuteMs, spring + far)).toBe(spring + 23 * 60 * minuteMs);
    expect(afterWorkingTime(nights, spring, 24 * 60 * minuteMs, spring + far)).toBe(Date.UTC(2026, 3, 4, 23));
    const autumn = Date.UTC(2026, 9, 24, 22);
    expect(afterWorkingTime(nights, autumn, 25 * 60 * minuteMs, autumn + far)).toBe(autumn + 25 * 60 * minuteMs);
  });
});
