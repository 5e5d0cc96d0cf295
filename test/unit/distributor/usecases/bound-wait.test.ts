import { describe, expect, it } from '@jest/globals';
import { boundedBacklogMax, defaultTimeoutMs, lowWindowMs } from '../../../../src/contracts/limits.ts';
import { boundWait } from '../../../../src/distributor/usecases/tasks/bound-wait.ts';
import { iso, startMs } from '../rows.ts';
import { distributorStage, task } from '../stage.ts';

async function bounded(...others: Parameters<typeof task>[0][]) {
  const stage = distributorStage();
  await stage.join('a1', { capabilities: ['x'], capacity: 1 });
  await stage.accept(task({ task_id: 'low', priority: 'low' }), ...others.map(task));
  const pool = await stage.deps.agents.pool('default');
  return boundWait(stage.deps, await stage.row('low'), pool);
}

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
    expect(await boundWait({ ...stage.deps, tasks }, row, pool)).toEqual({ due_at: iso(startMs + lowWindowMs) });
  });
});
