import { logNormal, sfc32 } from '../contracts/seeded.ts';

/** A seeded source of numbers: a seed is a whole run. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** An integer in [0, bound). */
  below(bound: number): number;
  /** A draw with this mean, as times between independent events are spread. */
  exponential(mean: number): number;
  /** A draw from the log-normal with this median and 99th percentile: the usual shape of a latency, never below zero and with a long tail. */
  logNormal(median: number, p99: number): number;
}

const twoTo32 = 4_294_967_296;
/**
 * The stream of a seed and a label. Each matter of chance has a stream of its own, so that two policies meet the same arrivals,
 * durations and failures and differ only by what they decide.
 */
export function createRandom(seed: number, label: string): Random {
  const draw = sfc32(`${seed}/${label}`);
  const next = () => draw() / twoTo32;
  return {
    next,
    below: (bound) => Math.floor(next() * bound),
    exponential: (mean) => -mean * Math.log(1 - next()),
    logNormal: (median, p99) => logNormal(next, median, p99),
  };
}
