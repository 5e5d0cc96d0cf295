import { describe, expect, it } from '@jest/globals';
import { applyResults } from '../../../../src/distributor/usecases/tasks/apply-results.ts';
import { reviveAgent } from '../../../../src/distributor/usecases/agents/revive-agent.ts';
import { runPulse } from '../../../../src/distributor/usecases/pulse/run-pulse.ts';
import { stopAgent } from '../../../../src/distributor/usecases/agents/stop-agent.ts';
import { distributorStage, task } from '../stage.ts';

const kill = { agent_id: 'a1', how: 'killed' as const, reason: 'writes nonsense', principal: 'operator' };
const drain = { ...kill, how: 'drained' as const, reason: 'upgrade' };

async function working() {
  const stage = distributorStage();
  await stage.join('a1', { capacity: 2 });
  await stage.accept(task(), task({ task_id: 't2' }), task({ task_id: 't3' }));
  await stage.dispatch('*');
  stage.forget();
  const report = (task_id: string, attempt: number) => {
    const results = [{ task_id, attempt, outcome: 'completed' as const }];
    return applyResults(stage.deps, [{ pool: 'default', agent_id: 'a1', principal: 'principal-a1', results }]);
  };
  return { ...stage, report };
}

describe('killing an agent', () => {
  it('gives its tasks back with the fence moved on and no attempt counted, and tells it to stop', async () => {
    const stage = await working();
    const killed = await stopAgent(stage.deps, kill);
    expect(killed).toMatchObject({ ok: true, value: { holds: {}, stopped: { how: 'killed', by: 'operator' } } });
    for (const id of ['t1', 't2'])
      expect(await stage.row(id)).toMatchObject({
        status: 'Queued',
        attempt: 2,
        retry_count: 0,
        error: { code: 'lease-revoked', message: 'the agent was killed (agent a1): writes nonsense' },
      });
    expect(stage.told.sent.map(({ message }) => message)).toMatchObject([
      { kind: 'cancel', task_id: 't1', attempt: 1 },
      { kind: 'cancel', task_id: 't2', attempt: 1 },
    ]);
    expect(stage.told.hints).toContainEqual({ pool: 'default', routes: ['*'] });
    expect(stage.told.events).toMatchObject([
      { type: 'AgentStopped', data: { how: 'killed', reason: 'writes nonsense', tasks: ['t1', 't2'] } },
    ]);
  });

  it('refuses and counts what it still reports', async () => {
    const stage = await working();
    await stopAgent(stage.deps, kill);
    expect(await stage.report('t1', 1)).toEqual(['late']);
    expect(await stage.row('t1')).toMatchObject({ status: 'Queued', late_results: 1 });
  });

  it('keeps work from it until it is revived, also when it starts anew; then what waits may start', async () => {
    const stage = await working();
    await stopAgent(stage.deps, kill);
    await stage.join('a1', { capacity: 2 });
    expect(await stage.dispatch('*')).toMatchObject({ assigned: 0 });
    stage.forget();
    await reviveAgent(stage.deps, { agent_id: 'a1', principal: 'operator' });
    expect(stage.told.hints).toEqual([{ pool: 'default', routes: ['*'] }]);
    expect(await stage.dispatch('*')).toMatchObject({ assigned: 2 });
    expect(await stage.row('t1')).toMatchObject({ status: 'Processing', attempt: 3 });
  });

  it('that breaks off after its first write is finished by the pulse', async () => {
    const stage = await working();
    const { get } = stage.deps.tasks;
    const dying = { ...stage.deps, tasks: { ...stage.deps.tasks, get: () => Promise.reject(new Error('died')) } };
    await expect(stopAgent(dying, kill)).rejects.toThrow('died');
    expect(Object.keys((await stage.agent('a1')).holds)).toHaveLength(2);
    await runPulse({ ...stage.deps, tasks: { ...stage.deps.tasks, get } }, { pool: 'default' });
    expect((await stage.agent('a1')).holds).toEqual({});
    expect(await stage.row('t2')).toMatchObject({ status: 'Queued', attempt: 2, retry_count: 0 });
  });

  it('takes a reservation that was not claimed yet from a dispatcher which is only slow', async () => {
    const stage = distributorStage();
    await stage.join('a1');
    await stage.accept(task());
    const reserve: typeof stage.deps.agents.reserve = async (...args) => {
      const reserved = await stage.deps.agents.reserve(...args);
      expect(await stopAgent(stage.deps, kill)).toMatchObject({ ok: true, value: { holds: {} } });
      return reserved;
    };
    const { dispatchTasks } = await import('../../../../src/distributor/usecases/dispatch/dispatch-tasks.ts');
    await dispatchTasks(
      { ...stage.deps, agents: { ...stage.deps.agents, reserve } },
      { pool: 'default', routes: ['*'] },
    );
    expect(await stage.row('t1')).toMatchObject({ status: 'Queued', attempt: 1 });
    expect((await stage.agent('a1')).holds).toEqual({});
  });

  it('tells it again with each pulse while it says that it works on what was taken from it', async () => {
    const stage = await working();
    await stopAgent(stage.deps, kill);
    await stage.beat('a1', 't1#1');
    stage.forget();
    await runPulse(stage.deps, { pool: 'default' });
    expect(stage.told.sent.map(({ message }) => message)).toMatchObject([
      { kind: 'cancel', task_id: 't1', attempt: 1 },
    ]);
    // Silent, it is not written to for ever.
    stage.clock.now += 60_000;
    stage.forget();
    await runPulse(stage.deps, { pool: 'default' });
    expect(stage.told.sent).toEqual([]);
  });

  it('that nobody knows is not found, and neither is its revival', async () => {
    const { deps } = distributorStage();
    expect(await stopAgent(deps, kill)).toMatchObject({ ok: false, error: { code: 'not-found' } });
    expect(await reviveAgent(deps, { agent_id: 'a1', principal: 'p' })).toMatchObject({ error: { code: 'not-found' } });
  });
});

describe('draining an agent', () => {
  it('keeps new work from it and lets it end what it holds', async () => {
    const stage = await working();
    expect(await stopAgent(stage.deps, drain)).toMatchObject({ ok: true, value: { stopped: { how: 'drained' } } });
    expect(await stage.report('t1', 1)).toEqual(['applied']);
    expect(await stage.dispatch('*')).toMatchObject({ assigned: 0 });
    await runPulse(stage.deps, { pool: 'default' });
    expect(await stage.row('t2')).toMatchObject({ status: 'Processing', attempt: 1 });
  });

  it('does not give a killed one back what was taken from it', async () => {
    const stage = await working();
    await stopAgent(stage.deps, kill);
    stage.forget();
    expect(await stopAgent(stage.deps, drain)).toMatchObject({ ok: true, value: { stopped: { how: 'killed' } } });
    expect(stage.told.events).toEqual([]);
  });
});
