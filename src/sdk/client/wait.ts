import type { AgentClock } from '../clock.ts';

const firstPauseMs = 250;
const pauseMsMax = 2_000;
const pauseGrowth = 1.5;

/** How to wait. */
export interface WaitOptions<T> {
  /** Hears of every state that differs from the one before. */
  readonly onProgress?: (view: T) => void;
  /** Ends the waiting (not the work): the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Looks again and again, from every 250 ms to every 2 s; soon again when something has changed. */
export async function waitFor<T>(
  look: (signal?: AbortSignal) => Promise<T>,
  isOver: (view: T) => boolean,
  clock: AgentClock,
  { onProgress, signal }: WaitOptions<T>,
): Promise<T> {
  let shown = '';
  for (let pause = firstPauseMs; ; pause = Math.min(pause * pauseGrowth, pauseMsMax)) {
    signal?.throwIfAborted();
    const view = await look(signal);
    const state = JSON.stringify(view);
    if (state !== shown) {
      onProgress?.(view);
      pause = firstPauseMs;
    }
    shown = state;
    if (isOver(view)) return view;
    await clock.sleep(pause, signal);
  }
}
