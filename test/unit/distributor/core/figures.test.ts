import { describe, expect, it } from '@jest/globals';
import { figuredAttemptsMax, figuredTypesMax } from '../../../../src/contracts/limits.ts';
import type { TypeFigures } from '../../../../src/contracts/rows.ts';
import { addedFigures, agingOf, recordOf } from '../../../../src/distributor/core/agents/figures.ts';
import { freeSlots } from '../../../../src/distributor/core/agents/open-slots.ts';
import { agentRow, results } from '../rows.ts';

const of = (completed: number): TypeFigures => ({
  completed,
  failed: 0,
  log: 0,
  log_squared: 0,
  micro_usd: 0,
  tokens: 0,
});

describe('the figures of an agent', () => {
  it('tell median and p95 of a log-normal spread from five sums', () => {
    // Durations at the quantiles of a log-normal with median 1 s and a spread of 0.5.
    const normal = [-1.645, -1.036, -0.674, -0.385, -0.126, 0.126, 0.385, 0.674, 1.036, 1.645];
    const spread = normal.flatMap((deviation) => results(1, 0, 1_000 * Math.exp(0.5 * deviation)));
    const record = recordOf(addedFigures(spread)['demo']);
    expect(record.p50_ms).toBeCloseTo(1_000, -1);
    expect(record.p95_ms! / 1_000).toBeGreaterThan(1.9);
    expect(record.p95_ms! / 1_000).toBeLessThan(2.4);
  });

  it('keep types apart, know no duration of what never succeeded, and count what was released for nothing', () => {
    const cost = { usage: { usd: 0.25 } };
    const sent = [
      { ...results(1, 0)[0]!, ...cost },
      { ...results(1, 0)[0]!, usage: { usd: 0.75 } },
      ...results(0, 1, 5, 'other'),
      { ...results(0, 1)[0]!, outcome: 'released' as const, task_type: 'given-back' },
    ];
    const added = addedFigures(sent);
    expect(Object.keys(added)).toEqual(['demo', 'other']);
    expect(recordOf(added['demo'])).toMatchObject({ known: 2, success: 1, usd: 0.5 });
    expect(recordOf(added['other'])).toEqual({
      known: 1,
      success: 2 / 3,
      p50_ms: undefined,
      p95_ms: undefined,
      usd: undefined,
    });
  });

  it('age: the types with many attempts are halved, the least worked beyond the limit forgotten', () => {
    const few = Object.fromEntries(Array.from({ length: figuredTypesMax }, (_, at) => [`t${at}`, of(at + 1)]));
    expect(agingOf(agentRow())).toBeUndefined();
    expect(agingOf(agentRow({ figures: few }))).toBeUndefined();
    const figures = { ...few, much: of(figuredAttemptsMax) };
    expect(agingOf(agentRow({ figures }))).toEqual({ halve: { much: of(figuredAttemptsMax) }, forget: ['t0'] });
  });
});

describe('the slots of an agent', () => {
  it('are one after failures in a row, and all of them after a success', () => {
    expect(freeSlots(agentRow({ capacity: 8, failed_in_a_row: 5 }))).toBe(1);
    expect(freeSlots(agentRow({ capacity: 8, failed_in_a_row: 5, busy: 1 }))).toBe(0);
    expect(freeSlots(agentRow({ capacity: 8, busy: 1 }))).toBe(7);
  });

  it('open one by one while it warms up', () => {
    const open = (completed_since?: number) =>
      freeSlots(
        agentRow({ capacity: 3, warm_up: true, ...(completed_since === undefined ? {} : { completed_since }) }),
      );
    expect([open(), open(1), open(2), open(9)]).toEqual([1, 2, 3, 3]);
  });
});
