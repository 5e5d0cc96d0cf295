import { sfc32 } from '../../contracts/seeded.ts';

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

/** The source of a seed, and of every stream that is forked from it. */
export function createRandom(seed: number | string): Random {
  const label = String(seed);
  const draw = sfc32(label);
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
