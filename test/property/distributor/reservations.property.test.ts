import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PolicyDocument } from '../../../src/contracts/distributor/policy.ts';
import type { AgentRow, Hold, ReadyTask, RouteRow } from '../../../src/contracts/rows.ts';
import { priorities } from '../../../src/contracts/distributor/task.ts';
import { decideDispatch } from '../../../src/distributor/core/dispatch/dispatch.ts';
import { routeRow } from '../../../src/distributor/core/ready/route.ts';
import { holdKey } from '../../../src/distributor/core/agents/hold.ts';
import { agentRow, iso, poolRows, readyTask, startMs } from '../../unit/distributor/rows.ts';

const namespaces = ['a', 'b', 'default'] as const;
const routes: readonly RouteRow[] = namespaces.map((namespace) =>
  routeRow('default', { required_capabilities: [], namespace }),
);
/** Ticks that an attempt takes at most. */
const longest = 4;

const arrivals = fc.array(
  fc.record({
    at: fc.nat(12),
    route: fc.nat(2),
    priority: fc.constantFrom(...priorities),
    ticks: fc.integer({ min: 1, max: longest }),
    isDue: fc.boolean(),
    workflow: fc.boolean(),
  }),
  { minLength: 40, maxLength: 140, size: 'max' },
);
const percents = fc
  .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }))
  .map((drawn) => {
    const sum = drawn.reduce((total, each) => total + each, 0);
    return sum <= 100 ? drawn : drawn.map((each) => Math.max(1, Math.floor((each * 100) / sum)));
  });
const documentOf = ([a = 1, low = 1, workflow = 1]: readonly number[]): PolicyDocument => ({
  reservations: [
    { name: 'one-workflow', match: { workflow: ['wf'] }, percent: workflow },
    { name: 'team-a', match: { namespace: ['a'] }, percent: a },
    { name: 'low', match: { priority: ['low'] }, percent: low },
  ],
});
const classOf = (task: ReadyTask): string | undefined =>
  task.task_id.startsWith('wf:')
    ? 'one-workflow'
    : task.route.startsWith('a|')
      ? 'team-a'
      : task.priority === 'low'
        ? 'low'
        : undefined;

describe('reservations', () => {
  it('give what waits of them its slots within the longest attempt, take no more than they keep before others, and let nothing idle', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
        percents,
        arrivals,
        (capacities, drawn, tasks) => {
          const document = documentOf(drawn);
          const all = capacities.reduce((sum, each) => sum + each, 0);
          const keptOf = (name: string): number =>
            Math.floor(((document.reservations?.find((each) => each.name === name)?.percent ?? 0) * all) / 100);
          const running = new Map<string, { readonly agent_id: string; readonly hold: Hold; left: number }>();
          let waiting: ReadyTask[] = [];
          const shortFor = new Map<string, number>();
          const ticksOf = new Map<string, number>();
          for (let tick = 0; tick < 40; tick += 1) {
            const now = startMs + tick * 1_000;
            tasks.forEach(({ at, route, priority, ticks, isDue, workflow }, index) => {
              if (at !== tick) return;
              const task = readyTask({
                task_id: `${workflow ? 'wf:' : ''}t${index}`,
                priority,
                route: routes[route]?.route ?? '',
                created_at: iso(isDue ? now - 5 * 3_600_000 : now),
              });
              ticksOf.set(task.task_id, ticks);
              waiting.push(task);
            });
            waiting.sort((one, other) => (one.order < other.order ? -1 : 1));
            const agents = capacities.map((capacity, number): AgentRow => {
              const own = [...running].filter(([, { agent_id }]) => agent_id === `a${number}`);
              const holds = Object.fromEntries(own.map(([key, { hold }]) => [key, hold]));
              return agentRow({ agent_id: `a${number}`, capacity, holds });
            });
            const policy = { pool: 'default', version: 1, document, at: iso(startMs), by: 'op' };
            const heads = new Map(Map.groupBy(waiting, (task) => task.route));
            const { assignments } = decideDispatch({
              ...{ now: startMs, heads, full: new Set<string>() },
              pool: { ...poolRows(agents, routes), policy },
            });
            for (const { task, agent, attempt, reservation, log } of assignments) {
              expect(reservation).toBe(classOf(task));
              const used = [...running.values()].filter(({ hold }) => hold.reservation === reservation).length;
              if (log.reasons.some((reason) => reason.endsWith('was short')))
                expect(used).toBeLessThan(keptOf(reservation ?? ''));
              const hold = { at: now, until: now + 60_000, ...(reservation === undefined ? {} : { reservation }) };
              const left = ticksOf.get(task.task_id) ?? 1;
              running.set(holdKey(task.task_id, attempt), { agent_id: agent.agent_id, hold, left });
            }
            const gone = new Set(assignments.map(({ task }) => task));
            waiting = waiting.filter((task) => !gone.has(task));
            // Nothing idles while anybody waits.
            expect(waiting.length === 0 || running.size === all).toBe(true);
            for (const { name } of document.reservations ?? []) {
              const used = [...running.values()].filter(({ hold }) => hold.reservation === name).length;
              const isShort = used < keptOf(name) && waiting.some((task) => classOf(task) === name);
              shortFor.set(name, isShort ? (shortFor.get(name) ?? 0) + 1 : 0);
              expect(shortFor.get(name)).toBeLessThanOrEqual(longest);
            }
            for (const [key, each] of running) if ((each.left -= 1) === 0) running.delete(key);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
