import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { preemptAfterMs } from '../../../src/contracts/limits.ts';
import type { Hold } from '../../../src/contracts/rows.ts';
import { priorities } from '../../../src/contracts/distributor/task.ts';
import { decideDispatch } from '../../../src/distributor/core/dispatch/dispatch.ts';
import { readyOrder } from '../../../src/distributor/core/ready/ready-order.ts';
import { agentRow, iso, poolRows, readyTask, route, startMs } from '../../unit/distributor/rows.ts';

const hold = fc
  .record({
    priority: fc.constantFrom(...priorities),
    agoMs: fc.integer({ min: 0, max: 700_000 }),
    sparedMs: fc.option(fc.integer({ min: -5, max: 5 }), { nil: undefined }),
    askedAgoMs: fc.option(fc.integer({ min: 0, max: 60_000 }), { nil: undefined }),
  })
  .map(({ priority, agoMs, sparedMs, askedAgoMs }): Hold => {
    const at = startMs - agoMs;
    return {
      at,
      until: startMs + 900_000,
      order: readyOrder({ task_id: 'held', priority, created_at: iso(at) }),
      ...(sparedMs === undefined ? {} : { spared_until: startMs + sparedMs }),
      ...(askedAgoMs === undefined ? {} : { preempted_at: startMs - askedAgoMs }),
    };
  });

describe('preemption', () => {
  it('takes from full agents at most one attempt for each critical task that waits, none of them critical, due, spared or asked', () => {
    fc.assert(
      fc.property(fc.array(fc.array(hold, { maxLength: 4 }), { maxLength: 4 }), fc.nat(4), (crews, count) => {
        const agents = crews.map((holds, at) =>
          agentRow({
            agent_id: `a${at}`,
            capacity: Math.max(1, holds.length),
            holds: Object.fromEntries(holds.map((each, index) => [`t${at}-${index}#1`, each])),
          }),
        );
        const tasks = Array.from({ length: count }, (_, at) =>
          readyTask({ task_id: `c${at}`, priority: 'critical', queued_at: iso(startMs - preemptAfterMs) }),
        );
        const { assignments, preemptions } = decideDispatch({
          now: startMs,
          pool: poolRows(agents, [route()]),
          heads: new Map([['*', tasks]]),
          full: new Set(),
        });
        expect(preemptions.length).toBeLessThanOrEqual(count - assignments.length);
        expect(new Set(preemptions.map(({ key }) => key)).size).toBe(preemptions.length);
        for (const { agent, key } of preemptions) {
          const { order = '', spared_until = 0, preempted_at } = agent.holds[key]!;
          const [level, due = ''] = order.split('#');
          expect(level).not.toBe('0');
          expect(due > iso(startMs)).toBe(true);
          expect(spared_until).toBeLessThanOrEqual(startMs);
          expect(preempted_at).toBeUndefined();
        }
      }),
      { numRuns: 300 },
    );
  });
});
