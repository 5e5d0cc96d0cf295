import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { BatchTraits } from '../../../src/contracts/distributor/agent.ts';
import type { ReadyTask } from '../../../src/contracts/rows.ts';
import { priorities } from '../../../src/contracts/distributor/task.ts';
import { decideDispatch } from '../../../src/distributor/core/dispatch/dispatch.ts';
import { holdKey, holdOf } from '../../../src/distributor/core/agents/hold.ts';
import { freeSlots } from '../../../src/distributor/core/agents/open-slots.ts';
import { agentRow, iso, poolRows, readyTask, route, startMs } from '../../unit/distributor/rows.ts';

const traits: fc.Arbitrary<BatchTraits | undefined> = fc.option(
  fc.record(
    { tasks_max: fc.integer({ min: 2, max: 5 }), bytes_max: fc.constant(100), wait_ms: fc.constant(2_000) },
    { requiredKeys: ['tasks_max'] },
  ),
  { nil: undefined },
);
const pool = fc.array(fc.record({ capacity: fc.integer({ min: 1, max: 3 }), batch: traits }), {
  minLength: 1,
  maxLength: 3,
});
const waiting = fc
  .array(
    fc.record({
      priority: fc.constantFrom(...priorities),
      task_type: fc.constantFrom('x', 'y'),
      ageMs: fc.constantFrom(0, 1_000, 2_000),
      payload_bytes: fc.constantFrom(10, 40, 90, 1_000),
      isDue: fc.boolean(),
    }),
    { maxLength: 20 },
  )
  .map((list) =>
    list
      .map(({ ageMs, isDue, payload_bytes, ...rest }, at): ReadyTask => {
        const { payload: _payload, ...task } = readyTask({
          ...{ task_id: `t${at}`, payload_bytes, queued_at: iso(startMs - ageMs), ...rest },
          created_at: iso(isDue ? startMs - 5 * 3_600_000 : startMs - ageMs),
        });
        return task;
      })
      .sort((one, other) => (one.order < other.order ? -1 : 1)),
  );

describe('batches', () => {
  it('have one slot each, no more tasks and bytes than the agent takes, all of one type and level in their order, and nobody of these waits for company too long', () => {
    fc.assert(
      fc.property(pool, waiting, (agents, tasks) => {
        const rows = agents.map(({ batch, ...rest }, at) =>
          agentRow({ agent_id: `a${at}`, ...rest, ...(batch === undefined ? {} : { batch, batches: 7 }) }),
        );
        const { assignments } = decideDispatch({
          ...{ now: startMs, pool: poolRows(rows, [route()]) },
          ...{ heads: new Map([['*', tasks]]), full: new Set<string>() },
        });
        const given = new Set(assignments.map(({ task }) => task.task_id));
        expect(given.size).toBe(assignments.length);
        const after = rows.map((row) => {
          const own = assignments.filter(({ agent }) => agent === row);
          const holds = own.map((each) => [holdKey(each.task.task_id, each.attempt), holdOf(each, startMs)]);
          return { ...row, holds: Object.fromEntries(holds) as typeof row.holds };
        });
        for (const row of after) {
          const own = assignments.filter(({ agent }) => agent.agent_id === row.agent_id);
          const { tasks_max = 1, bytes_max = 256 * 1024 } = row.batch ?? {};
          const slots = [...Map.groupBy(own, ({ batch, task }) => batch ?? task.task_id).values()];
          expect(slots.length).toBeLessThanOrEqual(row.capacity);
          expect(freeSlots(row)).toBe(row.capacity - slots.length);
          for (const batch of slots) {
            expect(batch.length).toBeLessThanOrEqual(tasks_max);
            const bytes = batch.reduce((sum, { task }) => sum + (task.payload_bytes ?? 0), 0);
            expect(batch.length === 1 || bytes <= bytes_max).toBe(true);
            expect(new Set(batch.map(({ task }) => `${task.task_type} ${task.priority}`)).size).toBe(1);
            const places = batch.map(({ task }) => tasks.indexOf(task));
            expect(places).toEqual(places.toSorted((one, other) => one - other));
          }
        }
        const isFull = after.every((row) => freeSlots(row) === 0);
        const left = tasks.filter(({ task_id }) => !given.has(task_id));
        const wait = Math.max(...rows.map(({ batch }) => batch?.wait_ms ?? 0));
        const isWaiting = ({ queued_at, created_at }: ReadyTask) =>
          startMs - Date.parse(queued_at) < wait && startMs - Date.parse(created_at) < 3_600_000;
        expect(isFull || left.every(isWaiting)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });
});
