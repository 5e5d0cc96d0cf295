import fc from 'fast-check';
import type { AgentRow, ReadyTask, RouteRow } from '../../../src/contracts/rows.ts';
import { priorities } from '../../../src/contracts/distributor/task.ts';
import type { DispatchView } from '../../../src/distributor/core/dispatch/round.ts';
import { agentRow, iso, poolRows, readyTask, route, startMs } from '../../unit/distributor/rows.ts';

const skills = ['x', 'y', 'z'] as const;
const agentIds = ['a', 'b', 'c', 'd', 'e'] as const;

const agent = fc.record({
  capabilities: fc.subarray([...skills]),
  capacity: fc.integer({ min: 1, max: 4 }),
  busy: fc.integer({ min: 0, max: 5 }),
  leaseMs: fc.constantFrom(-1, 0, 60_000),
  draining: fc.boolean(),
  completed: fc.integer({ min: 0, max: 20 }),
  failed: fc.integer({ min: 0, max: 20 }),
});

const agents = fc
  .uniqueArray(fc.constantFrom(...agentIds), { maxLength: 5 })
  .chain((ids) =>
    fc.tuple(
      ...ids.map((agent_id) =>
        agent.map(({ leaseMs, ...rest }) => agentRow({ agent_id, lease_until: iso(startMs + leaseMs), ...rest })),
      ),
    ),
  )
  .map((rows): AgentRow[] => rows);

const routes = fc
  .array(fc.tuple(fc.subarray([...skills]), fc.subarray([...agentIds], { maxLength: 2 })), { maxLength: 5 })
  .map((list) => [
    ...new Map(list.map(([needs, named]) => route(needs, ...named)).map((row) => [row.route, row])).values(),
  ]);

const head = (row: RouteRow) =>
  fc
    .array(
      fc.record({
        priority: fc.constantFrom(...priorities),
        age: fc.integer({ min: 0, max: 3 }),
        deadlineMs: fc.option(fc.integer({ min: -2, max: 2 }), { nil: undefined }),
        attempt: fc.integer({ min: 0, max: 3 }),
      }),
      { maxLength: 6 },
    )
    .map((list): ReadyTask[] =>
      list
        .map(({ priority, age, deadlineMs, attempt }, at) =>
          readyTask({
            task_id: `${row.route.replaceAll(/\W/g, '.')}-${at}`,
            priority,
            attempt,
            route: row.route,
            created_at: iso(startMs - age),
            ...(deadlineMs === undefined ? {} : { deadline: iso(startMs + deadlineMs) }),
          }),
        )
        .sort((a, b) => (a.order < b.order ? -1 : 1)),
    );

/** Everything that a dispatch round may see: agents in any state, routes with their heads, some of them cut. */
export const dispatchViews: fc.Arbitrary<DispatchView> = fc.tuple(agents, routes).chain(([rows, list]) =>
  fc.tuple(fc.tuple(...list.map(head)), fc.subarray(list.map((row) => row.route))).map(([heads, full]) => ({
    now: startMs,
    pool: poolRows(rows, list),
    heads: new Map(list.map((row, at) => [row.route, heads[at] ?? []])),
    full: new Set(full),
  })),
);
