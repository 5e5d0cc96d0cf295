import { setTimeout as wait } from 'node:timers/promises';

/** Time as the agent sees it: real, or the twin's. Nothing else in the agent knows what time it is. */
export interface AgentClock {
  /** Epoch milliseconds. */
  now(): number;
  /** Resolves after `ms`, or at once when `signal` is aborted; it never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Node's timers hold 31 bits; a longer wait is a wait of this length and another one. */
const timerMsMax = 2 ** 31 - 1;

/** The machine's own time. */
export const realClock: AgentClock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    for (let left = ms; left > 0 && signal?.aborted !== true; left -= timerMsMax) {
      // An aborted wait is a wait that ended early, as the port promises.
      await wait(Math.min(left, timerMsMax), undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    }
  },
};

/** The same time with sleeps that never reject: a clock given by a caller may answer an abort with a rejection. */
export function patient(clock: AgentClock): AgentClock {
  return {
    now: () => clock.now(),
    sleep: (ms, signal) => clock.sleep(ms, signal).catch(() => undefined),
  };
}
