import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Amount, BudgetRow } from '../../../src/contracts/distributor/budget.ts';
import { limitReached, noAmount, sumOf } from '../../../src/distributor/core/dispatch/budget.ts';
import { decideDispatch } from '../../../src/distributor/core/dispatch/dispatch.ts';
import { routeRow } from '../../../src/distributor/core/ready/route.ts';
import { agentRow, poolRows, readyTask, startMs } from '../../unit/distributor/rows.ts';

const micro = fc.integer({ min: 0, max: 20 });
const workflows = ['v', 'w'] as const;
const laneOf = (workflow: string) =>
  routeRow('default', { task_id: `${workflow}:x`, required_capabilities: [], budgeted: true });
const of = fc.record({ workflow: fc.constantFrom(...workflows), usd: micro });

describe('a dispatch round under budgets', () => {
  it('reserves no more than what is left of the hard limit, and leaves a task waiting only where it does not fit', () => {
    const limits = fc.record({ hard: fc.integer({ min: 1, max: 40 }), spent: fc.integer({ min: 0, max: 45 }) });
    fc.assert(
      fc.property(
        limits,
        fc.array(of, { maxLength: 4 }),
        fc.array(of, { maxLength: 12 }),
        ({ hard, spent }, held, asked) => {
          const micro_usd = (n: number): Amount => ({ micro_usd: n, tokens: 0 });
          const row: BudgetRow = { limits: { usd: hard / 1e6 }, spent: micro_usd(spent), warned: false };
          const budgets = new Map(workflows.map((id) => [id as string, row]));
          const holds = Object.fromEntries(
            held.map(({ workflow, usd }, at) => [
              `${workflow}:held-${at}#1`,
              { at: startMs, until: startMs + 1, limits: [`budget:${workflow}`], reserved: micro_usd(usd) },
            ]),
          );
          const tasks = asked.map(({ workflow, usd }, at) =>
            readyTask({
              task_id: `${workflow}:t${String(at).padStart(2, '0')}`,
              route: laneOf(workflow).route,
              distribution_rules: { estimate: { usd: usd / 1e6, tokens: 0 } },
            }),
          );
          const lanes = Map.groupBy(tasks, ({ route }) => route);
          const routes = workflows.map(laneOf);
          const pool = { ...poolRows([agentRow({ capacity: 100, holds })], routes), budgets };
          const plan = decideDispatch({ now: startMs, pool, heads: lanes, full: new Set() });
          for (const workflow of workflows) {
            const mine = (task_id: string) => task_id.startsWith(`${workflow}:`);
            const before = held
              .filter((each) => each.workflow === workflow)
              .map(({ usd }) => micro_usd(usd))
              .reduce(sumOf, noAmount);
            const taken = plan.assignments
              .filter(({ task }) => mine(task.task_id))
              .map(({ taken: { reserved = noAmount } = { limits: [] } }) => reserved);
            const used = [before, ...taken].reduce(sumOf, micro_usd(spent));
            if (taken.length > 0) expect(used.micro_usd).toBeLessThanOrEqual(hard);
            const started = new Set(plan.assignments.map(({ task }) => task.task_id));
            for (const task of tasks.filter(({ task_id }) => mine(task_id) && !started.has(task_id))) {
              const wanted = micro_usd(Math.round((task.distribution_rules?.estimate?.usd ?? 0) * 1e6));
              expect(limitReached(row.limits, used, wanted, false)).toBe('hard');
            }
            const isAlone = taken.length === 0 && !held.some((each) => each.workflow === workflow);
            const overdrawn = plan.overdrafts.some(({ workflow_id }) => workflow_id === workflow);
            expect(overdrawn).toBe(isAlone && tasks.some(({ task_id }) => mine(task_id)));
          }
        },
      ),
    );
  });
});
