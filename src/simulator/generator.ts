import { priorities, type Priority } from '../contracts/distributor/task.ts';
import { createRandom } from './random.ts';
import type { Work } from './work.ts';

/** How the working times of generated tasks are spread around their mean. */
export const durationShapes = ['exponential', 'fixed', 'lognormal'] as const;
export type DurationShape = (typeof durationShapes)[number];

/** Shares of the levels; they need not add up to one. */
export type Mix = Readonly<Record<Priority, number>>;

/** Arrivals out of nothing. */
export interface Generated {
  readonly seed: number;
  readonly tasks: number;
  /** Tasks a second, at random moments; Infinity: all at once. */
  readonly rate: number;
  readonly mix: Mix;
  readonly duration_ms: number;
  readonly shape: DurationShape;
  /** Given to every task, counted from its submission. */
  readonly deadline_ms?: number;
}

/** A few urgent tasks, most of them ordinary. */
export const defaultMix: Mix = { critical: 0.05, high: 0.15, medium: 0.6, low: 0.2 };

/** Draws levels by their shares. */
export function levelsOf(mix: Mix, seed: number): () => Priority {
  const random = createRandom(seed, 'levels');
  const total = priorities.reduce((sum, level) => sum + mix[level], 0);
  return () => {
    let left = random.next() * total;
    return priorities.find((level) => (left -= mix[level]) < 0) ?? 'low';
  };
}

/** How much longer the slowest hundredth of log-normal durations is than the median: the spread seen in traces of model calls. */
const tailFactor = 6;

function durationsOf({ shape, duration_ms, seed }: Generated): () => number {
  const random = createRandom(seed, 'durations');
  if (shape === 'fixed') return () => duration_ms;
  if (shape === 'exponential') return () => random.exponential(duration_ms);
  // The mean of a log-normal is its median times exp(sigma² / 2).
  const sigma = Math.log(tailFactor) / 2.326_347_874;
  const median = duration_ms / Math.exp(sigma ** 2 / 2);
  return () => random.logNormal(median, median * tailFactor);
}

/** The tasks of a generator, in the order of their times: independent arrivals (a Poisson process), levels and durations. */
export function generate(plan: Generated): readonly Work[] {
  const gaps = createRandom(plan.seed, 'arrivals');
  const level = levelsOf(plan.mix, plan.seed);
  const duration = durationsOf(plan);
  const deadline = plan.deadline_ms === undefined ? {} : { deadline_ms: plan.deadline_ms };
  let at = 0;
  return Array.from({ length: plan.tasks }, (): Work => {
    at += Number.isFinite(plan.rate) ? gaps.exponential(1000 / plan.rate) : 0;
    return { at, duration_ms: duration(), priority: level(), capabilities: [], ...deadline };
  });
}
