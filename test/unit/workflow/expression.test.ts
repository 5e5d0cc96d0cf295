import { describe, expect, it } from '@jest/globals';
import { evaluate } from '../../../src/workflow/core/expressions/expression.ts';

const values = { input: { list: [1, 2, 3] }, outputs: { a: { x: 1 } }, nodes: { a: { status: 'Completed' } } };

describe('evaluating an expression', () => {
  it('gives JSON text, and null for nothing', async () => {
    expect(await evaluate('{ "sum": $sum(input.list), "x": outputs.a.x }', values)).toEqual({
      ok: true,
      value: '{"sum":6,"x":1}',
    });
    expect(await evaluate('outputs.b', values)).toEqual({ ok: true, value: 'null' });
  });

  it('is refused when it does not parse, fails, or gives something that is not JSON', async () => {
    for (const text of ['(', '$error("no")', 'function($x) { $x }', '{ "f": $sum }', '1 / 0']) {
      expect(await evaluate(text, values)).toMatchObject({ ok: false, error: { code: 'input-failed' } });
    }
  });

  it('is refused when it wants the time, chance, or an expression made at run time', async () => {
    for (const call of ['$now()', '$millis()', '$random()', '$shuffle(input.list)', '$eval("1")']) {
      const refused = await evaluate(call, values);
      expect(refused).toMatchObject({ ok: false, error: { message: expect.stringContaining('is not available') } });
    }
  });

  it('is stopped when it recurs without end, nests too deep or makes too much', async () => {
    const endless = [
      '($f := function() { $f() }; $f())',
      '($f := function($n) { 1 + $f($n) }; $f(1))',
      '$sum([1..9000000])',
    ];
    for (const text of endless) {
      expect(await evaluate(text, values)).toMatchObject({ ok: false, error: { code: 'input-failed' } });
    }
  });

  it('gives the same value to evaluations that run at the same time', async () => {
    const many = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        evaluate('$map(input.list, function($v) { $v * input.n })', { ...values, input: { n, list: [1, 2] } }),
      ),
    );
    expect(many.map((each) => each.ok && each.value)).toEqual(Array.from({ length: 20 }, (_, n) => `[${n},${2 * n}]`));
  });
});
