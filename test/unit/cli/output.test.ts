import { describe, expect, it } from '@jest/globals';
import { createOutput, showDuration, table } from '../../../src/cli/output.ts';
import { reportRefusal } from '../../../src/cli/refusal.ts';
import { CadreError } from '../../../src/contracts/errors.ts';

function streams() {
  const written = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') =>
    ({ isTTY: false, write: (text: string) => (written[name] += text) }) as unknown as NodeJS.WriteStream;
  return { written, both: { stdout: stream('stdout'), stderr: stream('stderr') } };
}

describe('what a command prints', () => {
  it('is data on stdout and messages on stderr', () => {
    const { written, both } = streams();
    const out = createOutput(false, both);
    out.progress('working');
    out.data({ n: 1 }, ({ n }) => `n is ${n}`);
    expect(written).toEqual({ stdout: 'n is 1\n', stderr: 'working\n' });
  });

  it('is JSON alone with --json', () => {
    const { written, both } = streams();
    const out = createOutput(true, both);
    out.progress('working');
    out.data({ n: 1 }, () => 'text');
    expect(written).toEqual({ stdout: '{"n":1}\n', stderr: '' });
  });

  it('tells a refusal with its cause, every fault and the way out', () => {
    const { written, both } = streams();
    const faults = [
      { code: 'invalid-input', message: 'first', path: 'a' },
      { code: 'invalid-input', message: 'second', path: 'b' },
    ] as const;
    const exit = reportRefusal(new CadreError('invalid-input', 'a: first', { faults }), createOutput(false, both));
    expect(exit).toBe(2);
    expect(written.stderr).toContain('a: first');
    expect(written.stderr).toContain('b: second');
    expect(written.stderr).toContain('What to do:');
  });

  it('tells a single fault, and advice that holds for all, once', () => {
    const { written, both } = streams();
    const fix = 'Correct the field at the given path; the JSON Schemas are in docs/schemas/.';
    const faults = [{ code: 'invalid-input', message: 'must be a number', path: 'a', fix }] as const;
    reportRefusal(new CadreError('invalid-input', 'a: must be a number', { faults }), createOutput(false, both));
    expect(written.stderr.split('must be a number')).toHaveLength(2);
    expect(written.stderr.split(fix)).toHaveLength(2);
  });

  it('lines columns up', () => {
    expect(
      table(['A', 'B'], [['long', 'x']])
        .split('\n')
        .map((line) => line.indexOf('B') + line.indexOf('x')),
    ).toEqual([5, 5]);
  });

  it.each([
    [12, '12 ms'],
    [1_500, '1.5 s'],
    [60_000, '1 min'],
    [150_000, '2 min 30 s'],
    [93_600_000, '1 d 2 h'],
    [undefined, '-'],
  ])('shows %p ms as %s', (ms, shown) => {
    expect(showDuration(ms)).toBe(shown);
  });
});
