import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { entryOf } from '../../../src/context/core/search/entry.ts';
import { hashedEmbedding, hashedModel } from '../../../src/context/core/search/hashed-embedding.ts';
import { dot, quantise } from '../../../src/context/core/search/quantise.ts';
import { searchVectors } from '../../../src/context/core/search/search-vectors.ts';
import { viewOf } from './search-stage.ts';

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

  it('lose less than half a step of their scale when they are quantised', () => {
    const value = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 64 }), (list) => {
        const { scale, values } = quantise(Float32Array.from(list));
        for (const [at, exact] of list.entries()) {
          expect(Math.abs((values[at] ?? 0) * scale - exact)).toBeLessThanOrEqual(scale * 0.51);
        }
      }),
    );
  });

  it('in cells are found nearly as by looking at all of them exactly', async () => {
    const exact = textsOf(6_000).map((text, at) => ({ id: `d${at}`, text, vector: hashedEmbedding(text) }));
    const entries = exact.map(({ id, text, vector }) =>
      entryOf({ id, version: 1, updated_at: 0, text, labels: [], vector: quantise(vector) }),
    );
    const view = viewOf(entries, [4_000, 1_990]);
    expect(view.segments[0]?.meta.vectors?.cells).toBeGreaterThan(30);
    let hits = 0;
    const questions = exact.filter((_, at) => at % 200 === 0);
    for (const { vector } of questions) {
      const best = exact
        .map(({ id, vector: other }) => ({ id, likeness: dot(other, vector) }))
        .sort((one, other) => other.likeness - one.likeness)
        .slice(0, 10);
      const found = await searchVectors(view, { vector, model: hashedModel, filter: { labels: [] }, limit: 10 });
      hits += best.filter(({ id }) => found.some((candidate) => candidate.id === id)).length;
    }
    expect(hits / (questions.length * 10)).toBeGreaterThan(0.9);
  });
});
