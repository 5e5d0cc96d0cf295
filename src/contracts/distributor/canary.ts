import * as z from 'zod';
import { canarySamplesMin, canaryShareMax, canaryShareMin } from '../limits.ts';

/** How a new version is tried on a share of the tasks before it is in force. */
export const canarySettings = z.strictObject({
  /** Share of the tasks for which it decides, by their ids. */
  share: z.number().min(canaryShareMin).max(canaryShareMax),
  /** What must not get worse: the share of attempts that succeed or of deadlines met, or the mean time from queue to start (wait) or to result (latency). */
  watch: z.enum(['success', 'deadlines', 'wait', 'latency']).default('success'),
  /** How much worse it may be than the version in force: 0.05 is 5 points of a share, 5 % of a time. */
  margin: z.number().min(0).max(10).default(0.05),
  /** Tasks that must have ended on either side before it is judged. */
  samples: z.int().min(canarySamplesMin).max(1_000_000).default(100),
});
export type CanarySettings = z.infer<typeof canarySettings>;
export type CanaryInput = z.input<typeof canarySettings>;

/** One side of a canary: shares (0 to 1) and means (ms), absent where nothing is behind them. */
export const canaryFigures = z.strictObject({
  ended: z.int(),
  dated: z.int(),
  success: z.number().optional(),
  deadlines: z.number().optional(),
  wait: z.number().optional(),
  latency: z.number().optional(),
});
export type CanaryFigures = z.infer<typeof canaryFigures>;

/** Which side of a canary decided for an attempt; when its task was queued and is due (epoch ms). */
export interface CanaryHold {
  /** Of the policy, while the canary is on. */
  readonly version: number;
  readonly side: 'old' | 'new';
  readonly queued: number;
  readonly due?: number;
}

/** Sums over the attempts of one side that ended; `dated` had a deadline, `met` kept it. Times add up over all (wait) or the completed ones (latency). */
export interface SideSums {
  readonly ended: number;
  readonly completed: number;
  readonly wait_ms: number;
  readonly latency_ms: number;
  readonly dated: number;
  readonly met: number;
}
export interface CanarySums {
  readonly old: SideSums;
  readonly new: SideSums;
}
