import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson, json, jsonDepthMax } from '../../../src/contracts/json.ts';

/** The same value with the keys of every object in the opposite order. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, inner]) => [key, turned(inner)]),
  );
}

function nested(levels: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = wrap(value);
  return value;
}

const values = fc.jsonValue({ stringUnit: 'binary' });

describe('the canonical text of a value', () => {
  it('does not depend on the order of keys', () => {
    fc.assert(fc.property(values, (value) => expect(canonicalJson(turned(value))).toBe(canonicalJson(value))));
  });

  it('is JSON of an equal value', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('differs for values that differ', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const isSame = canonicalJson(a) === canonicalJson(b);
        // Without the canonical order the texts of equal values may differ, but never the other way round.
        if (JSON.stringify(a) === JSON.stringify(b)) expect(isSame).toBe(true);
        if (isSame) expect(JSON.parse(canonicalJson(a))).toEqual(JSON.parse(canonicalJson(b)));
      }),
    );
  });

  it.each([
    ['{"b":1,"a":{"d":[{"z":1,"y":2}],"c":0}}', '{"a":{"c":0,"d":[{"y":2,"z":1}]},"b":1}'],
    ['{"__proto__":{"b":1,"a":2},"constructor":1}', '{"__proto__":{"a":2,"b":1},"constructor":1}'],
    ['{"10":1,"9":2,"a":3}', '{"9":2,"10":1,"a":3}'],
    ['"\\ud800"', '"\\ud800"'],
    ['-0', '0'],
  ])('of %s is %s', (text, canonical) => {
    expect(canonicalJson(JSON.parse(text))).toBe(canonical);
  });
});

describe('a JSON value at a border', () => {
  it('is any value that JSON can carry', () => {
    fc.assert(fc.property(values, (value) => expect(json.safeParse(value).success).toBe(true)));
  });

  it.each([
    [jsonDepthMax - 1, true],
    [jsonDepthMax, true],
    [jsonDepthMax + 1, false],
    [10_000, false],
    [1_000_000, false],
  ])('%d levels deep is taken: %s', (levels, taken) => {
    expect(json.safeParse(nested(levels, (inner) => [inner])).success).toBe(taken);
    expect(json.safeParse(nested(levels, (inner) => ({ inner }))).success).toBe(taken);
  });

  it.each([[NaN], [Infinity], [undefined], [10n], [() => 1], [Symbol('s')], [[undefined]], [{ a: NaN }]])(
    'is not %p',
    (value) => {
      expect(json.safeParse(value).success).toBe(false);
    },
  );
});
