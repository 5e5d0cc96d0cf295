import { describe, expect, it } from '@jest/globals';
import { boundedBacklogMax, defaultTimeoutMs, lowWindowMs } from '../../../../src/contracts/limits.ts';
import type { PolicyDocument } from '../../../../src/contracts/distributor/policy.ts';
import { putPolicy } from '../../../../src/distributor/usecases/policies/change-policy.ts';
import { boundWait } from '../../../../src/distributor/usecases/tasks/bound-wait.ts';
import { iso, startMs } from '../rows.ts';
import { distributorStage, task } from '../stage.ts';

const due_at = iso(startMs + lowWindowMs);

async function bounded(...others: Parameters<typeof task>[0][]) {
  const stage = distributorStage();
  await stage.join('a1', { capabilities: ['x'], capacity: 1 });
  await stage.accept(task({ task_id: 'low', priority: 'low' }), ...others.map(task));
  const pool = await stage.deps.agents.pool('default');
  return boundWait(stage.deps, await stage.row('low'), pool);
}

/** The bound of a low task in a pool of ten agents with a policy, behind others that are due before it. */
async function boundedBy(
  document: PolicyDocument,
  own: Parameters<typeof task>[0] = {},
  ...others: Parameters<typeof task>[0][]
) {
  const stage = distributorStage();
  for (let at = 0; at < 10; at += 1) await stage.join(`a${at}`);
  await putPolicy(stage.deps, { pool: 'default', document, expected_version: 0, principal: 'me' });
  await stage.accept(...others.map(task), task({ task_id: 'low', priority: 'low', ...own }));
  return boundWait(stage.deps, await stage.row('low'), await stage.deps.agents.pool('default'));
}
const pinned = { rules: [{ name: 'one', match: { task_type: ['pinned'] }, pin: 'a1' }] };

describe('the bound of a waiting task', () => {
  it('is when it is due and what may run then', async () => {
    const due = startMs + lowWindowMs;
    expect(await bounded()).toEqual({ due_at: iso(due), starts_by: iso(due + defaultTimeoutMs) });
  });

  it('counts what is due before it and may use the same agents, whatever its level or route', async () => {
    const { starts_by } = await bounded(
      { task_id: 'critical', priority: 'critical' },
      { task_id: 'other-route', required_capabilities: ['x'] },
      { task_id: 'nobody', required_capabilities: ['y'] },
    );
    expect(starts_by).toBe(iso(startMs + lowWindowMs + 3 * defaultTimeoutMs));
  });

  it('is not told behind a backlog that is too long to be read', async () => {
    const stage = distributorStage();
    await stage.join('a1', { capacity: 1 });
    await stage.accept(task({ task_id: 'low', priority: 'low' }));
    const row = await stage.row('low');
    const pool = await stage.deps.agents.pool('default');
    const [entry] = await stage.deps.tasks.ready({ pool: 'default', route: '*' }, 1);
    const tasks = { ...stage.deps.tasks, due: async () => Array.from({ length: boundedBacklogMax }, () => entry!) };
    expect(await boundWait({ ...stage.deps, tasks }, row, pool)).toEqual({
      due_at,
      no_bound_because: 'more than 1000 tasks of one level stand before it',
    });
  });

  it('counts only the slots of the agents that a rule leaves for it, and what may use those', async () => {
    const five = [1, 2, 3, 4, 5].map((at) => ({ task_id: `p${at}`, task_type: 'pinned' }));
    expect((await boundedBy(pinned, { task_type: 'pinned' }, ...five)).starts_by).toBe(
      iso(startMs + lowWindowMs + 6 * defaultTimeoutMs),
    );
    // Of another route, pinned elsewhere: not before it. Named by the task, but pinned to the same: before it.
    const elsewhere = { task_id: 'e', task_type: 'other', required_capabilities: [] };
    const named = { task_id: 'n', task_type: 'pinned', distribution_rules: { primary_agent: 'a2' } };
    const rules = [...pinned.rules, { name: 'two', match: { task_type: ['other'] }, pin: 'a2' }];
    const other = { ...elsewhere, distribution_rules: { primary_agent: 'a1' } };
    expect((await boundedBy({ rules }, { task_type: 'pinned' }, other, named)).starts_by).toBe(
      iso(startMs + lowWindowMs + 2 * defaultTimeoutMs),
    );
  });

  it.each<[string, PolicyDocument, Parameters<typeof task>[0], Parameters<typeof task>[0][]]>([
    ['no agent that could run it is available', {}, { required_capabilities: ['y'] }, []],
    [
      'no agent that could run it is available',
      { rules: [{ name: 'gpu', match: {}, require_labels: { gpu: 'yes' } }] },
      {},
      [],
    ],
    [
      'reservations may keep all slots from it',
      { reservations: [{ name: 'all', match: { priority: ['high'] }, percent: 100 }] },
      {},
      [],
    ],
    ['limit one of the policy may hold it back', { limits: [{ name: 'one', match: {}, concurrency: 1 }] }, {}, []],
    ['concurrency key k may hold it back', {}, { distribution_rules: { concurrency: { key: 'k', limit: 1 } } }, []],
    [
      'its strategy may let it wait for its own agent',
      { strategies: { sticky: { use: 'affinity', wait_ms: 600_000 } }, strategy: 'sticky' },
      {},
      [],
    ],
    ['p1, which stands before it, may be held back and hide it', pinned, {}, [{ task_id: 'p1', task_type: 'pinned' }]],
    [
      'p1, which stands before it, may be held back and hide it',
      { limits: [{ name: 'one', match: { priority: ['medium'] }, concurrency: 1 }] },
      {},
      [{ task_id: 'p1' }],
    ],
  ])('is not told where %s', async (no_bound_because, document, own, others) => {
    expect(await boundedBy(document, own, ...others)).toEqual({ due_at, no_bound_because });
  });

  it('leaves out agents of weight 0, unless they may get it from a fallback', async () => {
    const strategies = { one: { use: 'weighted' as const, weights: { a1: 1 }, otherwise: 0 } };
    const others = [{ task_id: 'b1' }, { task_id: 'b2' }];
    expect((await boundedBy({ strategies, strategy: 'one' }, {}, ...others)).starts_by).toBe(
      iso(startMs + lowWindowMs + 3 * defaultTimeoutMs),
    );
    expect((await boundedBy({}, {}, ...others)).starts_by).toBe(iso(startMs + lowWindowMs + 1.2 * defaultTimeoutMs));
  });
});
