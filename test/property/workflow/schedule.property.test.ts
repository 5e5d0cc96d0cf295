import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ScheduleRow } from '../../../src/contracts/workflow/rows.ts';
import { type ScheduleInput, schedule as scheduleContract } from '../../../src/contracts/workflow/schedule.ts';
import { decideFire, fireTimes, newSchedule, started } from '../../../src/workflow/core/schedules/schedule.ts';

const startMs = Date.UTC(2026, 2, 1);
const hourMs = 3_600_000;
const definition = { name: 'report', nodes: [{ name: 'a', task_type: 'demo' }] };

/** What became of each time: runs with their begin and end, and times left out. */
interface Story {
  readonly row: ScheduleRow;
  readonly runs: { readonly fire_at: string; readonly from: number; until: number }[];
  readonly missed: string[];
}

/** Plays the pulse: looks at these moments, each run lasting as long as its turn says. */
function play(over: Partial<ScheduleInput>, looks: readonly number[], durations: readonly number[]): Story {
  const schedule = scheduleContract.parse({ schedule_id: 's', definition, every_ms: hourMs, ...over });
  const given = {
    pool: 'default',
    workflow: { definition: 'report@1', input: {} },
    body_hash: 'h',
    created_by: 'ann',
    now: startMs,
  };
  const story = { row: newSchedule(schedule, given), runs: [] as Story['runs'], missed: [] as string[] };
  let now = startMs;
  for (const wait of looks) {
    now += wait;
    if (story.row.wake_at === undefined || Date.parse(story.row.wake_at) > now) continue;
    for (;;) {
      const last = story.runs.at(-1);
      const decided = decideFire(story.row, now, last !== undefined && last.until > now);
      if (decided === undefined) break;
      if (decided.last_missed !== undefined && decided.last_missed.fire_at !== story.row.last_missed?.fire_at)
        story.missed.push(decided.last_missed.fire_at);
      story.row = decided;
      if (decided.starting === undefined) continue;
      if (decided.starting.cancel !== undefined && last !== undefined) last.until = now;
      const lasts = durations[story.runs.length % durations.length] ?? 0;
      story.runs.push({ fire_at: decided.starting.fire_at, from: now, until: now + lasts });
      story.row = started(decided, undefined, now);
    }
  }
  return story;
}

const looks = fc.array(fc.integer({ min: 1_000, max: 3 * hourMs }), { minLength: 1, maxLength: 200 });
const durations = fc.array(fc.integer({ min: 0, max: 5 * hourMs }), { minLength: 1, maxLength: 10 });
const overlap = fc.constantFrom('skip', 'queue', 'cancel-previous');
const week = 7 * 24 * hourMs;

describe('a schedule, whenever it is looked at and however long its runs last', () => {
  it('decides about each of its times once, in their order: a run, a place in the queue, or a reason for none', () => {
    fc.assert(
      fc.property(
        overlap,
        looks,
        durations,
        fc.integer({ min: 0, max: 2 * hourMs }),
        (rule, waits, lasts, catch_up_ms) => {
          const { row, runs, missed } = play({ overlap: rule, catch_up_ms }, waits, lasts);
          const decided = [...runs.map(({ fire_at }) => fire_at), ...missed, ...row.queued].sort();
          expect(new Set(decided).size).toBe(decided.length);
          const next = row.next_at ?? '';
          const all = fireTimes(row, startMs, 1_000).filter((time) => time < next);
          // Of times that were missed by more than the window, only the oldest of a row is named.
          for (const time of decided) expect(all).toContain(time);
          const starts = runs.map(({ fire_at }) => fire_at);
          expect([...starts].sort()).toEqual(starts);
          for (const { fire_at, from } of runs) expect(Date.parse(fire_at)).toBeLessThanOrEqual(from);
        },
      ),
    );
  });

  it('with a window that is wide enough leaves out nothing but what its overlap rule says', () => {
    fc.assert(
      fc.property(overlap, looks, durations, (rule, waits, lasts) => {
        const { row, runs, missed } = play({ overlap: rule, catch_up_ms: week }, waits, lasts);
        const all = fireTimes(row, startMs, 1_000).filter((time) => time < (row.next_at ?? ''));
        expect([...runs.map(({ fire_at }) => fire_at), ...missed, ...row.queued].sort()).toEqual(all);
        if (rule !== 'skip' && all.length < 100) expect(missed).toEqual([]);
      }),
    );
  });

  it('never lets two of its runs go on at the same time', () => {
    fc.assert(
      fc.property(overlap, looks, durations, (rule, waits, lasts) => {
        const { runs } = play({ overlap: rule, catch_up_ms: week }, waits, lasts);
        for (const [index, { from }] of runs.entries())
          if (index > 0) expect(runs[index - 1]!.until).toBeLessThanOrEqual(from);
      }),
    );
  });
});
