import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { MergeRule } from '../../../src/contracts/context/merge-rules.ts';
import { canonicalJson, type Json } from '../../../src/contracts/json.ts';
import { merge } from '../../../src/context/core/merge.ts';
import { keysOf, pointerOf, sameJson, valueAt } from '../../../src/context/core/pointer.ts';

const key = fc.constantFrom('a', 'b', 'c', 'n', 's', 'l');
const { tree } = fc.letrec<{ tree: Json; leaf: Json }>((tie) => ({
  leaf: fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constantFrom('x', 'y\nz', '', null, true), fc.constant([])),
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
    fc.array(tie('tree'), { maxLength: 3 }),
  ),
}));
const object = fc.dictionary(key, tree, { maxKeys: 5 }) as fc.Arbitrary<Json>;
const rules = fc.array(
  fc.record({
    path: fc.array(fc.oneof(key, fc.constant('*')), { maxLength: 3 }).map(pointerOf),
    policy: fc.constantFrom('last_writer', 'max', 'min', 'sum', 'union', 'append', 'text'),
  }),
  { maxLength: 3 },
);

/** Every place of a value, and the value there. */
function places(value: Json, at: readonly string[] = []): [string, Json][] {
  const inside =
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value as Record<string, Json>)
      : [];
  return [[pointerOf(at), value], ...inside.flatMap(([name, child]) => places(child, [...at, name]))];
}

describe('a merge', () => {
  it('gives the one side that changed something, whatever the rules', () => {
    fc.assert(
      fc.property(object, object, rules, (base, changed, by) => {
        expect(merge(base, changed, base, by)).toEqual({ data: changed, conflicts: [], custom: [] });
        expect(merge(base, base, changed, by)).toEqual({ data: changed, conflicts: [], custom: [] });
      }),
    );
  });

  it('agrees with itself when the sides change places, wherever no rule looks at the order', () => {
    const unordered = rules.map((by) => by.filter(({ policy }) => ['max', 'min', 'sum'].includes(policy)));
    fc.assert(
      fc.property(object, object, object, unordered, (base, ours, theirs, by) => {
        const [one, other] = [merge(base, ours, theirs, by), merge(base, theirs, ours, by)];
        expect(one.conflicts.map(({ path }) => path).sort()).toEqual(other.conflicts.map(({ path }) => path).sort());
        if (one.conflicts.length === 0) expect(canonicalJson(one.data)).toBe(canonicalJson(other.data));
      }),
    );
  });

  it('loses nothing silently: what one side changed is there, or a conflict names it', () => {
    fc.assert(
      fc.property(object, object, object, (base, ours, theirs) => {
        const { data, conflicts } = merge(base, ours, theirs, []);
        const isConflict = (place: string) =>
          conflicts.some(({ path }) => place === path || place.startsWith(`${path}/`) || path.startsWith(`${place}/`));
        for (const side of [ours, theirs]) {
          for (const [place, value] of places(side)) {
            const isLeaf = typeof value !== 'object' || value === null || Array.isArray(value);
            if (!isLeaf || Array.isArray(value) || isConflict(place) || place === '') continue;
            if (sameJson(value, valueAt(base, keysOf(place)))) continue;
            expect({ place, value: valueAt(data ?? null, keysOf(place)) }).toEqual({ place, value });
          }
        }
      }),
    );
  });

  it('adds every increment of a sum, and every addition of a list that grows', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer(),
        fc.integer(),
        fc.array(fc.string()),
        fc.array(fc.string()),
        (base, a, b, mine, later) => {
          expect(merge(base, base + a, base + b, [{ path: '', policy: 'sum' }])).toMatchObject({
            data: base + a + b,
            conflicts: [],
          });
          expect(merge(['0'], ['0', ...mine], ['0', ...later], [{ path: '', policy: 'append' }])).toMatchObject({
            data: ['0', ...mine, ...later],
            conflicts: [],
          });
        },
      ),
    );
  });

  it('adds two equal increments inside containers that are equal, too', () => {
    const by: MergeRule[] = [
      { path: '/*/n', policy: 'sum' },
      { path: '/log', policy: 'append' },
    ];
    const side = { a: { n: 1 }, log: ['x'] };
    expect(merge({ a: { n: 0 }, log: [] }, side, side, by)).toMatchObject({
      data: { a: { n: 2 }, log: ['x', 'x'] },
      conflicts: [],
    });
  });

  it('merges lists as sets by what each side added and took away', () => {
    const set = fc.uniqueArray(fc.integer({ min: 0, max: 9 }));
    fc.assert(
      fc.property(set, set, set, (base, ours, theirs) => {
        const { data } = merge(base, ours, theirs, [{ path: '', policy: 'union' }]);
        const expected = [...new Set([...ours, ...theirs])].filter((each) =>
          base.includes(each) ? ours.includes(each) && theirs.includes(each) : true,
        );
        expect([...(data as number[])].sort()).toEqual(expected.sort());
      }),
    );
  });

  it('merges texts by line and calls two changes of one line a conflict', () => {
    const by: MergeRule[] = [{ path: '', policy: 'text' }];
    expect(merge('a\nb\nc\nd\ne', 'A\nb\nc\nd\ne', 'a\nb\nc\nd\nE', by)).toMatchObject({
      data: 'A\nb\nc\nd\nE',
      conflicts: [],
    });
    expect(merge('a\nb', 'A\nb', 'X\nb', by).conflicts).toMatchObject([
      { path: '', reason: 'both changed the same lines' },
    ]);
  });
});
