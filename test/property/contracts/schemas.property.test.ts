import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CadreError } from '../../../src/contracts/errors.ts';
import { parse, parseJson } from '../../../src/contracts/parse.ts';
import { contracts, tolerant } from './valid-values.ts';

/** A nesting of lists so deep that a recursive reader would run out of stack. */
function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

const hostile: readonly unknown[] = [
  undefined,
  null,
  true,
  NaN,
  Infinity,
  -1,
  1.5,
  1e308,
  '',
  'a#b',
  'a:b:c',
  '\ud800',
  '\u0000',
  '__proto__',
  'x'.repeat(100_000),
  [],
  {},
  [[]],
  deep(10_000),
  JSON.parse('{"__proto__":{"polluted":true}}'),
  () => 1,
  Symbol('s'),
  10n,
];

const hostileKeys = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  'a.b',
  'unknown',
  '\ud800',
  'x'.repeat(10_000),
];

/** An own key, also where plain assignment would set the prototype. */
function withKey(value: object, key: string, inner: unknown): object {
  return Object.defineProperty({ ...value }, key, { value: inner, enumerable: true, configurable: true });
}

/** Either the value is taken, or it is refused with where and what; anything else that is thrown is a mistake of ours. */
function refusal(read: () => unknown): CadreError | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof CadreError) return error;
    throw error;
  }
}

describe.each(contracts)('the contract of a %s', (name, schema, values) => {
  it('takes what keeps it and changes nothing on the way through JSON', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(parse(schema, value)).toEqual(value);
        const text = JSON.stringify(value);
        expect(JSON.stringify(parseJson(schema, text))).toBe(JSON.stringify(parse(schema, JSON.parse(text))));
      }),
    );
  });

  it('refuses an unknown key with its path', () => {
    if (tolerant.has(name)) return;
    fc.assert(
      fc.property(values, fc.constantFrom(...hostileKeys), fc.constantFrom(...hostile), (value, key, inner) => {
        const error = refusal(() => parse(schema, withKey(value, key, inner)));
        expect(error?.code).toBe('invalid-input');
        expect(error?.faults.map(({ path }) => path)).toContain(key);
      }),
    );
  });

  it('answers a retyped, huge or absurd value with a refusal that names the key, or takes it', () => {
    fc.assert(
      fc.property(values, fc.nat(), fc.constantFrom(...hostile), (value, pick, inner) => {
        const keys = Object.keys(value);
        const key = keys[pick % keys.length]!;
        const error = refusal(() => parse(schema, { ...value, [key]: inner }));
        if (error === undefined) return;
        expect(error.code).toBe('invalid-input');
        expect(error.faults.every(({ path = '' }) => path === '' || keys.some((known) => path.startsWith(known)))).toBe(
          true,
        );
      }),
      { numRuns: 300 },
    );
  });

  it('answers a dropped key with a refusal that names it, or can do without it', () => {
    fc.assert(
      fc.property(values, fc.nat(), (value, pick) => {
        const keys = Object.keys(value);
        const key = keys[pick % keys.length]!;
        const rest = Object.fromEntries(Object.entries(value).filter(([each]) => each !== key));
        const error = refusal(() => parse(schema, rest));
        if (error !== undefined) expect(error.faults.map(({ path }) => path)).toContain(key);
      }),
    );
  });

  it('refuses what is no object at all, and any text that is no JSON', () => {
    for (const value of hostile) {
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) continue;
      expect(refusal(() => parse(schema, value))?.code).toBe('invalid-input');
    }
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(['invalid-json', 'invalid-input']).toContain(refusal(() => parseJson(schema, text))?.code);
      }),
    );
  });
});

describe('hostile input', () => {
  it('has not polluted any prototype', () => {
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
