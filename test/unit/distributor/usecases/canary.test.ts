import { describe, expect, it } from '@jest/globals';
import type { CanarySettings } from '../../../../src/contracts/distributor/canary.ts';
import { canaryStarvedMs } from '../../../../src/contracts/limits.ts';
import { isCanaryTask } from '../../../../src/distributor/core/policy/canary.ts';
import { applyResults } from '../../../../src/distributor/usecases/tasks/apply-results.ts';
import { promotePolicy, putPolicy } from '../../../../src/distributor/usecases/policies/change-policy.ts';
import { runPulse } from '../../../../src/distributor/usecases/pulse/run-pulse.ts';
import { distributorStage, task } from '../stage.ts';

const only = (agent_id: string) => ({
  strategies: { only: { use: 'weighted', weights: { [agent_id]: 1 }, otherwise: 0 } },
  strategy: 'only',
});
const settings: CanarySettings = { share: 0.5, watch: 'success', margin: 0.1, samples: 10 };

/** A pool in which `a` gets all tasks but those of the canary, which go to `b`. */
async function trying(over: Partial<CanarySettings> = {}) {
  const stage = distributorStage();
  await stage.join('a', { capacity: 100 });
  await stage.join('b', { capacity: 100 });
  const change = { pool: 'default', principal: 'me' };
  await putPolicy(stage.deps, { ...change, document: only('a'), expected_version: 0 });
  const canary = { ...settings, ...over };
  await putPolicy(stage.deps, { ...change, document: only('b'), expected_version: 1, canary });
  const ids = Array.from({ length: 40 }, (_, at) => `t${at}`);
  await stage.accept(...ids.slice(0, 25).map((task_id) => task({ task_id })));
  await stage.accept(...ids.slice(25).map((task_id) => task({ task_id })));
  await stage.dispatch('*');
  const finish = async (agent_id: string, outcome: 'completed' | 'failed') => {
    const held = Object.keys((await stage.agent(agent_id)).holds);
    const error = { code: 'broken', message: 'no', retryable: false };
    const results = held.map((key) => ({
      ...{ task_id: key.split('#')[0]!, attempt: 1, outcome },
      ...(outcome === 'failed' ? { error } : {}),
    }));
    return applyResults(stage.deps, [{ pool: 'default', agent_id, principal: `principal-${agent_id}`, results }]);
  };
  const pulse = () => runPulse(stage.deps, { pool: 'default' });
  return { ...stage, ids, finish, pulse, change };
}

describe('a policy that is tried', () => {
  it('decides for its tasks, and the one in force for the others; logs tell which', async () => {
    const { ids, row, deps } = await trying();
    const policy = (await deps.policies.head('default'))!;
    for (const id of ids) {
      const isNew = isCanaryTask(policy, id);
      expect(await row(id)).toMatchObject({
        assigned_agent: isNew ? 'b' : 'a',
        distribution: { policy_side: isNew ? 'new' : 'old' },
      });
    }
  });

  it('is taken back by itself when it does worse, once, with an event; the document in force stays', async () => {
    const { finish, pulse, told, deps } = await trying();
    await finish('a', 'completed');
    await pulse();
    expect(await deps.policies.head('default')).toMatchObject({ version: 2, canary: { share: 0.5 } });
    await finish('b', 'failed');
    const sums = (await deps.policies.counted('default', 2))!;
    expect(sums).toMatchObject({ old: { ended: sums.old.completed }, new: { completed: 0 } });
    expect(sums.old.ended + sums.new.ended).toBe(40);
    await Promise.all([pulse(), pulse()]);
    const head = await deps.policies.head('default');
    expect(head).toMatchObject({ version: 3, document: only('a'), by: 'cadre' });
    expect(head).not.toHaveProperty('canary');
    expect(told.events.filter(({ type }) => type === 'PolicyRolledBack').map(({ data }) => data)).toEqual([
      { pool: 'default', version: 3, canary_version: 2, watch: 'success', old: 1, new: 0 },
    ]);
  });

  it('stays while it does as well, counts a repeated result once, and is promoted by people', async () => {
    const { finish, pulse, deps, change } = await trying();
    await Promise.all([finish('a', 'completed'), finish('b', 'completed')]);
    const before = await deps.policies.counted('default', 2);
    await finish('b', 'completed');
    await pulse();
    expect(await deps.policies.counted('default', 2)).toEqual(before);
    expect(await deps.policies.head('default')).toMatchObject({ version: 2 });
    expect(await promotePolicy(deps, { ...change, expected_version: 1 })).toMatchObject({
      error: { code: 'version-conflict' },
    });
    const promoted = await promotePolicy(deps, { ...change, expected_version: 2 });
    expect(promoted).toMatchObject({ ok: true, value: { version: 3, document: only('b') } });
    expect(promoted).not.toHaveProperty('value.canary');
    expect(await promotePolicy(deps, { ...change, expected_version: 3 })).toMatchObject({
      error: { code: 'not-found' },
    });
  });

  it('is taken back when it leaves nobody to a task that waits for a minute, though none of its tasks has ended', async () => {
    const { deps, join, beat, accept, clock, told } = distributorStage();
    await join('a', { capacity: 100 });
    const change = { pool: 'default', principal: 'me' };
    await putPolicy(deps, { ...change, document: only('a'), expected_version: 0 });
    await putPolicy(deps, { ...change, document: only('b'), expected_version: 1, canary: settings });
    const tried = (await deps.policies.head('default'))!;
    const id = Array.from({ length: 20 }, (_, at) => `t${at}`).find((each) => isCanaryTask(tried, each))!;
    await accept(task({ task_id: id }));
    const pulse = () => runPulse(deps, { pool: 'default' });
    clock.now += canaryStarvedMs;
    await beat('a');
    await pulse();
    expect(await deps.policies.head('default')).toHaveProperty('canary');
    clock.now += 1;
    await pulse();
    expect(await deps.policies.head('default')).toMatchObject({ version: 3, document: only('a'), by: 'cadre' });
    const news = told.events.filter(({ type }) => type === 'PolicyRolledBack').map(({ data }) => data);
    expect(news).toEqual([
      { pool: 'default', version: 3, canary_version: 2, watch: 'success', old: 0, new: 0, starved: id },
    ]);
  });

  it('stays while the version in force would leave nobody to its task either', async () => {
    const { deps, accept, clock } = distributorStage();
    const change = { pool: 'default', principal: 'me' };
    await putPolicy(deps, { ...change, document: only('a'), expected_version: 0 });
    await putPolicy(deps, { ...change, document: only('b'), expected_version: 1, canary: settings });
    await accept(...Array.from({ length: 20 }, (_, at) => task({ task_id: `t${at}` })));
    clock.now += 10 * canaryStarvedMs;
    await runPulse(deps, { pool: 'default' });
    expect(await deps.policies.head('default')).toHaveProperty('canary');
  });

  it('leaves a policy alone that somebody has changed since the pulse read it', async () => {
    const { finish, pulse, deps, change, told } = await trying();
    await finish('a', 'completed');
    await finish('b', 'failed');
    const pool = await deps.agents.pool('default');
    await putPolicy(deps, { ...change, document: {}, expected_version: 2 });
    const { judgeCanary } = await import('../../../../src/distributor/usecases/pulse/judge-canary.ts');
    expect(await judgeCanary(deps, pool, [])).toBe(false);
    await pulse();
    expect(await deps.policies.head('default')).toMatchObject({ version: 3, document: {}, by: 'me' });
    expect(told.events.some(({ type }) => type === 'PolicyRolledBack')).toBe(false);
  });

  it('leaves it to the policy in force for whom slots are kept, on either side, until it is promoted', async () => {
    const stage = distributorStage();
    const change = { pool: 'default', principal: 'me' };
    const reservations = [{ name: 'no-standstill', match: { priority: ['low' as const] }, percent: 50 }];
    await putPolicy(stage.deps, { ...change, document: { reservations }, expected_version: 0 });
    await putPolicy(stage.deps, { ...change, document: {}, expected_version: 1, canary: settings });
    const many = (priority: 'low' | 'high') =>
      Array.from({ length: 20 }, (_, at) => task({ task_id: `${priority}${at}`, priority }));
    await stage.accept(...many('high'));
    await stage.accept(...many('low'));
    await stage.join('a', { capacity: 16 });
    await stage.dispatch('*');
    const held = Object.entries((await stage.agent('a')).holds);
    expect(held.filter(([key]) => key.startsWith('low'))).toHaveLength(8);
    const kept = held.filter(([, { reservation }]) => reservation === 'no-standstill');
    expect(new Set(kept.map(([, { canary }]) => canary?.side))).toEqual(new Set(['old', 'new']));
    await promotePolicy(stage.deps, { ...change, expected_version: 2 });
    await stage.join('b', { capacity: 4 });
    await stage.dispatch('*');
    expect(Object.keys((await stage.agent('b')).holds).every((key) => key.startsWith('high'))).toBe(true);
  });
});
