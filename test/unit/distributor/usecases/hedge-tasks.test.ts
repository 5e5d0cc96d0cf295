import { describe, expect, it } from '@jest/globals';
import { hedgeLookMs } from '../../../../src/contracts/limits.ts';
import type { TaskResult } from '../../../../src/contracts/messages.ts';
import type { Task } from '../../../../src/contracts/distributor/task.ts';
import { putPolicy } from '../../../../src/distributor/usecases/policies/change-policy.ts';
import { applyResults } from '../../../../src/distributor/usecases/tasks/apply-results.ts';
import { cancelTask } from '../../../../src/distributor/usecases/tasks/cancel-task.ts';
import { deregisterAgent } from '../../../../src/distributor/usecases/agents/deregister-agent.ts';
import { explainTask } from '../../../../src/distributor/usecases/tasks/explain-task.ts';
import { killTask } from '../../../../src/distributor/usecases/tasks/kill-task.ts';
import { runPulse } from '../../../../src/distributor/usecases/pulse/run-pulse.ts';
import { stopAgent } from '../../../../src/distributor/usecases/agents/stop-agent.ts';
import { taskView } from '../../../../src/distributor/core/tasks/task-view.ts';
import { iso, startMs } from '../rows.ts';
import { distributorStage, task } from '../stage.ts';

const after_ms = 5_000;
const hedged = (over: Partial<Task> = {}): Task =>
  task({ ...over, distribution_rules: { hedge: { after_ms }, ...over.distribution_rules } });

/** `t1` runs on `a1`; `a2` joins idle. */
async function running(over: Partial<Task> = {}) {
  const stage = distributorStage();
  await stage.join('a1');
  await stage.accept(hedged(over));
  await stage.dispatch((await stage.row('t1')).route);
  await stage.join('a2');
  const hear = () =>
    Promise.all(['a1', 'a2'].map(async (id) => stage.beat(id, ...Object.keys((await stage.agent(id)).holds))));
  const pulse = async (ms: number) => {
    stage.clock.now += ms;
    await hear();
    return runPulse(stage.deps, { pool: 'default' });
  };
  const report = (agent_id: string, attempt: number, over_: Partial<TaskResult> = {}) =>
    applyResults(stage.deps, [
      {
        pool: 'default',
        agent_id,
        principal: `principal-${agent_id}`,
        results: [{ task_id: 't1', attempt, outcome: 'completed', output: { by: agent_id }, ...over_ }],
      },
    ]);
  const holds = async (agent_id: string) => Object.keys((await stage.agent(agent_id)).holds);
  return { ...stage, pulse, report, holds };
}

/** The same, with its second run on `a2`. */
async function twice(over: Partial<Task> = {}) {
  const stage = await running(over);
  await stage.pulse(after_ms);
  stage.forget();
  return stage;
}

const failure = { outcome: 'failed', error: { code: 'flaky', message: 'not now', retryable: true } } as const;
const cancels = (stage: { told: { sent: readonly { inbox_url: string; message: { kind: string } }[] } }) =>
  stage.told.sent.filter(({ message }) => message.kind === 'cancel');

describe('a task that may be hedged', () => {
  it('gets a second run on another agent once it has run so long, and not before', async () => {
    const stage = await running();
    expect(await stage.row('t1')).toMatchObject({
      attempt: 1,
      assigned_agent: 'a1',
      hedge_at: iso(startMs + after_ms),
    });
    await stage.pulse(after_ms - 1);
    expect(await stage.row('t1')).not.toHaveProperty('hedge');
    await stage.pulse(1);
    const row = await stage.row('t1');
    expect(row).toMatchObject({ status: 'Processing', attempt: 1, assigned_agent: 'a1', hedges: 1 });
    expect(row.hedge).toMatchObject({ attempt: 2, agent_id: 'a2', principal: 'principal-a2' });
    expect(row).not.toHaveProperty('hedge_at');
    expect([await stage.holds('a1'), await stage.holds('a2')]).toEqual([['t1#1'], ['t1#2']]);
    expect(stage.told.sent.at(-1)).toMatchObject({ message: { kind: 'assign', task_id: 't1', attempt: 2 } });
    expect(stage.told.events).toContainEqual(
      expect.objectContaining({
        type: 'TaskHedged',
        data: expect.objectContaining({ attempt: 2, agent_id: 'a2', first_attempt: 1, first_agent_id: 'a1' }),
      }),
    );
  });

  it('waits with it as long as its deadline leaves slack', async () => {
    const stage = await running({ deadline: iso(startMs + 30_000) });
    expect(await stage.row('t1')).toMatchObject({ hedge_at: iso(startMs + 30_000 - 2 * after_ms) });
  });

  it('does not run twice on its own agent, and is looked at again later', async () => {
    const stage = distributorStage();
    await stage.join('a1', { capacity: 2 });
    await stage.accept(hedged());
    await stage.dispatch('*');
    stage.clock.now += after_ms;
    await stage.beat('a1', 't1#1');
    await runPulse(stage.deps, { pool: 'default' });
    expect(await stage.row('t1')).not.toHaveProperty('hedge');
    expect(await stage.row('t1')).toMatchObject({ hedge_at: iso(startMs + after_ms + hedgeLookMs) });
    await stage.join('a2');
    stage.clock.now += hedgeLookMs;
    await stage.beat('a1', 't1#1');
    await stage.beat('a2');
    await runPulse(stage.deps, { pool: 'default' });
    expect((await stage.row('t1')).hedge).toMatchObject({ agent_id: 'a2' });
  });

  it('takes no slot that somebody waits for', async () => {
    const stage = await running();
    await stage.deps.agents.want('default', 'a2', ['gpu'], 0);
    await stage.pulse(after_ms);
    expect(await stage.row('t1')).not.toHaveProperty('hedge');
  });

  it('gets none where its concurrency key is full, its own run counted', async () => {
    const stage = await running({ distribution_rules: { concurrency: { key: 'k', limit: 1 } } });
    await stage.pulse(after_ms);
    expect(await stage.row('t1')).toMatchObject({ hedge_at: iso(startMs + after_ms + hedgeLookMs) });
    expect(await stage.holds('a2')).toEqual([]);
  });

  it('gets none where its own budget has no room for both runs', async () => {
    const stage = await running({ budget: { usd: 0.15 }, distribution_rules: { estimate: { usd: 0.1 } } });
    await stage.pulse(after_ms);
    expect(await stage.row('t1')).toMatchObject({ status: 'Processing' });
    expect(await stage.row('t1')).not.toHaveProperty('hedge_at');
  });

  it('says so when an expression of the policy fails', async () => {
    const stage = await running();
    const strategies = { mine: { use: 'custom', score: 'agent.labels.speed' } };
    const document = { strategies, strategy: 'mine' };
    await putPolicy(stage.deps, { pool: 'default', expected_version: 0, principal: 'op', document });
    await stage.pulse(after_ms);
    expect(await stage.holds('a2')).toEqual(['t1#2']);
    expect(stage.told.events.filter(({ type }) => type === 'PolicyFailed')).toMatchObject([
      { data: { pool: 'default', version: 1, strategy: 'mine' } },
    ]);
  });

  it('without a time of its own is hedged by what 95 % of its type take, once that is known', async () => {
    const stage = distributorStage();
    await stage.join('a1', { capacity: 3 });
    const known = task({ task_id: 'late', distribution_rules: { hedge: {} } });
    await stage.accept(task({ task_id: 'early', distribution_rules: { hedge: {} } }));
    await stage.dispatch('*');
    expect(await stage.row('early')).not.toHaveProperty('hedge_at');
    for (let at = 0; at < 30; at += 1) {
      await stage.accept(task({ task_id: `done-${at}` }));
      await stage.dispatch('*');
      const result = {
        task_id: `done-${at}`,
        attempt: 1,
        outcome: 'completed',
        duration_ms: 10_000,
        task_type: 'demo',
      };
      await applyResults(stage.deps, [
        { pool: 'default', agent_id: 'a1', principal: 'principal-a1', results: [result as TaskResult] },
      ]);
    }
    await stage.accept(known);
    await stage.dispatch('*');
    const after = Date.parse((await stage.row('late')).hedge_at ?? '') - startMs;
    expect(after).toBeGreaterThan(10_000);
    expect(after).toBeLessThan(20_000);
  });
});

describe('of two runs', () => {
  it.each([
    ['first', 'a1', 1, 'a2', 2],
    ['second', 'a2', 2, 'a1', 1],
  ] as const)(
    'the %s one wins: its result counts, the other one is stopped and its slot freed',
    async (_which, winner, token, loser, other) => {
      const stage = await twice({ distribution_rules: { estimate: { usd: 0.25, tokens: 10 } } });
      expect(await stage.report(winner, token)).toEqual(['applied']);
      const row = await stage.row('t1');
      expect(row).toMatchObject({ status: 'Completed', attempt: token, assigned_agent: winner, retry_count: 0 });
      expect(row.output).toEqual({ text: JSON.stringify({ by: winner }) });
      expect([await stage.holds('a1'), await stage.holds('a2')]).toEqual([[], []]);
      expect(cancels(stage)).toEqual([
        {
          inbox_url: (await stage.agent(loser)).inbox_url,
          message: expect.objectContaining({ task_id: 't1', attempt: other }),
        },
      ]);
      const view = taskView(row);
      expect(view.hedge).toMatchObject({ attempt: other, agent_id: loser, cost: { usd: 0.25, tokens: 10 } });
      expect(view.spent).toEqual({ usd: 0.25, tokens: 10 });
      expect(await stage.report(loser, other)).toEqual(['late']);
      expect(await stage.report(winner, token)).toEqual(['repeated']);
      expect((await stage.row('t1')).output).toEqual({ text: JSON.stringify({ by: winner }) });
    },
  );

  it('both that bring a result in one batch only one counts', async () => {
    const stage = await twice();
    const results = (agent_id: string, attempt: number) => ({
      ...{ pool: 'default', agent_id, principal: `principal-${agent_id}` },
      results: [{ task_id: 't1', attempt, outcome: 'completed' as const, output: agent_id }],
    });
    const fates = await applyResults(stage.deps, [results('a1', 1), results('a2', 2)]);
    expect(fates.toSorted()).toEqual(['applied', 'late']);
    expect([await stage.holds('a1'), await stage.holds('a2')]).toEqual([[], []]);
  });

  it('a stranger cannot report for the second one', async () => {
    const stage = await twice();
    const forged = { pool: 'default', agent_id: 'a2', principal: 'principal-a1' };
    for (const outcome of ['completed', 'failed', 'released'] as const)
      expect(
        await applyResults(stage.deps, [{ ...forged, results: [{ task_id: 't1', attempt: 2, outcome }] }]),
      ).toEqual(['late']);
    expect((await stage.row('t1')).hedge).toMatchObject({ agent_id: 'a2' });
  });

  it('the end of the first without a result counts as nothing: the second takes its place', async () => {
    const stage = await twice();
    expect(await stage.report('a1', 1, failure)).toEqual(['applied']);
    const row = await stage.row('t1');
    expect(row).toMatchObject({ status: 'Processing', attempt: 2, assigned_agent: 'a2', retry_count: 0 });
    expect(row).not.toHaveProperty('hedge');
    expect(await stage.holds('a1')).toEqual([]);
    expect(await stage.report('a2', 2)).toEqual(['applied']);
    expect(await stage.row('t1')).toMatchObject({ status: 'Completed', attempt: 2 });
  });

  it('the end of the second without a result leaves the first, and its token is never given again', async () => {
    const stage = await twice();
    expect(await stage.report('a2', 2, { outcome: 'released' })).toEqual(['applied']);
    expect(await stage.row('t1')).toMatchObject({ status: 'Processing', attempt: 1, assigned_agent: 'a1', hedges: 2 });
    expect(await stage.report('a1', 1, failure)).toEqual(['applied']);
    const row = await stage.row('t1');
    expect(row).toMatchObject({ status: 'Queued', attempt: 3, retry_count: 1 });
    expect(row).not.toHaveProperty('hedges');
    stage.clock.now += 2_000;
    await runPulse(stage.deps, { pool: 'default' });
    await stage.dispatch('*');
    expect(await stage.row('t1')).toMatchObject({ status: 'Processing', attempt: 4 });
  });

  it('the agent of the first may fall silent: nothing is counted', async () => {
    const stage = await twice();
    stage.clock.now += 9_000;
    await stage.beat('a2', 't1#2');
    await runPulse(stage.deps, { pool: 'default' });
    expect(await stage.row('t1')).toMatchObject({
      status: 'Processing',
      attempt: 2,
      assigned_agent: 'a2',
      retry_count: 0,
    });
    expect(await stage.holds('a1')).toEqual([]);
  });

  it('the agent of either may be killed or leave', async () => {
    const killed = await twice();
    await stopAgent(killed.deps, { agent_id: 'a1', how: 'killed', reason: 'test', principal: 'me' });
    expect(await killed.row('t1')).toMatchObject({ status: 'Processing', attempt: 2, assigned_agent: 'a2' });
    const left = await twice();
    expect(await deregisterAgent(left.deps, { agent_id: 'a2', principal: 'principal-a2' })).toMatchObject({ ok: true });
    expect(await left.row('t1')).toMatchObject({ status: 'Processing', attempt: 1, assigned_agent: 'a1' });
    expect(await left.row('t1')).not.toHaveProperty('hedge');
  });

  it.each([
    ['cancelled', cancelTask],
    ['killed', killTask],
  ] as const)('both are stopped when the task is %s', async (_how, end) => {
    const stage = await twice();
    await end(stage.deps, { task_id: 't1', principal: 'me', reason: 'enough' });
    expect([await stage.holds('a1'), await stage.holds('a2')]).toEqual([[], []]);
    expect(cancels(stage)).toHaveLength(2);
    expect(await stage.report('a2', 2)).toEqual(['late']);
  });

  it('are explained: where the second one was given, and why', async () => {
    const stage = await twice();
    const { distribution, hedge } = (await explainTask(stage.deps, 't1'))!;
    expect(distribution).toMatchObject({ agent_id: 'a1' });
    expect(hedge).toMatchObject({ attempt: 2, agent_id: 'a2', distribution: { agent_id: 'a2' } });
    expect(hedge?.distribution?.reasons[0]).toBe('hedge: it has run for 5.0 s, longer than the 5.0 s that it is given');
    expect(hedge).not.toHaveProperty('principal');
  });
});

describe('a second run that was reserved and not claimed', () => {
  it('is fenced off by the pulse before its slot goes, so that a late claim changes nothing', async () => {
    const stage = await running();
    const row = await stage.row('t1');
    const hold = { at: startMs, until: startMs + 60_000 };
    await stage.deps.agents.reserve('default', 'a2', { 't1#2': hold }, 0);
    stage.clock.now += 4_000;
    await stage.beat('a1', 't1#1');
    await stage.beat('a2');
    stage.clock.now += 5_500;
    await stage.beat('a1', 't1#1');
    await stage.beat('a2');
    // Hedging itself is not due here: its timer is looked at by the same pulse, so it is put off.
    await stage.deps.tasks.change([
      {
        task_id: 't1',
        expect: { status: 'Processing', attempt: 1, hedges: null },
        patch: { hedge_at: null },
        index: null,
      },
    ]);
    await runPulse(stage.deps, { pool: 'default' });
    expect(await stage.row('t1')).toMatchObject({ status: 'Processing', attempt: 1, hedges: 1 });
    expect(await stage.holds('a2')).toEqual([]);
    const late = { attempt: 2, agent_id: 'a2', principal: 'principal-a2', started_at: iso(startMs) };
    const [claimed] = await stage.deps.tasks.change([
      {
        task_id: 't1',
        expect: { status: 'Processing', attempt: 1, hedges: row.hedges ?? null },
        patch: { hedge: { ...late, reserved: { micro_usd: 0, tokens: 0 } }, hedges: 1 },
        index: null,
      },
    ]);
    expect(claimed?.applied).toBe(false);
  });
});
