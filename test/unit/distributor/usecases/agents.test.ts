import { describe, expect, it } from '@jest/globals';
import { agentsTogetherMax } from '../../../../src/contracts/limits.ts';
import { agentGrant } from '../../../../src/contracts/distributor/agent.ts';
import { deregisterAgent } from '../../../../src/distributor/usecases/agents/deregister-agent.ts';
import { recordHeartbeats } from '../../../../src/distributor/usecases/agents/record-heartbeats.ts';
import { registerAgent } from '../../../../src/distributor/usecases/agents/register-agent.ts';
import { iso, startMs } from '../rows.ts';
import { distributorStage, task } from '../stage.ts';

const registration = { agent_id: 'a1', type: 'worker', capabilities: ['x'], capacity: 2 };
const mine = { agent_id: 'a1', principal: 'principal-a1' };

describe('registering', () => {
  it('makes an inbox and a row, answers the grant, and lets waiting tasks start', async () => {
    const stage = distributorStage();
    await stage.accept(task({ required_capabilities: ['x'] }), task({ task_id: 't2', required_capabilities: ['y'] }));
    stage.forget();
    const outcome = await registerAgent(stage.deps, { registration, principal: 'p' });
    expect(outcome).toMatchObject({ ok: true, value: { agent_id: 'a1', results_url: 'results', bucket: 'bucket' } });
    if (outcome.ok) expect(agentGrant.parse(outcome.value)).toEqual(outcome.value);
    expect(stage.cloud.sqs.queues().map(({ name }) => name)).toEqual(['cadre-inbox-a1']);
    expect(await stage.agent('a1')).toMatchObject({ principal: 'p', holds: {}, wanted: [], capabilities: ['x'] });
    expect(stage.told.hints).toEqual([{ pool: 'default', routes: ['x'] }]);
    expect(stage.told.events).toMatchObject([{ type: 'AgentRegistered' }]);
  });

  it('gives who joins the next of what waits, since nothing waits at the agents that were there before', async () => {
    const stage = distributorStage();
    await stage.join('a1', { capacity: 2 });
    await stage.accept(...Array.from({ length: 7 }, (_, at) => task({ task_id: `t${at}` })));
    await stage.dispatch('*');
    stage.forget();
    await stage.join('a2', { capacity: 3 });
    await stage.dispatch(...stage.told.hints.flatMap(({ routes }) => routes));
    expect(Object.keys((await stage.agent('a1')).holds).sort()).toEqual(['t0#1', 't1#1']);
    expect(Object.keys((await stage.agent('a2')).holds).sort()).toEqual(['t2#1', 't3#1', 't4#1']);
    expect(stage.told.leases()).toHaveLength(3);
    expect(await stage.row('t5')).toMatchObject({ status: 'Queued', attempt: 0 });
  });

  it('under an id that belongs to another principal is refused and makes no queue', async () => {
    const stage = distributorStage();
    await stage.join('a1');
    const other = { registration: { ...registration, agent_id: 'a1' }, principal: 'stranger' };
    expect(await registerAgent(stage.deps, other)).toMatchObject({ ok: false, error: { code: 'agent-conflict' } });
    expect(stage.cloud.sqs.queues()).toHaveLength(1);
    expect(await stage.agent('a1')).toMatchObject({ principal: 'principal-a1' });
  });

  it('again renews the agent; what it held stays until it is settled', async () => {
    const stage = distributorStage();
    await stage.join('a1');
    await stage.accept(task());
    await stage.dispatch('*');
    await stage.beat('a1', 't1#1');
    stage.clock.now += 60_000;
    await stage.join('a1', { capacity: 3 });
    expect(await stage.agent('a1')).toMatchObject({ capacity: 3, reported: [], last_heartbeat: iso(stage.clock.now) });
    expect(Object.keys((await stage.agent('a1')).holds)).toEqual(['t1#1']);
  });

  it('finds a pool of many agents and lets those that come later stand apart, in the sight of everybody', async () => {
    const stage = distributorStage();
    const isSpread = async () => (await stage.deps.agents.pool('default')).spread !== undefined;
    for (let n = 1; n < agentsTogetherMax; n += 1) await stage.join(`a${n}`);
    expect(await isSpread()).toBe(false);
    await stage.join('last');
    expect(await isSpread()).toBe(true);
    await stage.join('apart', { capabilities: ['rare'] });
    await stage.accept(task({ required_capabilities: ['rare'] }));
    await stage.dispatch('rare');
    expect(stage.told.sent.map(({ inbox_url }) => inbox_url)).toEqual([expect.stringContaining('apart')]);
  });
});

describe('deregistering', () => {
  it('hands back what the agent holds, uncounted, then removes it and its inbox', async () => {
    const stage = distributorStage();
    await stage.join('a1', { capacity: 2 });
    await stage.accept(task(), task({ task_id: 't2' }));
    await stage.dispatch('*');
    stage.forget();
    expect(await deregisterAgent(stage.deps, mine)).toEqual({ ok: true, value: undefined });
    for (const id of ['t1', 't2']) expect(await stage.row(id)).toMatchObject({ status: 'Queued', retry_count: 0 });
    expect(await stage.agent('a1')).toBeUndefined();
    expect(stage.cloud.sqs.queues()).toEqual([]);
    expect(stage.told.events).toMatchObject([{ type: 'AgentDeregistered' }]);
    expect(stage.told.hints).toContainEqual({ pool: 'default', routes: ['*'] });
  });

  it('is for its own principal only', async () => {
    const stage = distributorStage();
    await stage.join('a1');
    const outcome = await deregisterAgent(stage.deps, { agent_id: 'a1', principal: 'stranger' });
    expect(outcome).toMatchObject({ ok: false, error: { code: 'forbidden' } });
    expect(await stage.agent('a1')).toBeDefined();
  });

  it('of nobody is not found', async () => {
    const outcome = await deregisterAgent(distributorStage().deps, mine);
    expect(outcome).toMatchObject({ ok: false, error: { code: 'not-found' } });
  });

  it('while work is being handed out leaves no task with an agent that is gone', async () => {
    const stage = distributorStage();
    await stage.join('a1');
    await stage.accept(task());
    const reserve: typeof stage.deps.agents.reserve = async (...args) => {
      const reserved = await stage.deps.agents.reserve(...args);
      // The reservation has no claim yet: it is fenced off, and the agent need not wait for it.
      expect(await deregisterAgent(stage.deps, mine)).toMatchObject({ ok: true });
      return reserved;
    };
    const { dispatchTasks } = await import('../../../../src/distributor/usecases/dispatch/dispatch-tasks.ts');
    await dispatchTasks(
      { ...stage.deps, agents: { ...stage.deps.agents, reserve } },
      { pool: 'default', routes: ['*'] },
    );
    expect(await stage.agent('a1')).toBeUndefined();
    expect(await stage.row('t1')).toMatchObject({ status: 'Queued', attempt: 1, retry_count: 0 });
  });
});

describe('heartbeats', () => {
  const beat = (over: object = {}) => ({
    pool: 'default',
    agent_id: 'a1',
    holding: ['t1#1'],
    interval_ms: 3_000,
    ...over,
  });
  const sent = (ms: number, over: object = {}, principal = 'principal-a1') => ({
    beat: beat(over),
    principal,
    sent_at: startMs + ms,
  });

  it('renew the lease from when they were sent, the newest of a batch only', async () => {
    const stage = distributorStage();
    await stage.join('a1');
    const beats = [sent(2_000), sent(3_000, { holding: [] }), sent(1_000, { holding: ['old#1'] })];
    expect(await recordHeartbeats(stage.deps, beats)).toBe(1);
    expect(await stage.agent('a1')).toMatchObject({
      last_heartbeat: iso(startMs + 3_000),
      lease_until: iso(startMs + 10_500),
      reported: [],
    });
  });

  it('that come late undo nothing', async () => {
    const stage = distributorStage();
    await stage.join('a1');
    await recordHeartbeats(stage.deps, [sent(5_000)]);
    expect(await recordHeartbeats(stage.deps, [sent(4_000, { holding: [] })])).toBe(0);
    expect((await stage.agent('a1')).reported).toEqual(['t1#1']);
  });

  it.each([
    ['of a forger', sent(1_000, {}, 'forger')],
    ['of an unknown agent', sent(1_000, { agent_id: 'ghost' }, 'principal-ghost')],
    ['for an unknown pool', sent(1_000, { pool: 'elsewhere' })],
  ])('%s do not count and make no row', async (_whose, one) => {
    const stage = distributorStage();
    await stage.join('a1');
    const before = stage.cloud.dynamodb.items();
    expect(await recordHeartbeats(stage.deps, [one])).toBe(0);
    expect(stage.cloud.dynamodb.items()).toEqual(before);
  });

  it('of an agent that leaves end its lease at once', async () => {
    const stage = distributorStage();
    await stage.join('a1');
    await recordHeartbeats(stage.deps, [sent(1_000, { leaving: true })]);
    expect(await stage.agent('a1')).toMatchObject({ draining: true, lease_until: iso(startMs + 1_000) });
    await stage.accept(task());
    expect(await stage.dispatch('*')).toMatchObject({ assigned: 0 });
  });
});
