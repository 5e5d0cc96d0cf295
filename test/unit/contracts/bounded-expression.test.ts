import { describe, expect, it } from '@jest/globals';
import { boundedExpression } from '../../../src/contracts/bounded-expression.ts';
import { BoundedPattern } from '../../../src/contracts/bounded-pattern.ts';

const bounds = { timeout: 1_000, stack: 200, sequence: 100_000 };
const forbidden = { names: ['now'], reason: 'not here' };
const value = (text: string, input: unknown = {}) => boundedExpression(text, bounds).evaluate(input);

describe('an expression', () => {
  it('gives what JSONata gives', async () => {
    const input = { items: [3, 1, 2, 1], text: 'one, two;three', at: 0 };
    expect(await value('$sum(items)', input)).toBe(7);
    expect([...((await value('$distinct($sort(items))', input)) as number[])]).toEqual([1, 2, 3]);
    expect([...((await value('$split(text, /[,;]\\s*/)', input)) as string[])]).toEqual(['one', 'two', 'three']);
    expect(await value('$replace(text, /(\\w+), (\\w+)/, "$2 $1")', input)).toBe('two one;three');
    expect(await value('$replace(text, "o", "0") & $pad("", 3, "x") & $join(["a", "b"], "-")', input)).toBe(
      '0ne, tw0;threexxxa-b',
    );
    expect(await value('$fromMillis(at, "[Y0001]-[M01]-[D01]")', input)).toBe('1970-01-01');
    expect(await value('$now("[Y]")', input)).toMatch(/^\d{4}$/);
    expect(await value('$match(text, /two/i).match', input)).toBe('two');
    expect(await value('items ~> $sort(function($a, $b) { $a < $b }) ~> $join', { items: ['a', 'b'] })).toBe('ba');
  });

  it('may not have what is forbidden, and keeps evaluations of one expression apart', async () => {
    await expect(boundedExpression('$now()', bounds, forbidden).evaluate({})).rejects.toThrow('not here');
    const twice = boundedExpression('a & "!"', bounds);
    expect(await Promise.all([twice.evaluate({ a: 'x' }), twice.evaluate({ a: 'y' })])).toEqual(['x!', 'y!']);
  });

  it.each([
    ['$match(text, /(a+)+$/)', 'repeats a group'],
    ['$match(text, /(a|aa)+$/)', 'repeats a group'],
    ['$match(text, /^(?:(a)\\1)*$/)', 'back reference'],
    ['$match(text, /(?=a)b/)', 'looks around'],
  ])('refuses to be made of a pattern that goes back without end: %s', (text, reason) => {
    expect(() => boundedExpression(text, bounds)).toThrow(reason);
  });

  it.each([
    '$match(text, /a*a*a*a*a*b/)',
    '$eval("$match(text, /a*a*a*a*a*b/)")',
    '( $grow := function($t, $n) { $n = 0 ? $t : $grow($t & $t, $n - 1) }; $grow("aaaaaaaa", 40) )',
    '( $grow := function($t, $n) { $n = 0 ? $t : $grow([$t, $t], $n - 1) }; $string($grow("aaaaaaaa", 40)) )',
    '$pad("", 1000000000)',
    '$join($map([1..100000], function($i) { text }), text)',
    '( $x := $pad("a", 100000, "a"); $replace($x, "a", $x) )',
    '( $x := $pad("a", 10000, "a"); $replace($x, /a/, $x) )',
    '$count($map([1..1000], function($i) { $pad("", 1000000) }))',
    '$count($map([1..1000], function($i) { { "list": [1..100000] } }))',
    '$fromMillis(0, "[M,1000000000]")',
    '$now("[M,1000000000]")',
    '$sort([1..100000])',
    '$distinct([1..100000])',
  ])('ends within its bounds: %s', async (text) => {
    const begin = Date.now();
    const told: unknown = await value(text, { text: 'a'.repeat(2_000) }).catch((error: unknown) => error);
    expect((told as { message?: unknown }).message).toMatch(/characters|memory|exceeded|timeout|at most/);
    expect(Date.now() - begin).toBeLessThan(20_000);
  });

  it('is given large inputs whole', async () => {
    const input = { text: 'x'.repeat(5_000_000) };
    expect(await value('$uppercase(text) != text and text = $$.text', input)).toBe(true);
  });
});

describe('a pattern', () => {
  it.each(['^\\d+-[a-z]+$', '(foo|bar)?x', '[*+(]a{3}(bc)+', 'a{2,5}', '(?<year>\\d{4})', '\\(x\\)*', '[^]]?'])(
    'is taken: %s',
    (source) => {
      expect(new BoundedPattern(source).exec('zzz')?.length).not.toBe(0);
    },
  );

  it('is tried on texts in which it can only go back so often', () => {
    expect(new BoundedPattern('a+b').exec('a'.repeat(10_000))).toBeNull();
    expect(() => new BoundedPattern('a+b').exec('a'.repeat(100_000))).toThrow('too many');
    expect(new BoundedPattern('b').exec('a'.repeat(100_000))).toBeNull();
    expect(() => new BoundedPattern('(a+){2,}').exec('')).toThrow('repeats a group');
  });
});
