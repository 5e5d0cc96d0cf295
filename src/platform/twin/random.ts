/** A seeded source of numbers. Everything in the twin that is left to chance draws from one of these, so a seed is a whole run. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** An integer in [0, bound); 0 when the bound is 1 or less. */
  below(bound: number): number;
  /** True with the given probability. Draws nothing for 0 or less, so an absent fault does not disturb the rest of a run. */
  chance(probability: number): boolean;
  /** One element; throws on an empty list. */
  pick<T>(items: readonly T[]): T;
  /** A stream of its own: drawing from it does not move this one. */
  fork(label: string): Random;
  /** Hexadecimal digits for an identifier. */
  hex(digits: number): string;
}

const twoTo32 = 4_294_967_296;
const byteShifts = [24, 16, 8, 0];
const hexBytes = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** FNV-1a of a string as an unsigned 32-bit integer. Not for secrets: it only spreads labels and seeds. */
export function hashText(text: string, start = 0x811c9dc5): number {
  let hash = start | 0;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** The sfc32 generator: small, fast, and good enough that neighbouring seeds give unrelated runs. */
export function createRandom(seed: number | string): Random {
  const label = String(seed);
  let a = hashText(label);
  let b = hashText(label, a ^ 0x9e3779b9);
  let c = hashText(label, b ^ 0x243f6a88);
  let counter = 1;
  function draw(): number {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  }
  // The first outputs still resemble the seed.
  for (let round = 0; round < 12; round++) draw();
  const random: Random = {
    next: () => draw() / twoTo32,
    below: (bound) => (bound <= 1 ? 0 : Math.floor((draw() / twoTo32) * bound)),
    chance: (probability) => probability > 0 && draw() / twoTo32 < probability,
    pick(items) {
      const item = items[random.below(items.length)];
      if (item === undefined) throw new Error('pick: the list is empty');
      return item;
    },
    fork: (name) => createRandom(`${label}/${name}`),
    hex(digits) {
      let text = '';
      while (text.length < digits) {
        const word = draw();
        for (const shift of byteShifts) text += hexBytes[(word >>> shift) & 0xff] ?? '';
      }
      return text.slice(0, digits);
    },
  };
  return random;
}
