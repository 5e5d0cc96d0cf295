import { fnv1a } from '../../contracts/seeded.ts';
import type { Random } from './random.ts';
import { createEventHeap } from './event-heap.ts';
import type { ScheduledEvent } from './event-heap.ts';

/** 2026-01-01T00:00:00Z: a run starts here unless told otherwise, so that recorded times are comparable. */
export const epochMs = 1_767_225_600_000;

/** Captured once: a test framework's fake timers must not freeze the twin. */
const nextMacrotask = setImmediate;

/** Something that will happen; `cancel` makes it not happen. */
export interface Timer {
  cancel(): void;
}

/** Why `run` came back. */
export type RunOutcome = 'until' | 'idle' | 'limit';

/** Virtual time: nothing waits, time jumps to the next event. */
export interface VirtualClock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls `fn` at a time (at once if it has passed). A background event does not keep `run` going when nothing else is left. */
  at(timeMs: number, fn: () => void, background?: boolean): Timer;
  /** Resolves after a virtual delay; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Lets events happen one at a time, each followed by everything it sets off, until `until` holds, nothing but background
   * events is left, or `limitMs` of virtual time have gone by. Throws when time stands still, because something asks for itself again and again at one moment.
   */
  run(until?: () => boolean, limitMs?: number): Promise<RunOutcome>;
  /** Lets exactly this much virtual time pass, with everything that happens in it, background events as well. */
  advance(ms: number): Promise<void>;
  /** Runs until the promise settles and gives its value. Throws when nothing is left that could settle it, or at the limit. */
  drive<T>(work: Promise<T>, limitMs?: number): Promise<T>;
  /** Adds a line to the rolling hash of everything that happened. */
  record(line: string): void;
  /** The rolling hash so far, with the number of lines: two runs of one seed agree on it. */
  readonly trace: string;
  /** Called with every recorded line; for showing a failing seed. */
  onRecord(listener: (line: string, atMs: number) => void): void;
}

/** Events at one moment after which time is said to stand still: 10,000 workflows that begin at once take a twentieth of it. */
const eventsAtOnceMax = 1_000_000;

/** Virtual time that a run may take before it is called stuck. */
export const runLimitMsDefault = 24 * 60 * 60 * 1000;

/** Ties in time are broken by the random source when given, else by the order in which events were scheduled. */
export function createVirtualClock(options: { startMs?: number; shuffle?: Random } = {}): VirtualClock {
  const { shuffle } = options;
  const heap = createEventHeap();
  const listeners: ((line: string, atMs: number) => void)[] = [];
  let now = options.startMs ?? epochMs;
  let sequence = 0;
  let hash = 0x811c9dc5;
  let lines = 0;
  const moveTo = timeMover();

  async function run(until?: () => boolean, limitMs = runLimitMsDefault): Promise<RunOutcome> {
    const end = now + limitMs;
    await settle();
    for (;;) {
      if (until?.() === true) return 'until';
      const next = heap.peek();
      if (next === undefined || (heap.foreground() === 0 && until === undefined)) return 'idle';
      if (next.time > end) {
        now = end;
        return 'limit';
      }
      heap.pop();
      now = moveTo(next.time, now);
      next.fn();
      await settle();
    }
  }

  const clock: VirtualClock = {
    now: () => now,
    at(timeMs, fn, background = false) {
      const event: ScheduledEvent = {
        time: Math.max(timeMs, now),
        tie: shuffle === undefined ? 0 : shuffle.next(),
        sequence: sequence++,
        background,
        cancelled: false,
        happened: false,
        fn,
      };
      heap.push(event);
      return { cancel: () => heap.cancel(event) };
    },
    sleep: (ms, signal) => sleepOn(clock, ms, signal),
    run,
    async advance(ms) {
      const end = now + ms;
      await run(() => (heap.peek()?.time ?? Infinity) > end, ms);
      now = end;
    },
    async drive(work, limitMs = runLimitMsDefault) {
      const state = { settled: false };
      const mark = (): void => {
        state.settled = true;
      };
      work.then(mark, mark);
      const outcome = await run(() => state.settled, limitMs);
      if (outcome !== 'until') throw new Error(`The twin is stuck (${outcome}): the awaited work never settled`);
      return work;
    },
    record(line) {
      lines++;
      hash = fnv1a(line, hash ^ (now & 0x7fffffff));
      for (const listener of listeners) listener(line, now);
    },
    get trace() {
      return `${lines}:${hash.toString(16).padStart(8, '0')}`;
    },
    onRecord: (listener) => void listeners.push(listener),
  };
  return clock;
}

/** The time after the next event, which may have been due before `now`. Throws when too many happen at one moment. */
function timeMover(): (next: number, now: number) => number {
  let atOnce = 0;
  return (next, now) => {
    atOnce = next > now ? 1 : atOnce + 1;
    if (atOnce <= eventsAtOnceMax) return Math.max(next, now);
    const moment = new Date(now).toISOString();
    throw new Error(`The twin is stuck: ${eventsAtOnceMax} events at ${moment}, and time does not move on`);
  };
}

function sleepOn(clock: VirtualClock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(asError(signal.reason));
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(asError(signal?.reason));
    };
    const timer = clock.at(clock.now() + Math.max(0, ms), () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Lets every promise chain that is ready run to its next wait: microtasks all drain before the next macrotask. */
async function settle(): Promise<void> {
  await new Promise<void>((resolve) => nextMacrotask(resolve));
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new DOMException('The operation was aborted', 'AbortError');
}
