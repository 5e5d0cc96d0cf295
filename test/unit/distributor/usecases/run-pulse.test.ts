import { describe, expect, it } from '@jest/globals';
import { busyRouteTasksMin, confirmMsMax, queuedMsMax } from '../../../../src/contracts/limits.ts';
import type { SentResult } from '../../../../src/distributor/core/tasks/fate.ts';
import { applyResults } from '../../../../src/distributor/usecases/tasks/apply-results.ts';
import { runPulse } from '../../../../src/distributor/usecases/pulse/run-pulse.ts';
import { iso } from '../rows.ts';
import { distributorStage, task } from '../stage.ts';

type Stage = ReturnType<typeof distributorStage>;
const pulse = (stage: Stage) => runPulse(stage.deps, { pool: 'default' });

/** An agent with t1 in hand. */
async function working(capacity = 1): Promise<Stage> {
  const stage = distributorStage();
  await stage.join('a1', { capacity });
  await stage.accept(task());
  await stage.dispatch('*');
  stage.forget();
  return stage;
}

/** Events about tasks and agents: how many agents the pool needs is told elsewhere. */
const taskNews = ({ told }: ReturnType<typeof distributorStage>) =>
  told.events.filter(({ type }) => type !== 'ScaleDesired');

describe('a lost hold', () => {
  it('of a silent agent is settled: the task is ready again, counted, and the agent gets no more work', async () => {
    const stage = await working();
    stage.clock.now += 7_501;
    expect(await pulse(stage)).toMatchObject({ recovered: 1 });
    expect(await stage.row('t1')).toMatchObject({
      status: 'Queued',
      attempt: 1,
      retry_count: 1,
      error: { code: 'lease-lost' },
    });
    expect(await stage.deps.tasks.ready({ pool: 'default', route: '*' }, 1)).toHaveLength(1);
    expect(await stage.agent('a1')).toMatchObject({ holds: {}, lease_until: iso(stage.clock.now) });
    expect(stage.told.hints).toContainEqual({ pool: 'default', routes: ['*'] });
    expect(stage.told.sent).toMatchObject([
      { message: { kind: 'cancel', task_id: 't1', attempt: 1, reason: 'lease-lost' } },
    ]);
    expect(taskNews(stage)).toMatchObject([{ type: 'AgentLost', data: { agent_id: 'a1', tasks: ['t1'] } }]);
  });

  it('is not touched a moment earlier', async () => {
    const stage = await working();
    stage.clock.now += 7_500;
    expect(await pulse(stage)).toMatchObject({ recovered: 0 });
    expect(await stage.row('t1')).toMatchObject({ status: 'Processing' });
  });

  it('that its living agent never confirmed goes to somebody else', async () => {
    const stage = await working();
    stage.clock.now += confirmMsMax + 1;
    await stage.beat('a1');
    expect(await pulse(stage)).toMatchObject({ recovered: 1 });
    expect(await stage.row('t1')).toMatchObject({ status: 'Queued', error: { code: 'lease-lost' } });
    expect((await stage.agent('a1')).holds).toEqual({});
  });

  it('that its agent confirmed stays', async () => {
    const stage = await working();
    stage.clock.now += confirmMsMax + 1;
    await stage.beat('a1', 't1#1');
    expect(await pulse(stage)).toMatchObject({ recovered: 0 });
  });

  it('whose time is over is retried after a pause, and its agent is not suspected', async () => {
    const stage = await working();
    stage.clock.now += 15 * 60_000 + 1;
    await stage.beat('a1', 't1#1');
    const { lease_until } = await stage.agent('a1');
    expect(await pulse(stage)).toMatchObject({ recovered: 1 });
    expect(await stage.row('t1')).toMatchObject({
      status: 'Queued',
      error: { code: 'timed-out' },
      not_before: iso(stage.clock.now + 500),
    });
    expect((await stage.agent('a1')).lease_until).toBe(lease_until);
    expect(taskNews(stage)).toEqual([]);
  });

  it('on the last attempt fails the task as a dead letter with its reason', async () => {
    const stage = await working();
    for (let loss = 0; loss < 3; loss += 1) {
      stage.clock.now += 7_501;
      await pulse(stage);
      await stage.beat('a1');
      await stage.dispatch('*');
    }
    expect(await stage.row('t1')).toMatchObject({ status: 'Failed', retry_count: 3, error: { code: 'lease-lost' } });
    expect(taskNews(stage)).toContainEqual(expect.objectContaining({ type: 'TaskFailed' }));
    expect((await stage.agent('a1')).holds).toEqual({});
  });

  it('of a task that was settled meanwhile is only removed', async () => {
    const stage = await working();
    const crashing = { ...stage.deps, agents: { ...stage.deps.agents, release: async () => undefined } };
    const results = [{ task_id: 't1', attempt: 1, outcome: 'completed' as const }];
    await applyResults(crashing, [{ pool: 'default', agent_id: 'a1', principal: 'principal-a1', results }]);
    stage.clock.now += 7_501;
    await pulse(stage);
    expect(await stage.row('t1')).toMatchObject({ status: 'Completed' });
    expect((await stage.agent('a1')).holds).toEqual({});
  });

  it('settles the task before it removes the hold', async () => {
    const stage = await working();
    const order: string[] = [];
    stage.cloud.dynamodb.onCommit(({ changes }) => {
      const after = changes[0]?.after;
      order.push(
        after?.['sk'] === 'TASK'
          ? `task ${String(after['status'])}`
          : `holds ${Object.keys(after?.['holds'] ?? {}).length}`,
      );
    });
    stage.clock.now += 7_501;
    await pulse(stage);
    expect(order.slice(0, 3)).toEqual(['task Queued', 'holds 1', 'holds 0']);
  });

  it('of a workflow is settled by the workflow, with the cause', async () => {
    const settled: SentResult[] = [];
    const stage = distributorStage({
      settle: async (_id, results) => {
        settled.push(...results);
        return { outcomes: ['applied'], hints: [], announcements: [] };
      },
    });
    await stage.join('a1');
    const at = stage.clock.now;
    await stage.accept(task());
    const row = {
      ...(await stage.row('t1')),
      task_id: 'w:node',
      status: 'Processing' as const,
      attempt: 1,
      assigned_agent: 'a1',
    };
    await stage.deps.tasks.insert([row]);
    await stage.deps.agents.reserve('default', 'a1', { 'w:node#1': { at, until: at + 60_000 } }, 0);
    stage.clock.now += 7_501;
    await pulse(stage);
    expect(settled).toMatchObject([
      { result: { task_id: 'w:node', attempt: 1, outcome: 'failed' }, cause: 'lease-lost' },
    ]);
    expect(settled[0]).not.toHaveProperty('principal');
  });
});

describe('a reservation that was never claimed', () => {
  it('is fenced off before its slot is freed: a slow dispatcher cannot claim any more', async () => {
    const stage = distributorStage();
    await stage.join('a1');
    await stage.accept(task());
    const at = stage.clock.now;
    await stage.deps.agents.reserve('default', 'a1', { 't1#1': { at, until: at + 60_000 } }, 0);
    stage.clock.now += 7_501;
    await pulse(stage);
    expect(await stage.row('t1')).toMatchObject({ status: 'Queued', attempt: 1, retry_count: 0 });
    expect((await stage.agent('a1')).holds).toEqual({});
    const claim = {
      task_id: 't1',
      expect: { status: 'Queued' as const, attempt: 0 },
      patch: { attempt: 1 },
      index: null,
    };
    expect(await stage.deps.tasks.change([claim])).toMatchObject([{ applied: false }]);
    expect(await stage.deps.tasks.ready({ pool: 'default', route: '*' }, 1)).toMatchObject([
      { task_id: 't1', attempt: 1 },
    ]);
  });

  it('stays when the claim comes just before the fence', async () => {
    const stage = distributorStage();
    await stage.join('a1');
    await stage.accept(task());
    const at = stage.clock.now;
    await stage.deps.agents.reserve('default', 'a1', { 't1#1': { at, until: at + 60_000 } }, 0);
    stage.clock.now += 7_501;
    const tasks = {
      ...stage.deps.tasks,
      get: async (ids: readonly string[]) => {
        const seen = await stage.deps.tasks.get(ids);
        const patch = { status: 'Processing' as const, attempt: 1, assigned_agent: 'a1', principal: 'principal-a1' };
        await stage.deps.tasks.change([
          { task_id: 't1', expect: { status: 'Queued', attempt: 0 }, patch, index: null },
        ]);
        return seen;
      },
    };
    await runPulse({ ...stage.deps, tasks }, { pool: 'default' });
    expect(await stage.row('t1')).toMatchObject({ status: 'Processing', attempt: 1 });
    expect(Object.keys((await stage.agent('a1')).holds)).toEqual(['t1#1']);
  });
});

describe('a pulse', () => {
  it('wakes retries whose time has come, not before', async () => {
    const stage = await working();
    const error = { code: 'boom', message: '', retryable: true };
    const results = [{ task_id: 't1', attempt: 1, outcome: 'failed' as const, error }];
    await applyResults(stage.deps, [{ pool: 'default', agent_id: 'a1', principal: 'principal-a1', results }]);
    stage.clock.now += 499;
    expect(await pulse(stage)).toMatchObject({ woken: 0 });
    stage.clock.now += 1;
    stage.forget();
    expect(await pulse(stage)).toMatchObject({ woken: 1 });
    expect(stage.told.hints).toContainEqual({ pool: 'default', routes: ['*'] });
    expect(await stage.row('t1')).not.toHaveProperty('not_before');
    await stage.dispatch('*');
    expect(await stage.row('t1')).toMatchObject({ status: 'Processing', attempt: 2 });
  });

  it('repeats the hint of a route whose tasks wait although an agent is free', async () => {
    const stage = distributorStage();
    await stage.join('a1');
    await stage.accept(task());
    stage.forget();
    await pulse(stage);
    expect(stage.told.hints).toEqual([{ pool: 'default', routes: ['*'] }]);
    expect(stage.told.ticks).toHaveLength(1);
  });

  it('hints a route whose full agents do not know that it waits, and no route whose agents do', async () => {
    const stage = await working();
    await stage.accept(task({ task_id: 't2' }));
    stage.forget();
    await pulse(stage);
    expect(stage.told.hints).toEqual([{ pool: 'default', routes: ['*'] }]);
    await stage.dispatch('*');
    stage.forget();
    await pulse(stage);
    expect(stage.told.hints).toEqual([]);
  });

  it('hints no route that nobody can serve', async () => {
    const stage = distributorStage();
    await stage.join('a1');
    await stage.accept(task({ required_capabilities: ['nobody'] }));
    stage.forget();
    await pulse(stage);
    expect(stage.told.hints).toEqual([]);
  });

  it('fails tasks that waited too long, says so, and lets the others be', async () => {
    const stage = distributorStage();
    await stage.accept(task());
    stage.clock.now += queuedMsMax;
    await stage.accept(task({ task_id: 't2' }));
    stage.clock.now += 1;
    stage.forget();
    expect(await pulse(stage)).toMatchObject({ expired: 1 });
    expect(await stage.row('t1')).toMatchObject({ status: 'Failed', error: { code: 'task-expired' } });
    expect(await stage.row('t2')).toMatchObject({ status: 'Queued' });
    expect(taskNews(stage)).toMatchObject([{ type: 'TaskFailed', data: { task_id: 't1', code: 'task-expired' } }]);
  });

  it('stops ticking when there is nothing to look after', async () => {
    const stage = distributorStage();
    await stage.join('a1');
    await pulse(stage);
    expect(stage.told.ticks).toEqual([]);
  });

  it('costs the same reads for one waiting task and for many', async () => {
    const reads = async (count: number) => {
      const stage = distributorStage();
      await stage.accept(...Array.from({ length: count }, (_, at) => task({ task_id: `t${at}` })));
      const before = stage.cloud.clock.trace.split(':')[0];
      await pulse(stage);
      return Number(stage.cloud.clock.trace.split(':')[0]) - Number(before);
    };
    // As many as one process accepts before the route is spread over more partitions.
    expect(await reads(busyRouteTasksMin)).toBe(await reads(1));
  });
});

describe('the watchdog', () => {
  it('lets a sleeping pool be looked at twice more before it comes again, so that lost hints are found in time', async () => {
    const stage = distributorStage();
    await runPulse(stage.deps, { pool: 'default', watchdog: true });
    expect(stage.told.ticks).toEqual([[20, 40]]);
  });

  it('puts no further looks on their way when the pulse goes on by itself, and no other tick does', async () => {
    const busy = await working();
    await runPulse(busy.deps, { pool: 'default', watchdog: true });
    expect(busy.told.ticks.flat()).not.toContain(20);
    const sleeping = distributorStage();
    await pulse(sleeping);
    expect(sleeping.told.ticks).toEqual([]);
  });
});
