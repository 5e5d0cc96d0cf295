import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { impactOf, scoreTable } from '../../../src/context/core/search/bm25.ts';

/** BM25 as the papers have it, with nothing rounded. */
function exactScore(occurrences: number, tokens: number, average: number, documents: number, found: number): number {
  const rarity = Math.log(1 + (documents - found + 0.5) / (found + 0.5));
  return (rarity * occurrences * 2.2) / (occurrences + 1.2 * (0.25 + (0.75 * tokens) / average));
}

const occurrences = fc.integer({ min: 1, max: 15 });
const tokens = fc.integer({ min: 5, max: 10_000 });

describe('ranking by one byte a posting', () => {
  // Repetition is rounded down to 1, 2, 3, 4, 5, 7, 10 or 15, a length to the next of 32 classes: at worst a third less (14 times in a very long document).
  it('is BM25 but for the rounding of lengths and repetition', () => {
    fc.assert(
      fc.property(occurrences, tokens, fc.integer({ min: 1, max: 999 }), (often, long, found) => {
        const table = scoreTable({ documents: 1000, averageTokens: 100 }, found);
        const exact = exactScore(often, long, 100, 1000, found);
        expect((table[impactOf(often, long)] ?? 0) / exact).toBeGreaterThan(0.66);
        expect((table[impactOf(often, long)] ?? 0) / exact).toBeLessThan(1.15);
      }),
    );
  });

  it('never ranks a longer, or a poorer, document higher, nor a more common term', () => {
    fc.assert(
      fc.property(occurrences, tokens, fc.integer({ min: 1, max: 500 }), (often, long, found) => {
        const statistics = { documents: 1000, averageTokens: 100 };
        const table = scoreTable(statistics, found);
        const score = table[impactOf(often, long)] ?? 0;
        expect(table[impactOf(often, long * 2)]).toBeLessThanOrEqual(score);
        expect(table[impactOf(often + 1, long)]).toBeGreaterThanOrEqual(score);
        expect(scoreTable(statistics, found + 1)[impactOf(often, long)]).toBeLessThan(score);
      }),
    );
  });
});
