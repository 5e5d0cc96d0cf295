import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  assemble,
  assembledText,
  type MemoryPiece,
  memoryScopes,
  weigh,
} from '../../../src/context/core/memory/assemble.ts';
import { estimateTokens } from '../../../src/context/core/memory/estimate-tokens.ts';

const now = 1_000_000_000;

const piece = fc.record(
  {
    id: fc
      .tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 9 }))
      .map(([number, levels]) => `${'memory/'.repeat(levels)}t${number}`),
    version: fc.integer({ min: 1, max: 1_000 }),
    text: fc.oneof(fc.string({ maxLength: 400 }), fc.lorem({ maxCount: 120 })),
    updated_at: fc.integer({ min: 0, max: now }),
    scope: fc.constantFrom(...memoryScopes),
    pinned: fc.boolean(),
    distance: fc.integer({ min: 1, max: 4 }),
    rank: fc.integer({ min: 1, max: 50 }),
  },
  { requiredKeys: ['id', 'version', 'text', 'updated_at', 'scope', 'pinned'] },
);
const pieces = fc.uniqueArray(piece, { maxLength: 15, selector: ({ id }) => id }) as fc.Arbitrary<MemoryPiece[]>;
const budget = fc.integer({ min: 0, max: 2_000 });

describe('the assembly of a context', () => {
  it('is never above the budget, as it is counted and as it is written', () => {
    fc.assert(
      fc.property(pieces, budget, (list, most) => {
        const assembly = assemble(list, most, now);
        expect(assembly.tokens).toBeLessThanOrEqual(most);
        expect(estimateTokens(assembledText(assembly))).toBeLessThanOrEqual(most);
      }),
    );
  });

  it('accounts for every piece once, with a reason for each that is in', () => {
    fc.assert(
      fc.property(pieces, budget, (list, most) => {
        const { pieces: taken, left_out } = assemble(list, most, now);
        expect([...taken, ...left_out].map(({ id }) => id).sort()).toEqual(list.map(({ id }) => id).sort());
        expect(taken.every(({ reasons }) => reasons.length > 0)).toBe(true);
      }),
    );
  });

  it('puts what is pinned first, and leaves none of it out while anything else is in that took its room', () => {
    fc.assert(
      fc.property(pieces, budget, (list, most) => {
        const pinned = new Set(list.filter((own) => own.pinned).map(({ id }) => id));
        const taken = assemble(list, most, now).pieces.map(({ id }) => pinned.has(id));
        expect(taken.lastIndexOf(true)).toBeLessThan(taken.includes(false) ? taken.indexOf(false) : taken.length);
        const alone = assemble(
          list.filter((own) => own.pinned),
          most,
          now,
        ).pieces;
        expect(assemble(list, most, now).pieces.slice(0, alone.length)).toEqual(alone);
      }),
    );
  });

  it('does not depend on the order of what is not pinned', () => {
    fc.assert(
      fc.property(pieces, budget, (list, most) => {
        const pinned = list.filter((own) => own.pinned);
        const others = list.filter((own) => !own.pinned);
        expect(assemble([...others.toReversed(), ...pinned], most, now)).toEqual(assemble(list, most, now));
      }),
    );
  });

  it('takes everything when there is room', () => {
    fc.assert(
      fc.property(pieces, (list) => {
        const { pieces: taken, left_out } = assemble(list, 100_000, now);
        expect(left_out).toEqual([]);
        expect(taken.every(({ shortened }) => !shortened)).toBe(true);
      }),
    );
  });

  it('weighs no piece less for being nearer, more relevant or newer', () => {
    fc.assert(
      fc.property(piece as fc.Arbitrary<MemoryPiece>, (own) => {
        const { score } = weigh(own, now);
        const nearer = { ...own, distance: Math.max(1, (own.distance ?? 5) - 1) };
        const ahead = { ...own, rank: Math.max(1, (own.rank ?? 60) - 1) };
        const newer = { ...own, updated_at: now };
        for (const better of [nearer, ahead, newer])
          expect(weigh(better, now).score).toBeGreaterThanOrEqual(score - 1e-9);
      }),
    );
  });

  it('shortens a pinned piece that is too long, at the end of a line', () => {
    const text = Array.from({ length: 50 }, (_, line) => `line ${line} says something about leases`).join('\n');
    const long: MemoryPiece = { id: 'a', version: 1, text, updated_at: now, scope: 'other', pinned: true };
    const {
      pieces: [taken],
    } = assemble([long], 200, now);
    expect(taken).toMatchObject({ shortened: true, reasons: ['pinned', 'recent: changed 0 min ago'] });
    expect(text.startsWith(taken!.text)).toBe(true);
    expect(taken!.text.endsWith('leases')).toBe(true);
    expect(taken!.tokens).toBeGreaterThan(150);
  });
});

describe('the estimate of tokens', () => {
  it('grows with the text, and is nothing for nothing', () => {
    expect(estimateTokens('')).toBe(0);
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        expect(estimateTokens(`${one}\n${other}`)).toBeGreaterThanOrEqual(estimateTokens(one));
      }),
    );
  });

  it('counts as its rule says', () => {
    expect(estimateTokens('The lease of an agent.')).toBe(6);
    expect(estimateTokens('internationalisation')).toBe(5);
    expect(estimateTokens('1234')).toBe(2);
    expect(estimateTokens('{"a":1}')).toBe(5);
    expect(estimateTokens('東京')).toBe(3);
  });
});
