import { describe, expect, it } from '@jest/globals';
import { DeleteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { putPolicy, rollBackPolicy } from '../../../../src/distributor/usecases/policies/change-policy.ts';
import { scoreAgents } from '../../../../src/distributor/usecases/dispatch/score-agents.ts';
import { tryPolicy } from '../../../../src/distributor/usecases/policies/try-policy.ts';
import { startMs } from '../rows.ts';
import { distributorStage, task } from '../stage.ts';

const only = (agent_id: string) => ({
  strategies: { only: { use: 'weighted', weights: { [agent_id]: 1 }, otherwise: 0 } },
  strategy: 'only',
});

async function stageWithAgents() {
  const stage = distributorStage();
  await stage.join('a', { capacity: 9 });
  await stage.join('b', { capacity: 9 });
  const put = (document: unknown, expected_version: number) =>
    putPolicy(stage.deps, { pool: 'default', document, expected_version, principal: 'me' });
  return { ...stage, put };
}

describe('a policy', () => {
  it('is followed by the next dispatch, with no call more', async () => {
    const stage = await stageWithAgents();
    await stage.accept(task({ task_id: 't0' }));
    await stage.dispatch('*');
    expect(await stage.put(only('b'), 0)).toMatchObject({ ok: true, value: { version: 1, by: 'me' } });
    expect(stage.told.hints.at(-1)).toEqual({ pool: 'default', routes: ['*'] });
    await stage.accept(task({ task_id: 't1' }), task({ task_id: 't2' }));
    await stage.dispatch('*');
    for (const id of ['t1', 't2']) expect(await stage.row(id)).toMatchObject({ assigned_agent: 'b' });
    expect(await stage.agent('b')).toMatchObject({ next_turn: 2 });
  });

  it('changes against the version that its author saw; versions stay as they were and can be put in force again', async () => {
    const stage = await stageWithAgents();
    const change = { pool: 'default', principal: 'me' };
    await stage.put(only('a'), 0);
    const conflict = { ok: false, error: { code: 'version-conflict', message: 'the policy is at version 1, not 0' } };
    expect(await stage.put(only('b'), 0)).toMatchObject(conflict);
    const both = await Promise.all([stage.put(only('b'), 1), stage.put({}, 1)]);
    expect(both.map(({ ok }) => ok).sort()).toEqual([false, true]);
    const back = await rollBackPolicy(stage.deps, { ...change, version: 1, expected_version: 2 });
    expect(back).toMatchObject({ ok: true, value: { version: 3, document: only('a') } });
    const history = await stage.deps.policies.history('default', 10);
    expect(history.map(({ version }) => version)).toEqual([3, 2, 1]);
    expect(await stage.deps.policies.history('default', 1)).toHaveLength(1);
    expect(await rollBackPolicy(stage.deps, { ...change, version: 9, expected_version: 3 })).toMatchObject({
      error: { code: 'not-found' },
    });
  });

  it('keeps in its history a version whose author died before it was kept', async () => {
    const stage = await stageWithAgents();
    await stage.put(only('a'), 0);
    await stage.cloud.clients.dynamodb.send(
      new DeleteCommand({ TableName: 'cadre', Key: { pk: 'POLICY#default', sk: '00000001' } }),
    );
    await stage.put(only('b'), 1);
    expect((await stage.deps.policies.history('default', 10)).map(({ version }) => version)).toEqual([2, 1]);
  });

  it('that cannot be followed is refused and changes nothing', async () => {
    const stage = await stageWithAgents();
    await expect(stage.put({ strategy: 'unknown' }, 0)).rejects.toMatchObject({ code: 'invalid-policy' });
    expect(await stage.deps.policies.head('default')).toBeUndefined();
  });

  it('whose expression fails falls back and says so', async () => {
    const stage = await stageWithAgents();
    const strategies = { mine: { use: 'custom', score: 'agent.labels.speed' } };
    await stage.put({ strategies, strategy: 'mine' }, 0);
    await stage.accept(task());
    await stage.dispatch('*');
    expect(await stage.row('t1')).toMatchObject({
      status: 'Processing',
      distribution: { routing_rule: 'least_loaded' },
    });
    expect(stage.told.events.filter(({ type }) => type === 'PolicyFailed')).toMatchObject([
      { data: { pool: 'default', version: 1, strategy: 'mine' } },
    ]);
  });

  it('whose expression fails says so once, in whichever round of a dispatch it did', async () => {
    const stage = await stageWithAgents();
    await stage.join('a', { capacity: 150 });
    const strategies = { mine: { use: 'custom', score: "task_type = 'broken' ? agent.labels.speed : 1" } };
    await stage.put({ strategies, strategy: 'mine' }, 0);
    const all = Array.from({ length: 100 }, (_, at) => task({ task_id: `t${at}`, task_type: 'broken' }));
    await stage.accept(...all, task({ task_id: 'whole', priority: 'low' }));
    expect(await stage.dispatch('*')).toMatchObject({ assigned: 101 });
    expect(stage.told.events.filter(({ type }) => type === 'PolicyFailed')).toMatchObject([
      { data: { strategy: 'mine' } },
    ]);
  });

  it('whose expressions are slow leaves the types to the fallback for which a round has no time', async () => {
    const stage = await stageWithAgents();
    await stage.put({ strategies: { mine: { use: 'custom', score: '1' } }, strategy: 'mine' }, 0);
    const types = Array.from({ length: 8 }, (_, at) => task({ task_id: `t${at}`, task_type: `type-${at}` }));
    await stage.accept(...types);
    // Each look at the clock is a fifth of a second later.
    const now = () => (stage.clock.now += 200);
    const deps = { ...stage.deps, sources: { ...stage.deps.sources, now } };
    const faults = new Map<string, string>();
    const pool = await stage.deps.agents.pool('default');
    const scores = await scoreAgents(deps, pool, await stage.deps.tasks.ready(pool.routes[0]!, 10), faults);
    expect(types.map(({ task_type }) => scores.customScores?.('1', task_type) !== undefined)).toEqual([
      ...Array<boolean>(5).fill(true),
      ...Array<boolean>(3).fill(false),
    ]);
    expect([...faults.keys()]).toEqual(['mine']);
  });

  it('with a strategy of a newer version of Cadre falls back and says so', async () => {
    const stage = await stageWithAgents();
    await stage.put({ strategies: { mine: { use: 'random', fallback: 'round_robin' } }, strategy: 'mine' }, 0);
    await stage.cloud.clients.dynamodb.send(
      new UpdateCommand({
        ...{ TableName: 'cadre', Key: { pk: 'POOL#default', sk: '#POLICY' } },
        UpdateExpression: 'SET #d.strategies.mine.#u = :new',
        ExpressionAttributeNames: { '#d': 'document', '#u': 'use' },
        ExpressionAttributeValues: { ':new': 'clairvoyant' },
      }),
    );
    await stage.accept(task());
    await stage.dispatch('*');
    expect(await stage.row('t1')).toMatchObject({
      status: 'Processing',
      distribution: { routing_rule: 'round_robin' },
    });
    expect(stage.told.events.filter(({ type }) => type === 'PolicyFailed')).toMatchObject([
      { data: { strategy: 'mine', message: 'this version of Cadre has no strategy clairvoyant' } },
    ]);
  });

  it('can be tried: where waiting tasks would go, without anything being changed', async () => {
    const stage = await stageWithAgents();
    await stage.accept(task({ task_id: 't1' }), task({ task_id: 't2' }));
    const trial = await tryPolicy(stage.deps, 'default', { ...only('b'), rules: [{ name: 'r', match: {}, pin: 'b' }] });
    expect(trial).toEqual({
      warnings: [],
      tasks: [
        { task_id: 't1', now: 'a', then: 'b', rule: 'r' },
        { task_id: 't2', now: 'b', then: 'b', rule: 'r' },
      ],
      moved: 1,
    });
    expect(await stage.row('t1')).toMatchObject({ status: 'Queued', queued_at: new Date(startMs).toISOString() });
    await expect(tryPolicy(stage.deps, 'default', { rules: 5 })).rejects.toMatchObject({ code: 'invalid-input' });
  });
});
