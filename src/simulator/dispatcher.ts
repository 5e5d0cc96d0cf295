import type { Delays } from './delays.ts';
import { startMs } from './simulated-task.ts';
import type { Decision } from './scheduling.ts';

/** When rounds are decided, and when what they hand out is sent. Times are ms of the run. */
export interface Dispatcher {
  /** When it does something next; Infinity: it waits for a hint. */
  nextAt(): number;
  /** Whether a round is decided at this time; else it is only looked whether there is one to decide. */
  isDeciding(now: number): boolean;
  hint(now: number): void;
  /** Goes on after a round; answers when each of its tasks is on its way to its agent. */
  goOn(now: number, decision: Decision): (task_id: string) => number;
}

/** When the tasks of a round are on their way: those that the dispatcher hands out itself, and those of `shared`, the lists that others hand out. */
function sendingTimes(now: number, shared: readonly (readonly string[])[], delays: Delays) {
  // The messages to the others are sent first, and are a hop more.
  const from = shared.length === 0 ? now : now + delays.send();
  const own = from + delays.claim();
  const elsewhere = new Map(
    shared.flatMap((tasks) => {
      const at = from + delays.hint() + delays.claim();
      return tasks.map((task_id) => [task_id, at] as const);
    }),
  );
  return { own, ofTask: (task_id: string) => elsewhere.get(task_id) ?? own };
}

/** One dispatcher works at a time: a hint that comes while one does waits in the queue. `poolSize` is the number of agents that a round reads. */
export function createDispatcher(delays: Delays, poolSize: () => number): Dispatcher {
  let decideAt = Infinity;
  let freeAt = 0;
  let lookAt = Infinity;
  const hint = (now: number): void => {
    if (decideAt < Infinity) return;
    const sent = now + delays.hint();
    const start = freeAt > sent ? freeAt + delays.nextHint() : sent;
    decideAt = start + delays.read(poolSize());
  };
  return {
    nextAt: () => Math.min(decideAt, lookAt),
    isDeciding: (now) => decideAt === now,
    hint(now) {
      if (lookAt === now) lookAt = Infinity;
      hint(now);
    },
    goOn(now, { handouts, cut, look_at, shared = [] }) {
      // A tick comes after whole seconds, and one that is on its way comes all the same.
      if (look_at !== undefined) lookAt = Math.min(lookAt, now + Math.ceil((look_at - startMs - now) / 1_000) * 1_000);
      const { own, ofTask } =
        handouts.length === 0 ? { own: now, ofTask: () => now } : sendingTimes(now, shared, delays);
      freeAt = handouts.length === 0 ? now : own + delays.send();
      decideAt = cut ? freeAt + delays.read(poolSize()) : Infinity;
      return ofTask;
    },
  };
}
