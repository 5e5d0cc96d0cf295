import { CadreError, type Outcome } from '../../contracts/errors.ts';
import { queueFullRetryMs } from '../../contracts/limits.ts';
import type { AgentClock } from '../clock.ts';

/** What a producer does while its queue is full. */
export interface RoomOptions {
  /** Tries again for so long, ever more slowly, before the refusal `queue-full` is the caller's. @default 0: it is at once */
  readonly waitForRoomMs?: number;
}

/** The longest pause between two tries. */
const pauseMsMax = 60_000;

/** Pauses between tries that double from the time in which the queue is counted, each drawn from its second half, so that producers do not come back together. */
export function roomWaits(clock: AgentClock, random: () => number, { waitForRoomMs = 0 }: RoomOptions) {
  const until = clock.now() + waitForRoomMs;
  let tries = 0;
  /** Waits for the next try; false: the time is over. */
  return async (): Promise<boolean> => {
    const longest = Math.min(pauseMsMax, queueFullRetryMs * 2 ** tries);
    const pause = longest * (0.5 + random() / 2);
    if (clock.now() + pause > until) return false;
    tries += 1;
    await clock.sleep(pause);
    return true;
  };
}

/** Whether an error, or an outcome, is the refusal of a full queue. */
export function isQueueFull(answer: unknown): boolean {
  if (answer instanceof CadreError) return answer.code === 'queue-full';
  const { ok, error } = (answer ?? {}) as Partial<Outcome<unknown>> & { readonly error?: { readonly code?: string } };
  return ok === false && error?.code === 'queue-full';
}
