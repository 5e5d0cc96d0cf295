import { describe, expect, it } from '@jest/globals';
import type { PolicyDocument } from '../../../../src/contracts/distributor/policy.ts';
import { putPolicy } from '../../../../src/distributor/usecases/policies/change-policy.ts';
import { distributorStage, task } from '../stage.ts';

type Stage = ReturnType<typeof distributorStage>;
const put = (stage: Stage, document: PolicyDocument) =>
  putPolicy(stage.deps, { pool: 'default', expected_version: 0, principal: 'op', document });
const started = (stage: Stage) => stage.told.leases().map(({ task_id }) => task_id);
const backlog = (namespace: string, count: number) =>
  Array.from({ length: count }, (_, at) => task({ task_id: `${namespace}${at}`, namespace }));

async function crowded(document: PolicyDocument): Promise<Stage> {
  const stage = distributorStage();
  await put(stage, document);
  await stage.accept(...backlog('a', 40));
  stage.clock.now += 1_000;
  await stage.accept(...backlog('b', 40));
  return stage;
}

describe('namespaces', () => {
  it('share the slots by their weights from one dispatch to the next', async () => {
    const stage = await crowded({ shares: { a: 3, '*': 1 } });
    // An agent at a time, with one slot: only what the pool remembers can make these fair.
    for (let agent = 1; agent <= 8; agent += 1) {
      await stage.join(`agent-${agent}`);
      await stage.dispatch('a|*', 'b|*');
    }
    expect(started(stage).filter((id) => id.startsWith('a'))).toHaveLength(6);
    expect(started(stage).filter((id) => id.startsWith('b'))).toHaveLength(2);
  });

  it('start as they came where the policy shares nothing out', async () => {
    const stage = await crowded({});
    await stage.join('agent-1', { capacity: 5 });
    await stage.dispatch('a|*', 'b|*');
    expect(started(stage)).toEqual(['a0', 'a1', 'a10', 'a11', 'a12']);
  });

  it('are held to a limit of their own, which holds up nobody else', async () => {
    const stage = await crowded({ limits: [{ name: 'quota', match: { namespace: ['a'] }, concurrency: 2 }] });
    await stage.join('agent-1', { capacity: 5 });
    await stage.dispatch('a|*', 'b|*');
    expect(started(stage)).toEqual(['a0', 'a1', 'b0', 'b1', 'b10']);
  });

  it('are shown with the task; `default` is the same as none', async () => {
    const stage = distributorStage();
    await stage.accept(task({ task_id: 't1', namespace: 'a' }), task({ task_id: 't2', namespace: 'default' }));
    expect(await stage.row('t1')).toMatchObject({ namespace: 'a', route: 'a|*' });
    expect(await stage.row('t2')).toMatchObject({ namespace: 'default', route: '*' });
  });
});
