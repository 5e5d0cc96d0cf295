import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { entryOf } from '../../../src/context/core/search/entry.ts';
import { hashedEmbedding, hashedModel, vectorDimensions } from '../../../src/context/core/search/hashed-embedding.ts';
import { dot, quantise, turned } from '../../../src/context/core/search/quantise.ts';
import { searchVectors } from '../../../src/context/core/search/search-vectors.ts';
import { eachEstimate, packSketches, sketchTable } from '../../../src/context/core/search/sketch.ts';
import { viewOf } from './search-stage.ts';

const value = fc.double({ min: -1, max: 1, noNaN: true });

/** A small linear congruential generator, for texts that are the same in each run. */
function numbers(seed: number) {
  let state = seed;
  return (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Texts about one of 60 topics of 40 words each, with a fifth of their words from anywhere. */
function textsOf(count: number): string[] {
  const next = numbers(7);
  return Array.from({ length: count }, () => {
    const topic = next(60);
    return Array.from({ length: 30 }, () => `w${next(5) === 0 ? next(2_400) : topic * 40 + next(40)}x`).join(' ');
  });
}

describe('vectors', () => {
  it('have length one, or zero for no text, and like themselves most', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const vector = hashedEmbedding(text);
        const length = dot(vector, vector);
        expect(length === 0 || Math.abs(length - 1) < 1e-5).toBe(true);
      }),
    );
  });

  it('keep their dot products when they are turned, whatever their length', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 70 }), (pairs) => {
        const [one, other] = [0, 1].map((side) => Float32Array.from(pairs, (pair) => pair[side] ?? 0));
        if (one === undefined || other === undefined) return;
        expect(dot(turned(one), turned(other))).toBeCloseTo(dot(one, other), 3);
      }),
    );
  });

  it('lose less than half a step of their scale when they are quantised', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 64 }), (list) => {
        const { scale, values } = quantise(Float32Array.from(list));
        for (const [at, exact] of turned(Float32Array.from(list)).entries()) {
          expect(Math.abs((values[at] ?? 0) * scale - exact)).toBeLessThanOrEqual(scale * 0.51);
        }
      }),
    );
  });

  it('have sketches whose estimates are right on average, and near', () => {
    const [query, ...others] = textsOf(400).map(hashedEmbedding);
    const table = sketchTable(turned(query ?? new Float32Array()));
    let [sum, squares] = [0, 0];
    const packed = packSketches(others.map(quantise), vectorDimensions);
    eachEstimate(packed, table, { first: 0, flags: undefined }, (ordinal, estimate) => {
      const error = estimate - dot(others[ordinal] ?? new Float32Array(), query ?? new Float32Array());
      sum += error;
      squares += error ** 2;
    });
    expect(Math.abs(sum / others.length)).toBeLessThan(0.01);
    expect(Math.sqrt(squares / others.length)).toBeLessThan(0.05);
  });

  describe('in segments', () => {
    const exact = textsOf(3_000).map((text, at) => ({ id: `d${at}`, at, text, vector: hashedEmbedding(text) }));
    const entries = exact.map(({ id, at, text, vector }) =>
      entryOf({
        id,
        version: 1,
        updated_at: 0,
        text,
        labels: at % 25 === 0 ? ['tag:rare'] : [],
        vector: quantise(vector),
      }),
    );
    const view = viewOf(entries, [2_000, 990]);

    /** The share of the exact ten nearest that is found, for questions of three words, which are near to nothing. */
    async function recall(among: typeof exact, labels: readonly (readonly string[])[]): Promise<number> {
      const asked = textsOf(25).map((text) => hashedEmbedding(text.split(' ').slice(0, 3).join(' ')));
      let hits = 0;
      for (const vector of asked) {
        const nearest = among
          .map(({ id, vector: other }) => ({ id, likeness: dot(other, vector) }))
          .sort((one, other) => other.likeness - one.likeness)
          .slice(0, 10);
        const found = await searchVectors(view, { vector, model: hashedModel, filter: { labels }, limit: 10 });
        hits += nearest.filter(({ id }) => found.some((candidate) => candidate.id === id)).length;
      }
      return hits / (asked.length * 10);
    }

    it('are found nearly as by looking at all of them exactly', async () => {
      expect(await recall(exact, [])).toBeGreaterThan(0.97);
    });

    it('are found as well when few documents pass the filter', async () => {
      const few = exact.filter(({ at }) => at % 25 === 0);
      expect(await recall(few, [['tag:rare']])).toBeGreaterThan(0.97);
    });
  });
});
