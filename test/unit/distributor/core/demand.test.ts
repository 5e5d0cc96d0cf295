import { describe, expect, it } from '@jest/globals';
import { scalingSampleMax } from '../../../../src/contracts/limits.ts';
import type { PolicyDocument } from '../../../../src/contracts/distributor/policy.ts';
import type { AgentRow, ReadyTask, RouteRow } from '../../../../src/contracts/rows.ts';
import { demandOf } from '../../../../src/distributor/core/agents/demand.ts';
import { agentRow, iso, poolRows, readyTask, route, startMs } from '../rows.ts';

const page = (count: number, over: Parameters<typeof readyTask>[0] = {}): ReadyTask[] =>
  Array.from({ length: count }, (_, at) => readyTask({ task_id: `t${at}`, ...over }));
const policyRow = (document: PolicyDocument) => ({ pool: 'default', version: 1, at: iso(startMs), by: 'me', document });

function demand(
  agents: readonly AgentRow[],
  heads: readonly (readonly [RouteRow, readonly ReadyTask[]])[],
  document: PolicyDocument = {},
) {
  const pool = { ...poolRows(agents, []), policy: policyRow(document) };
  const { waiting, isCut } = demandOf(
    pool,
    heads.map(([row, head]) => ({ route: row, head })),
    startMs,
  );
  return { waiting: waiting.length, isCut };
}

describe('the work that asks for agents', () => {
  const able = agentRow({ capabilities: ['code'] });

  it('is all that waits where nobody has registered yet, and what an agent of the pool offers, there or gone', () => {
    const code = [route(['code']), page(3)] as const;
    expect(demand([], [code])).toEqual({ waiting: 3, isCut: false });
    expect(demand([able], [code])).toEqual({ waiting: 3, isCut: false });
    expect(demand([{ ...able, lease_until: iso(startMs - 1), draining: true }], [code]).waiting).toBe(3);
  });

  it('is not what no agent of the pool has ever offered, however much of it waits', () => {
    const mistyped = [route(['cdoe']), page(scalingSampleMax)] as const;
    expect(demand([able], [mistyped])).toEqual({ waiting: 0, isCut: false });
    expect(demand([able], [mistyped, [route(['code']), page(1)]]).waiting).toBe(1);
  });

  it('is not what a rule of the policy keeps from every agent; of what it pins to one, a task', () => {
    const head = [route(['code']), page(5)] as const;
    const labels = { rules: [{ name: 'gpu', match: {}, require_labels: { gpu: 'yes' } }] };
    expect(demand([able], [head], labels).waiting).toBe(0);
    expect(demand([able, { ...able, agent_id: 'a2', labels: { gpu: 'yes' } }], [head], labels).waiting).toBe(5);
    const pin = { rules: [{ name: 'pin', match: {}, pin: 'a1' }] };
    const full = [route(['code']), page(scalingSampleMax)] as const;
    expect(demand([able, { ...able, agent_id: 'a2' }], [full], pin)).toEqual({ waiting: 1, isCut: false });
  });

  it('is no more than limits let run: of a thousand tasks, as many as there is room for', () => {
    const limits = [{ name: 'three', match: {}, concurrency: 3 }];
    const full = [route(['code']), page(scalingSampleMax)] as const;
    expect(demand([able], [full], { limits })).toEqual({ waiting: 3, isCut: false });
    const holds = { 'r#1': { at: startMs, until: startMs + 1, limits: ['limit:three'] } };
    expect(demand([{ ...able, holds }], [full], { limits }).waiting).toBe(2);
    expect(demand([], [full], { limits }).waiting).toBe(3);
    const key = page(scalingSampleMax, { distribution_rules: { concurrency: { key: 'k', limit: 1 } } });
    expect(demand([able], [[route(['code']), key]])).toEqual({ waiting: 1, isCut: false });
  });

  it('is of what budgets hold back one task of each route, which a round has to find', () => {
    const spent = { limits: { usd: 1 }, spent: { micro_usd: 1e6, tokens: 0 }, warned: true };
    const some = { ...spent, spent: { micro_usd: 0, tokens: 0 } };
    const estimate = { distribution_rules: { estimate: { usd: 0.3 } } };
    const tasks = (workflow: string, count: number) =>
      Array.from({ length: count }, (_, at) => readyTask({ task_id: `${workflow}:n${at}`, ...estimate }));
    const asks = (head: readonly ReadyTask[], lane = '$1') =>
      demandOf(
        {
          ...poolRows([able], []),
          budgets: new Map([
            ['w1', spent],
            ['w2', some],
          ]),
        },
        [{ route: { ...route(['code']), route: `code${lane}`, budgeted: true }, head }],
        startMs,
      );
    expect(asks(tasks('w1', 10)).waiting).toHaveLength(1);
    expect(asks(tasks('w2', 10)).waiting.map(({ task_id }) => task_id)).toEqual(['w2:n0', 'w2:n1', 'w2:n2', 'w2:n3']);
    expect(
      asks([...tasks('w1', 2), ...tasks('w2', 1), ...tasks('w1', 2)]).waiting.map(({ task_id }) => task_id),
    ).toEqual(['w1:n0', 'w2:n0']);
    expect(asks(tasks('w3', 10)).waiting).toHaveLength(10);
  });

  it('may go on behind a page, unless limits hold back all that comes', () => {
    const full = [route(['code']), page(scalingSampleMax)] as const;
    expect(demand([able], [full]).isCut).toBe(true);
    expect(demand([able], [full], { limits: [{ name: 'many', match: {}, concurrency: 100 }] }).isCut).toBe(true);
    const mixed = full[1].map((task, at) => (at < 12 ? { ...task, task_type: 'llm' } : task));
    const limits = [{ name: 'llm', match: { task_type: ['llm'] }, concurrency: 1 }];
    expect(demand([able], [[route(['code']), mixed]], { limits })).toEqual({ waiting: 14, isCut: true });
  });
});
