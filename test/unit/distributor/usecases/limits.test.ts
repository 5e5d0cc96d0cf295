import { describe, expect, it } from '@jest/globals';
import { readyPageSizeMax } from '../../../../src/contracts/limits.ts';
import type { PolicyDocument } from '../../../../src/contracts/distributor/policy.ts';
import type { Task } from '../../../../src/contracts/distributor/task.ts';
import type { DistributorDeps } from '../../../../src/distributor/ports.ts';
import { acceptTasks } from '../../../../src/distributor/usecases/submit/accept-tasks.ts';
import { applyResults } from '../../../../src/distributor/usecases/tasks/apply-results.ts';
import { putPolicy } from '../../../../src/distributor/usecases/policies/change-policy.ts';
import { dispatchTasks } from '../../../../src/distributor/usecases/dispatch/dispatch-tasks.ts';
import { explainTask } from '../../../../src/distributor/usecases/tasks/explain-task.ts';
import { runPulse } from '../../../../src/distributor/usecases/pulse/run-pulse.ts';
import { routeOf } from '../../../../src/distributor/core/ready/route.ts';
import { distributorStage, task } from '../stage.ts';

type Stage = ReturnType<typeof distributorStage>;

const keyed = (task_id: string, key = 'k', limit = 1): Task =>
  task({ task_id, distribution_rules: { concurrency: { key, limit } } });
const laneOf = (key = 'k'): string => routeOf(keyed('t', key));

const started = (stage: Stage) => stage.told.leases().map(({ task_id }) => task_id);

async function complete(stage: Stage, task_id: string, agent_id = 'a1', attempt = 1): Promise<void> {
  await applyResults(stage.deps, [
    {
      pool: 'default',
      agent_id,
      principal: `principal-${agent_id}`,
      results: [{ task_id, attempt, outcome: 'completed' }],
    },
  ]);
}

const put = (stage: Stage, document: PolicyDocument) =>
  putPolicy(stage.deps, { pool: 'default', expected_version: 0, principal: 'op', document });

/** A dispatcher that reads the pool, and goes on only when another one has done all its work in between. */
function overtaken(stage: Stage, other: () => Promise<unknown>): DistributorDeps {
  let isFirst = true;
  const ready: DistributorDeps['tasks']['ready'] = async (...args) => {
    if (isFirst) {
      isFirst = false;
      const head = await stage.deps.tasks.ready(...args);
      await other();
      return head;
    }
    return stage.deps.tasks.ready(...args);
  };
  return { ...stage.deps, tasks: { ...stage.deps.tasks, ready } };
}

describe('a concurrency key', () => {
  it('lets as many of its attempts run as its limit says, and the others start as those end', async () => {
    const stage = distributorStage();
    await stage.join('a1', { capacity: 5 });
    await stage.accept(...['t1', 't2', 't3', 't4'].map((id) => keyed(id, 'k', 2)));
    await stage.dispatch(laneOf());
    expect(started(stage)).toEqual(['t1', 't2']);
    stage.forget();
    await complete(stage, 't1');
    // The end of an attempt tells the dispatcher of those that wait for the key, though the agent was never full.
    expect(stage.told.hints).toEqual([{ pool: 'default', routes: [laneOf()] }]);
    await stage.dispatch(laneOf());
    expect(started(stage)).toEqual(['t3']);
  });

  it('holds up no task without the key, however many wait for it', async () => {
    const stage = distributorStage();
    await stage.join('a1', { capacity: 5 });
    const many = Array.from({ length: readyPageSizeMax + 50 }, (_, at) => keyed(`k${at}`));
    await stage.accept(...many);
    await stage.accept(task({ task_id: 'free', priority: 'low' }));
    await stage.dispatch(laneOf(), '*');
    expect(started(stage)).toEqual(['k0', 'free']);
  });

  it('holds up no task with another key of its lane behind a whole page', async () => {
    const stage = distributorStage();
    await stage.join('a1', { capacity: 5 });
    const other = Array.from({ length: 1_000 }, (_, at) => `o${at}`).find((key) => laneOf(key) === laneOf())!;
    await stage.accept(...Array.from({ length: readyPageSizeMax + 50 }, (_, at) => keyed(`k${at}`)));
    await stage.dispatch(laneOf());
    await stage.accept(keyed('behind', other));
    stage.forget();
    await stage.dispatch(laneOf());
    expect(started(stage)).toEqual(['behind']);
  });

  it('stays within its limit when two dispatchers work at once, and leaves no slot behind', async () => {
    const stage = distributorStage();
    await stage.join('a1');
    await stage.accept(keyed('t1'));
    const hint = { pool: 'default', routes: [laneOf()] };
    // What the second one starts the first one has not seen: neither the task nor its agent.
    const other = async () => {
      await stage.join('a2');
      await stage.accept({ ...keyed('t2'), priority: 'critical' });
      await stage.deps.agents.drain('default', 'a1');
      await dispatchTasks(stage.deps, hint);
      await stage.join('a1');
    };
    await dispatchTasks(overtaken(stage, other), hint);
    const rows = await Promise.all(['t1', 't2'].map(stage.row));
    expect(rows.filter(({ status }) => status === 'Processing')).toHaveLength(1);
    const agents = await Promise.all(['a1', 'a2'].map(stage.agent));
    expect(agents.flatMap(({ holds }) => Object.keys(holds))).toHaveLength(1);
  });

  it('counts by the holds: what a dispatcher left behind that died before its claim is found by the pulse', async () => {
    const stage = distributorStage();
    await stage.join('a1', { capacity: 3 });
    await stage.accept(keyed('t1'), keyed('t2'));
    const dies = { ...stage.deps, tasks: { ...stage.deps.tasks, change: () => Promise.reject(new Error('died')) } };
    await expect(dispatchTasks(dies, { pool: 'default', routes: [laneOf()] })).rejects.toThrow('died');
    await stage.dispatch(laneOf());
    expect(started(stage)).toEqual([]);
    stage.clock.now += 10_000;
    await stage.beat('a1');
    await runPulse(stage.deps, { pool: 'default' });
    await stage.beat('a1');
    await stage.dispatch(laneOf());
    expect(started(stage)).toEqual(['t1']);
  });

  it('is explained', async () => {
    const stage = distributorStage();
    await stage.join('a1', { capacity: 3 });
    await stage.accept(keyed('t1'), keyed('t2'));
    await stage.dispatch(laneOf());
    expect(await explainTask(stage.deps, 't2')).toMatchObject({
      queued: {
        waits_because: 'waits for concurrency key k: 1 of 1 running',
        would_start: 'one of the 1 attempts that count against concurrency key k ends',
      },
    });
  });
});

describe('a rate limit', () => {
  const rated = (task_id: string): Task =>
    task({ task_id, distribution_rules: { rate_limit: { key: 'api', limit: 2, period_ms: 10_000 } } });
  const lane = routeOf(rated('t'));

  it('starts its limit in a period, and wakes the pool when the next may start', async () => {
    const stage = distributorStage();
    await stage.join('a1', { capacity: 5 });
    await stage.accept(rated('t1'), rated('t2'), rated('t3'));
    stage.forget();
    await stage.dispatch(lane);
    expect(started(stage)).toEqual(['t1', 't2']);
    expect(stage.told.ticks.at(-1)).toEqual([11]);
    await complete(stage, 't1');
    stage.clock.now += 9_999;
    await stage.dispatch(lane);
    expect(started(stage)).toEqual(['t1', 't2']);
    expect(await explainTask(stage.deps, 't3')).toMatchObject({
      queued: { waits_because: 'waits for rate limit key api: 2 of 2 started within 10 s' },
    });
    stage.clock.now += 1_001;
    await stage.beat('a1', 't2#1');
    await stage.dispatch(lane);
    expect(started(stage)).toEqual(['t1', 't2', 't3']);
  });
});

describe('a limit of the policy', () => {
  it('counts all tasks that match, and passes the others on', async () => {
    const stage = distributorStage();
    await put(stage, { limits: [{ name: 'llm', match: { task_type: ['llm'] }, concurrency: 1 }] });
    await stage.join('a1', { capacity: 5 });
    await stage.accept(
      task({ task_id: 't1', task_type: 'llm' }),
      task({ task_id: 't2', task_type: 'llm' }),
      task({ task_id: 't3' }),
    );
    await stage.dispatch('*');
    expect(started(stage)).toEqual(['t1', 't3']);
    expect(await explainTask(stage.deps, 't2')).toMatchObject({
      queued: { waits_because: 'waits for limit llm of the policy: 1 of 1 running' },
    });
  });
});

describe('a quota', () => {
  const submit = (stage: Stage, principal: string, ...ids: readonly string[]) =>
    acceptTasks(stage.deps, { tasks: ids.map((task_id) => task({ task_id })), principal, correlation_id: 'story' });

  it('gives each submitter as much, whatever its sessions are called', async () => {
    const stage = distributorStage();
    await put(stage, { limits: [{ name: 'quota', match: {}, per: 'submitter', concurrency: 1 }] });
    await stage.join('a1', { capacity: 5 });
    await submit(stage, 'AROA1:monday', 'a1', 'a2');
    await submit(stage, 'AROA1:tuesday', 'a3');
    await submit(stage, 'AIDA2', 'b1', 'b2');
    await stage.dispatch('~AROA1|*', '~AIDA2|*');
    expect(started(stage)).toEqual(['a1', 'b1']);
    expect(await explainTask(stage.deps, 'a3')).toMatchObject({
      queued: { waits_because: 'waits for limit quota of the policy for submitter AROA1: 1 of 1 running' },
    });
    stage.forget();
    await complete(stage, 'b1');
    await stage.dispatch(...stage.told.hints.flatMap(({ routes }) => routes));
    expect(started(stage)).toEqual(['b2']);
  });

  it('gives each namespace as much in a period', async () => {
    const stage = distributorStage();
    const rate_limit = { limit: 1, period_ms: 60_000 };
    await put(stage, { limits: [{ name: 'quota', match: { task_type: ['t'] }, per: 'namespace', rate_limit }] });
    await stage.join('a1', { capacity: 9 });
    for (const namespace of ['red', 'blue']) {
      const of = (name: string) => task({ task_id: `${namespace}-${name}`, task_type: 't', namespace });
      await stage.accept(of('1'), of('2'));
    }
    await stage.accept(task({ task_id: 'other', task_type: 'u', namespace: 'red' }));
    await stage.dispatch('red|*', 'blue|*');
    expect(started(stage).toSorted()).toEqual(['blue-1', 'other', 'red-1']);
  });
});

describe('a pool without limits', () => {
  it('pays no write for them', async () => {
    const stage = distributorStage();
    let passes = 0;
    const agents: DistributorDeps['agents'] = {
      ...stage.deps.agents,
      pass: async (...args) => {
        passes += 1;
        return stage.deps.agents.pass(...args);
      },
    };
    await stage.join('a1', { capacity: 5 });
    await stage.accept(task({ task_id: 't1' }));
    await dispatchTasks({ ...stage.deps, agents }, { pool: 'default', routes: ['*'] });
    expect(passes).toBe(0);
    await stage.accept(keyed('t2'));
    await dispatchTasks({ ...stage.deps, agents }, { pool: 'default', routes: [laneOf()] });
    expect(passes).toBe(1);
  });
});
