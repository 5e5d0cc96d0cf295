import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { priorities } from '../../../src/contracts/distributor/task.ts';
import type { TaskRow } from '../../../src/contracts/rows.ts';
import { dueOf } from '../../../src/distributor/core/ready/ready-order.ts';
import { escalated, nextEscalation } from '../../../src/distributor/core/tasks/escalation.ts';
import { iso, startMs, taskRow } from '../../unit/distributor/rows.ts';

const steps = fc
  .tuple(
    fc.uniqueArray(fc.integer({ min: 2_000, max: 90_000 }), { minLength: 1, maxLength: 3 }),
    fc.subarray([...priorities].slice(0, 3), { minLength: 1 }),
  )
  .map(([withins, levels]) =>
    withins
      .toSorted((one, other) => other - one)
      .flatMap((within_ms, index) => {
        const priority = levels.toReversed()[index];
        return priority === undefined || priority === 'low' ? [] : [{ within_ms, priority }];
      }),
  );
const rows = fc
  .tuple(fc.constantFrom(...priorities), steps, fc.integer({ min: -10_000, max: 100_000 }))
  .map(([priority, escalation, deadline]) => taskRow({ priority, escalation, deadline: iso(startMs + deadline) }));
const times = fc
  .array(fc.nat(110_000), { minLength: 1, maxLength: 6 })
  .map((all) => all.toSorted((one, other) => one - other));
const at = (row: TaskRow, ms: number): TaskRow => ({ ...row, ...escalated(row, startMs + ms) });

describe('an escalation', () => {
  it('comes to the same however often somebody looks on the way', () => {
    fc.assert(
      fc.property(rows, times, (row, looks) => {
        const last = looks.at(-1) ?? 0;
        expect(looks.reduce(at, row)).toEqual(at(row, last));
      }),
    );
  });

  it('never lowers a level, never moves when the task is due, and keeps the level that was submitted', () => {
    fc.assert(
      fc.property(rows, fc.nat(110_000), (row, ms) => {
        const risen = at(row, ms);
        expect(priorities.indexOf(risen.priority)).toBeLessThanOrEqual(priorities.indexOf(row.priority));
        expect(dueOf(risen)).toBe(dueOf(row));
        expect(risen.escalated_from ?? risen.priority).toBe(row.priority);
      }),
    );
  });

  it('changes nothing before the time that its next step tells, and something then', () => {
    fc.assert(
      fc.property(rows, (row) => {
        const next = nextEscalation(row);
        const at = next === undefined ? startMs + 1e9 : Date.parse(next.at);
        expect(escalated(row, at - 1)).toBeUndefined();
        expect(escalated(row, at)?.priority).toBe(next?.priority);
      }),
    );
  });
});
