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
/** How many standard deviations the 99th percentile of a normal lies above its mean. */
const p99Deviations = 2.326_347_874;

function hashText(text: string, start: number): number {
  let hash = start | 0;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/**
 * The stream of a seed and a label (the sfc32 generator). Each matter of chance has a stream of its own, so that two policies meet the same arrivals,
 * durations and failures and differ only by what they decide.
 */
export function createRandom(seed: number, label: string): Random {
  const name = `${seed}/${label}`;
  let a = hashText(name, 0x811c9dc5);
  let b = hashText(name, a ^ 0x9e3779b9);
  let c = hashText(name, b ^ 0x243f6a88);
  let counter = 1;
  function next(): number {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / twoTo32;
  }
  // The first outputs still resemble the seed.
  for (let round = 0; round < 12; round += 1) next();
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return {
    next,
    below: (bound) => Math.floor(next() * bound),
    exponential: (mean) => -mean * Math.log(1 - next()),
    logNormal: (median, p99) => median * Math.exp((Math.log(p99 / median) / p99Deviations) * normal()),
  };
}
