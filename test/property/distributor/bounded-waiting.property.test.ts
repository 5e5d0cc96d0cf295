import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { lowWindowMs } from '../../../src/contracts/limits.ts';
import type { ReadyTask } from '../../../src/contracts/rows.ts';
import { priorities } from '../../../src/contracts/distributor/task.ts';
import { decideDispatch } from '../../../src/distributor/core/dispatch/dispatch.ts';
import { dueOf, levelOf, orderAt } from '../../../src/distributor/core/ready/ready-order.ts';
import { agentRow, iso, poolRows, readyTask, route, startMs } from '../../unit/distributor/rows.ts';

const byOrder = (a: ReadyTask, b: ReadyTask): number => (a.order < b.order ? -1 : 1);
const lanes = [route(['x']), route(['y'])];

/** A backlog of both routes, in which some tasks are due and others are not. */
const backlog = fc
  .array(
    fc.record({
      lane: fc.nat(1),
      priority: fc.constantFrom(...priorities),
      deadlineMs: fc.option(fc.integer({ min: -3, max: 3 }), { nil: undefined }),
    }),
    { maxLength: 30 },
  )
  .map((list) =>
    list
      .map(({ lane, priority, deadlineMs }, at) =>
        readyTask({
          task_id: `t${at}`,
          priority,
          needs: lanes[lane]!.required_capabilities,
          created_at: iso(startMs - 10),
          ...(deadlineMs === undefined ? {} : { deadline: iso(startMs + deadlineMs) }),
        }),
      )
      .sort(byOrder),
  );

describe('the order of a pool', () => {
  it('is known from the head of a route and, where it was cut, from what is due in the levels behind it', () => {
    fc.assert(
      fc.property(backlog, fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 5 }), (tasks, page, capacity) => {
        const pool = poolRows([agentRow({ capabilities: ['x', 'y'], capacity })], lanes);
        const of = (name: string) => tasks.filter((task) => task.route === name);
        const whole = new Map(lanes.map((lane) => [lane.route, of(lane.route)]));
        const heads = new Map(lanes.map((lane) => [lane.route, of(lane.route).slice(0, page)]));
        const full = new Set(lanes.map((lane) => lane.route).filter((name) => heads.get(name)!.length === page));
        const due = new Map(
          [...full].map((name) => [
            name,
            of(name).filter(
              (task) => levelOf(task.order) > levelOf(heads.get(name)!.at(-1)!.order) && dueOf(task) <= iso(startMs),
            ),
          ]),
        );
        const ids = (plan: ReturnType<typeof decideDispatch>) => plan.assignments.map(({ task }) => task.task_id);
        const all = ids(decideDispatch({ now: startMs, pool, heads: whole, full: new Set() }));
        const seen = decideDispatch({ now: startMs, pool, heads, full, due });
        // A round may end early, but what it starts is what the order of the whole backlog says.
        expect(ids(seen)).toEqual(all.slice(0, ids(seen).length));
        if (!seen.cut) expect(ids(seen)).toEqual(all);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a low task behind an endless stream of critical ones', () => {
  it('starts when it is due and what was due before it has been served, however many come', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 0, max: 12 }),
        (capacity, excess, earlier) => {
          const serviceMs = 60_000;
          const low = readyTask({ task_id: 'low', priority: 'low' });
          const dueMs = Date.parse(dueOf(low));
          // The stream brings more than the agent can do from shortly before the task is due; some others wait already.
          let now = dueMs - 5 * serviceMs;
          let waiting = [
            low,
            ...Array.from({ length: earlier }, (_, at) =>
              readyTask({ task_id: `e${at}`, priority: 'low', created_at: iso(startMs - 1) }),
            ),
          ];
          let ahead: number | undefined;
          for (let round = 0; waiting.includes(low); round += 1, now += serviceMs) {
            const stream = Array.from({ length: capacity + excess }, (_, at) =>
              readyTask({ task_id: `c${round}-${at}`, priority: 'critical', created_at: iso(now) }),
            );
            waiting = [...waiting, ...stream].sort(byOrder);
            if (now >= dueMs) {
              ahead ??= waiting.filter((task) => orderAt(task.order, iso(now)) < orderAt(low.order, iso(now))).length;
              expect(now).toBeLessThanOrEqual(dueMs + Math.ceil(ahead / capacity) * serviceMs);
            }
            const pool = poolRows([agentRow({ capacity, lease_until: iso(now + 1) })], [route()]);
            const { assignments } = decideDispatch({ now, pool, heads: new Map([['*', waiting]]), full: new Set() });
            const started = new Set(assignments.map(({ task }) => task));
            waiting = waiting.filter((task) => !started.has(task));
          }
          expect(now).toBeGreaterThanOrEqual(startMs + lowWindowMs);
        },
      ),
      { numRuns: 50 },
    );
  });
});
