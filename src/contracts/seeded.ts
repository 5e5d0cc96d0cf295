/** Chance that a seed makes: the same text gives the same numbers, everywhere and for ever. None of it is for secrets. */

/** FNV-1a of a text as an unsigned 32-bit integer, going on from `start`. */
export function fnv1a(text: string, start = 0x811c9dc5): number {
  let hash = start | 0;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** The sfc32 generator of a seed: unsigned 32-bit integers. Small, fast, and good enough that neighbouring seeds give unrelated runs. */
export function sfc32(seed: string): () => number {
  let a = fnv1a(seed);
  let b = fnv1a(seed, a ^ 0x9e3779b9);
  let c = fnv1a(seed, b ^ 0x243f6a88);
  let counter = 1;
  const draw = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  // The first outputs still resemble the seed.
  for (let round = 0; round < 12; round += 1) draw();
  return draw;
}

/** How many standard deviations the 99th percentile of a normal lies above its mean. */
const p99Deviations = 2.326_347_874;

/** A draw from the log-normal with this median and 99th percentile: the usual shape of a latency, never below zero and with a long tail. `next` gives numbers in [0, 1). */
export function logNormal(next: () => number, median: number, p99: number): number {
  // Box-Muller: a normal deviate of two uniform ones.
  const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return median * Math.exp((Math.log(p99 / median) / p99Deviations) * normal);
}
