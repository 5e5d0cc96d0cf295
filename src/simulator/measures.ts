import { priorities, type Priority } from '../contracts/distributor/task.ts';

/** Milliseconds between submission and start. */
export interface Waits {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** A moment of the run: the share of slots that worked since the moment before, and how many tasks waited. */
export interface Moment {
  readonly at: number;
  readonly utilisation: number;
  readonly waiting: number;
}

/** Slots and tasks at this instant. */
interface Levels {
  /** Slots of agents that are there. */
  slots: number;
  /** Slots that are reserved for a task. */
  held: number;
  /** Slots on which a task runs. */
  working: number;
  /** Tasks submitted and not handed out. */
  waiting: number;
}

const momentsMax = 600;

/** What has added up so far; all times are slot milliseconds. */
export interface Sums {
  readonly slots: number;
  readonly working: number;
  /** Held but not working, or free although a task waits. */
  readonly lost: number;
  /** Slots and work while tasks waited. */
  readonly backlogSlots: number;
  readonly backlogWorking: number;
}

/** Adds up levels over virtual time. */
export interface Meter {
  readonly levels: Levels;
  /** Lets the levels stand until `now`; call it before changing them. */
  advance(now: number): void;
  sums(): Sums;
  moments(): readonly Moment[];
}

/** A meter at time 0. */
export function createMeter(): Meter {
  const levels: Levels = { slots: 0, held: 0, working: 0, waiting: 0 };
  const sums = { slots: 0, working: 0, lost: 0, backlogSlots: 0, backlogWorking: 0 };
  let last = 0;
  let moments: { at: number; slots: number; working: number; waiting: number }[] = [];
  let width = 1;
  function note(now: number): void {
    if (now < (moments.at(-1)?.at ?? -width) + width) return;
    moments.push({ at: now, slots: sums.slots, working: sums.working, waiting: levels.waiting });
    while (moments.length > momentsMax) {
      // The run is longer than thought: fewer moments will do, as far apart early on as later.
      width *= 2;
      let kept = -width;
      moments = moments.filter(({ at }) => {
        if (at < kept + width) return false;
        kept = at;
        return true;
      });
    }
  }
  return {
    levels,
    advance(now) {
      const ms = now - last;
      if (ms <= 0) return;
      last = now;
      const { slots, held, working, waiting } = levels;
      sums.slots += slots * ms;
      sums.working += working * ms;
      sums.lost += (held - working + Math.min(Math.max(0, slots - held), waiting)) * ms;
      if (waiting > 0) {
        sums.backlogSlots += slots * ms;
        sums.backlogWorking += working * ms;
      }
      note(now);
    },
    sums: () => ({ ...sums }),
    moments: () =>
      moments.slice(1).map((moment, index) => {
        const before = moments[index] ?? moment;
        const slots = moment.slots - before.slots;
        const utilisation = slots === 0 ? 0 : (moment.working - before.working) / slots;
        return { at: moment.at, waiting: moment.waiting, utilisation };
      }),
  };
}

/** The value below which a share of a sorted sample lies; 0 for an empty one. */
function below(sorted: Float64Array, share: number): number {
  return tenths(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}

const tenths = (ms: number): number => Math.round(ms * 10) / 10;

/** The waits of a sample (ms), which is sorted for it; 0 where it is empty. */
export function waitsOf(sample: Float64Array): Waits {
  sample.sort();
  return { p50: below(sample, 0.5), p95: below(sample, 0.95), p99: below(sample, 0.99), max: below(sample, 1) };
}

/** Waits by level: `waits[i]` is task i's, NaN when it never started; a level without tasks waits 0. */
export function waitsByLevel(
  waits: Float64Array,
  levelOf: (index: number) => Priority,
): Readonly<Record<Priority, Waits>> {
  const of = (level: Priority): Waits =>
    waitsOf(waits.filter((wait, index) => !Number.isNaN(wait) && levelOf(index) === level));
  return Object.fromEntries(priorities.map((level) => [level, of(level)])) as Record<Priority, Waits>;
}

/** The coefficient of variation: the standard deviation over the mean; 0 when there is nothing to compare. */
export function variation(sample: readonly number[]): number {
  const mean = sample.reduce((sum, value) => sum + value, 0) / sample.length;
  if (sample.length < 2 || mean === 0) return 0;
  const variance = sample.reduce((sum, value) => sum + (value - mean) ** 2, 0) / sample.length;
  return Math.sqrt(variance) / mean;
}
