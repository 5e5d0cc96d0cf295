import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { roundShardMsMax } from '../../../src/contracts/limits.ts';
import type { Assignment } from '../../../src/distributor/core/dispatch/assignment.ts';
import { divide, openPromises } from '../../../src/distributor/core/dispatch/shards.ts';
import { holdKey } from '../../../src/distributor/core/agents/hold.ts';
import { agentRow, readyTask, startMs } from '../../unit/distributor/rows.ts';

const agents = Array.from({ length: 6 }, (_, at) => agentRow({ agent_id: `a${at}`, capacity: 100 }));

/** What a round decided: tasks for agents, some under a limit or in a batch. */
const assignments = fc
  .array(
    fc.record({ agent: fc.nat(agents.length - 1), bound: fc.constantFrom('limit', 'batch', undefined, undefined) }),
  )
  .map((list) =>
    list.map(({ agent, bound }, at): Assignment => {
      const task = readyTask({ task_id: `t${at}` });
      const log = { task_id: task.task_id } as Assignment['log'];
      const more = bound === 'limit' ? { taken: { limits: ['l'] } } : bound === 'batch' ? { batch: 1 } : {};
      return { task, agent: agents[agent]!, attempt: 1, log, ...more };
    }),
  );
const ids = (list: readonly { readonly task: { readonly task_id: string } }[]) => list.map(({ task }) => task.task_id);

describe('what a round decided', () => {
  it('is divided so that everybody has whole agents, each task once, and the first of it stays', () => {
    fc.assert(
      fc.property(assignments, fc.integer({ min: 1, max: 10 }), (list, spread) => {
        const { own, shards } = divide({ pool: 'default', spread }, list, startMs);
        const parts = [own, ...shards.map((shard) => shard.assignments)];
        expect(ids(parts.flat()).sort()).toEqual(ids(list).sort());
        const agentsOf = parts.map((part) => [...new Set(part.map(({ agent }) => agent.agent_id))]);
        expect(new Set(agentsOf.flat()).size).toBe(agentsOf.flat().length);
        for (const { assignments: part } of shards) {
          expect(part.every(({ taken, batch }) => taken === undefined && batch === undefined)).toBe(true);
          expect(part.length <= spread || new Set(part.map(({ agent }) => agent.agent_id)).size === 1).toBe(true);
        }
        if (list.length > 0) expect(own.length).toBeGreaterThan(0);
      }),
    );
  });

  it('stays together where the pool is not large, or it is no more than a dispatcher does itself', () => {
    fc.assert(
      fc.property(assignments, (list) => {
        expect(divide({ pool: 'default' }, list, startMs)).toEqual({ own: list, shards: [] });
        expect(divide({ pool: 'default', spread: list.length }, list, startMs)).toEqual({ own: list, shards: [] });
      }),
    );
  });
});

describe('what others hand out', () => {
  it('counts as held, once, until they must have done it; then only what the rows tell counts', () => {
    fc.assert(
      fc.property(assignments, fc.nat(2 * roundShardMsMax), fc.nat(3), (list, laterMs, seen) => {
        const promises = openPromises();
        const { shards } = divide({ pool: 'default', spread: 1 }, list, startMs);
        promises.make(shards);
        const promised = shards.flatMap((shard) => shard.assignments);
        // Of some the rows tell already.
        const done = promised
          .slice(0, seen)
          .map(({ task, agent, attempt }) => ({ agent, key: holdKey(task.task_id, attempt) }));
        const rows = agents.map((row) => {
          const holds = done
            .filter(({ agent }) => agent.agent_id === row.agent_id)
            .map(({ key }) => [key, { at: 1, until: 2 }]);
          return { ...row, holds: Object.fromEntries(holds) as typeof row.holds };
        });
        const now = startMs + laterMs;
        const counted = promises
          .onto(rows, now)
          .flatMap(({ agent_id, holds }) => Object.keys(holds).map((key) => `${agent_id} ${key}`));
        const standing = laterMs <= roundShardMsMax ? promised : [];
        const expected = new Set([
          ...done.map(({ agent, key }) => `${agent.agent_id} ${key}`),
          ...standing.map(({ task, agent, attempt }) => `${agent.agent_id} ${holdKey(task.task_id, attempt)}`),
        ]);
        expect(counted.sort()).toEqual([...expected].sort());
        expect([...promises.keys(now)].sort()).toEqual(standing.map(({ task }) => holdKey(task.task_id, 0)).sort());
      }),
    );
  });
});
