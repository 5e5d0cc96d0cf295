import { describe, expect, it } from '@jest/globals';
import { CadreError } from '../../../src/contracts/errors.ts';
import { parseTrace } from '../../../src/simulator/work.ts';

const lines = (...values: unknown[]): string => values.map((value) => JSON.stringify(value)).join('\n');

function faultsOf(text: string): readonly (string | undefined)[] {
  try {
    parseTrace(text, 'trace.jsonl');
  } catch (error) {
    if (error instanceof CadreError) return error.faults.map(({ path, message }) => `${path ?? ''} ${message}`);
  }
  return [];
}

describe('a trace', () => {
  it('counts its times from the first line and takes lines in any order', () => {
    const trace = lines({ timestamp_ms: 7_000, duration_ms: 5 }, { timestamp_ms: 4_000, duration_ms: 6 });
    expect(parseTrace(trace, 't')).toEqual([
      { at: 0, duration_ms: 6, priority: 'medium', capabilities: [] },
      { at: 3_000, duration_ms: 5, priority: 'medium', capabilities: [] },
    ]);
  });

  it('makes service times of tokens by the stated rates', () => {
    const trace = lines({ timestamp_ms: 0, input_tokens: 1_000, output_tokens: 100 });
    expect(parseTrace(trace, 't', { input: 2_000, output: 50 })[0]?.duration_ms).toBe(2_500);
  });

  it('keeps what the scheduler may look at', () => {
    const line = { priority: 'critical', deadline_ms: 900, capabilities: ['code:python'], namespace: 'team-a' };
    expect(parseTrace(lines({ timestamp_ms: 1, duration_ms: 2, ...line }), 't')).toEqual([
      { at: 0, duration_ms: 2, ...line },
    ]);
  });

  it('names every bad line by its number, with the path of each fault', () => {
    const text = [
      '{"timestamp_ms": 0, "duration_ms": 1}',
      '{"timestamp_ms": 0',
      '',
      '{"timestamp_ms": -1, "duration_ms": 1, "colour": 1}',
    ];
    expect(faultsOf(text.join('\n'))).toEqual([
      expect.stringMatching(/^trace\.jsonl:2 line 2: /),
      expect.stringMatching(/^trace\.jsonl:4\.timestamp_ms line 4: /),
      'trace.jsonl:4.colour line 4: unknown key "colour"',
    ]);
  });

  it('is refused when a line has no service time or two of them, and when it has no line', () => {
    expect(faultsOf(lines({ timestamp_ms: 0 }))).toHaveLength(1);
    expect(faultsOf(lines({ timestamp_ms: 0, duration_ms: 1, input_tokens: 1, output_tokens: 1 }))).toHaveLength(1);
    expect(faultsOf(lines({ timestamp_ms: 0, input_tokens: 1 }))).toHaveLength(1);
    expect(faultsOf('\n')).toEqual(['trace.jsonl the trace has no tasks']);
  });
});
