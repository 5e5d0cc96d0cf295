import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { weekdays } from '../../../src/contracts/workflow/calendar.ts';
import type { ScheduleTiming } from '../../../src/contracts/workflow/schedule.ts';
import { localTime } from '../../../src/workflow/core/approvals/local-time.ts';
import { nextFireTime, timingFaults } from '../../../src/workflow/core/schedules/schedule-times.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const timing = (over: Partial<ScheduleTiming>): ScheduleTiming => ({
  time_zone: 'UTC',
  exclude: { dates: [], weekdays: [] },
  ...over,
});
/** Zones with clocks that jump by an hour, by half an hour, at midnight, the other way round in the year, and not at all. */
const zone = fc.constantFrom(
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'America/Santiago',
  'Africa/Cairo',
  'Pacific/Auckland',
  'Asia/Kolkata',
  'UTC',
);
const moment = fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2030, 0, 1) });
const timesFrom = (times: ScheduleTiming, start: number, count: number): number[] => {
  const found: number[] = [];
  for (let at: number | undefined = start; found.length < count;) {
    at = nextFireTime(times, start, at);
    if (at === undefined) break;
    found.push(at);
  }
  return found;
};
const nextDate = (date: string): string => new Date(Date.parse(date) + dayMs).toISOString().slice(0, 10);

describe('the fire times of a schedule', () => {
  it('at a time of day come once on each day of the zone, whatever its clocks do', () => {
    fc.assert(
      fc.property(
        zone,
        moment,
        fc.integer({ min: 0, max: 23 }),
        fc.integer({ min: 0, max: 59 }),
        (time_zone, start, hour, minute) => {
          const times = timesFrom(timing({ cron: `${minute} ${hour} * * *`, time_zone }), start, 400);
          expect(times).toHaveLength(400);
          const dates = times.map((at) => localTime(at, time_zone).date);
          for (const [index, date] of dates.entries()) if (index > 0) expect(date).toBe(nextDate(dates[index - 1]!));
          // Only a time that the clocks left out comes at another one, and then later.
          const wanted = (hour * 60 + minute) * 60_000;
          for (const at of times) {
            const shown = localTime(at, time_zone).ms;
            if (shown !== wanted) expect(localTime(at - 1, time_zone).ms + 1).not.toBe(shown);
          }
        },
      ),
      { numRuns: 10 },
    );
  });

  it('at every quarter of an hour are a quarter of an hour apart, also where the clocks jump', () => {
    fc.assert(
      fc.property(zone, moment, (time_zone, start) => {
        const times = timesFrom(timing({ cron: '*/15 * * * *', time_zone }), start, 300);
        const steps = new Set(times.slice(1).map((at, index) => at - (times[index] ?? 0)));
        expect([...steps]).toEqual([15 * 60_000]);
      }),
      { numRuns: 10 },
    );
  });

  it('by an interval are its multiples after the start, and after any moment the next one comes', () => {
    fc.assert(
      fc.property(
        moment,
        fc.integer({ min: 10_000, max: 40 * dayMs }),
        fc.integer({ min: -dayMs, max: 400 * dayMs }),
        (start, every_ms, later) => {
          const starts_at = new Date(start).toISOString();
          const next = nextFireTime(timing({ every_ms, starts_at }), 0, start + later)!;
          expect((next - start) % every_ms).toBe(0);
          expect(next).toBeGreaterThan(start + later);
          expect(next).toBeGreaterThanOrEqual(start);
          expect(next - Math.max(start + later, start - every_ms)).toBeLessThanOrEqual(every_ms);
        },
      ),
    );
  });

  it('are those without exclusions, less those on excluded days', () => {
    const excluded = fc.record({
      dates: fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 30 }),
      weekdays: fc.subarray([...weekdays], { maxLength: 6 }),
    });
    fc.assert(
      fc.property(
        zone,
        moment,
        excluded,
        fc.constantFrom('7 3 * * *', '0 */5 * * *', '*/40 1-4 * * *'),
        (time_zone, start, { dates, weekdays: days }, cron) => {
          const exclude = {
            weekdays: days,
            dates: [...new Set(dates)].map((day) => new Date(start + day * dayMs).toISOString().slice(0, 10)),
          };
          const all = timesFrom(timing({ cron, time_zone }), start, 200);
          const kept = all.filter((at) => {
            const { date, weekday } = localTime(at, time_zone);
            return !exclude.dates.includes(date) && !days.includes(weekday);
          });
          expect(timesFrom(timing({ cron, time_zone, exclude }), start, kept.length)).toEqual(kept);
        },
      ),
      { numRuns: 15 },
    );
  });

  it('end at the end, its moment included', () => {
    const ends_at = '2026-03-01T03:00:00Z';
    const times = timesFrom(timing({ cron: '0 * * * *', ends_at }), Date.parse('2026-03-01T00:30:00Z'), 10);
    expect(times.map((at) => new Date(at).toISOString().slice(11, 16))).toEqual(['01:00', '02:00', '03:00']);
  });
});

describe('a schedule that cannot be', () => {
  const now = Date.UTC(2026, 0, 1);
  const paths = (over: Partial<ScheduleTiming>) => timingFaults(timing(over), now).map(({ path }) => path);

  it('is told all its faults', () => {
    expect(paths({})).toEqual(['cron']);
    expect(paths({ cron: '0 0 * * *', every_ms: 60_000 })).toEqual(['cron']);
    expect(paths({ cron: 'daily at nine', time_zone: 'Mars/Olympus' })).toEqual(['time_zone', 'cron']);
    expect(paths({ cron: '0 0 0 * * *' })).toEqual(['cron']);
    expect(paths({ cron: '0 0 31 2 *' })).toEqual(['cron']);
    expect(paths({ every_ms: 60_000, exclude: { dates: [], weekdays: [...weekdays] } })).toEqual(['every_ms']);
    expect(paths({ every_ms: 60_000, ends_at: '2025-01-01T00:00:00Z' })).toEqual(['every_ms']);
    expect(paths({ cron: '@daily', time_zone: 'Asia/Tokyo' })).toEqual([]);
  });
});
