import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decideDispatch } from '../../../src/distributor/core/dispatch/dispatch.ts';
import { nextStartAt, startsWithin, withStart } from '../../../src/distributor/core/ready/rate-window.ts';
import type { Starts } from '../../../src/contracts/rows.ts';
import { agentRow, poolRows, readyTask, route, startMs } from '../../unit/distributor/rows.ts';

const rates = fc.record({ limit: fc.integer({ min: 1, max: 8 }), period_ms: fc.constantFrom(1_000, 7_777, 60_000) });

describe('a rate limit', () => {
  it('allows its limit in any period, whenever the starts are tried', () => {
    fc.assert(
      fc.property(rates, fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 80 }), (rate, pauses) => {
        const started: number[] = [];
        let window: Starts | undefined;
        let now = startMs;
        for (const pause of pauses) {
          now += pause;
          if (window !== undefined && startsWithin(window, rate, now) >= rate.limit) continue;
          window = withStart(window, rate, now);
          started.push(now);
          const within = started.filter((at) => at > now - rate.period_ms).length;
          expect(within).toBeLessThanOrEqual(rate.limit);
        }
      }),
    );
  });

  it('says when it opens again: not a moment before, and at most a tenth of its period late', () => {
    fc.assert(
      fc.property(rates, fc.integer({ min: 0, max: 100_000 }), (rate, offset) => {
        const now = startMs + offset;
        let window: Starts | undefined;
        for (let start = 0; start < rate.limit; start += 1) window = withStart(window, rate, now);
        const opens = nextStartAt(window!, rate, now);
        expect(startsWithin(window!, rate, opens - 1)).toBe(rate.limit);
        expect(startsWithin(window!, rate, opens)).toBeLessThan(rate.limit);
        expect(opens).toBeGreaterThan(now + rate.period_ms - 1);
        expect(opens).toBeLessThanOrEqual(now + rate.period_ms * 1.1 + 1);
      }),
    );
  });
});

const keys = ['x', 'y', undefined] as const;
const limits = { x: 2, y: 1 };
const limitOf = (key: 'x' | 'y') => ({ concurrency: { key, limit: limits[key] } });

describe('a dispatch round under concurrency keys', () => {
  it('never lets more of a key run than its limit, and starts everything else that has a slot', () => {
    const running = fc.array(fc.constantFrom(...keys), { maxLength: 4 });
    const waiting = fc.array(fc.constantFrom(...keys), { maxLength: 12 });
    fc.assert(
      fc.property(running, waiting, fc.integer({ min: 0, max: 12 }), (held, asked, free) => {
        const holds = Object.fromEntries(
          held.map((key, at) => [
            `held-${at}#1`,
            { at: startMs, until: startMs + 1, ...(key === undefined ? {} : { limits: [`key:${key}`] }) },
          ]),
        );
        const agents = [agentRow({ capacity: held.length, agent_id: 'a1', holds })].filter(() => held.length > 0);
        if (free > 0) agents.push(agentRow({ agent_id: 'a2', capacity: free }));
        const tasks = asked.map((key, at) =>
          readyTask({
            task_id: `t${String(at).padStart(2, '0')}`,
            ...(key === undefined ? {} : { distribution_rules: limitOf(key) }),
          }),
        );
        const heads = new Map([['*', tasks]]);
        const { assignments } = decideDispatch({
          now: startMs,
          pool: poolRows(agents, [route()]),
          heads,
          full: new Set(),
        });
        const count = (list: readonly (string | undefined)[], key: string | undefined) =>
          list.filter((each) => each === key).length;
        const keyOf = (task: (typeof tasks)[number]) => task.distribution_rules?.concurrency?.key;
        const started = assignments.map(({ task }) => keyOf(task));
        let possible = count(asked, undefined);
        for (const key of ['x', 'y'] as const) {
          expect(count(started, key) === 0 || count(started, key) + count(held, key) <= limits[key]).toBe(true);
          possible += Math.min(count(asked, key), Math.max(0, limits[key] - count(held, key)));
        }
        expect(started.length).toBe(Math.min(free, possible));
        // Of each key the first ones, in their order.
        for (const key of keys) {
          const those = tasks.filter((task) => keyOf(task) === key).slice(0, count(started, key));
          expect(assignments.filter(({ task }) => keyOf(task) === key).map(({ task }) => task)).toEqual(those);
        }
      }),
    );
  });
});
