import { describe, expect, it } from '@jest/globals';
import type { CadreError } from '../../../../src/contracts/errors.ts';
import { queueFullRetryMs } from '../../../../src/contracts/limits.ts';
import type { OverflowRule, PolicyDocument } from '../../../../src/contracts/distributor/policy.ts';
import type { Task } from '../../../../src/contracts/distributor/task.ts';
import { checkedPolicy } from '../../../../src/distributor/core/policy/check-policy.ts';
import { redriveChange } from '../../../../src/distributor/core/tasks/task.ts';
import { taskView } from '../../../../src/distributor/core/tasks/task-view.ts';
import { putPolicy } from '../../../../src/distributor/usecases/policies/change-policy.ts';
import { runPulse } from '../../../../src/distributor/usecases/pulse/run-pulse.ts';
import { forecastTasks } from '../../../../src/distributor/usecases/submit/forecast-tasks.ts';
import { explainTask } from '../../../../src/distributor/usecases/tasks/explain-task.ts';
import { distributorStage, task } from '../stage.ts';

type Stage = ReturnType<typeof distributorStage>;
const rule: OverflowRule = { name: 'rent', waiting_max: 3, then: 'spill', to: ['rented'] };
const own = (task_id: string, over: Partial<Task> = {}): Task =>
  task({ task_id, required_capabilities: ['code'], ...over });
const put = (stage: Stage, document: PolicyDocument, expected_version = 0) =>
  putPolicy(stage.deps, { pool: 'default', expected_version, principal: 'op', document });
/** A count of the queues, and the time until every process has heard of it; answers with what was told of queues. */
async function count(stage: Stage) {
  stage.forget();
  await runPulse(stage.deps, { pool: 'default' });
  stage.clock.now += queueFullRetryMs;
  return stage.told.events.filter(({ type }) => type === 'QueueOverflow').map(({ data }) => data);
}
/** What these tasks require once they were accepted. */
async function required(stage: Stage, ...tasks: readonly Task[]) {
  for (const outcome of await stage.accept(...tasks)) expect(outcome).toMatchObject({ ok: true });
  return Promise.all(tasks.map(async ({ task_id }) => (await stage.row(task_id)).required_capabilities.join()));
}

/** A pool whose queue is full by a rule that spills. */
async function full(document: PolicyDocument = {}, ...before: readonly Task[]): Promise<Stage> {
  const stage = distributorStage();
  await put(stage, { overflow: [rule], ...document });
  await stage.accept(...['a', 'b', 'c'].map((id) => own(id)), ...before);
  expect(await count(stage)).toContainEqual({ pool: 'default', rule: 'rent', then: 'spill', full: true });
  return stage;
}

describe('a queue that spills', () => {
  it('lets new tasks require other capabilities while it is full, so that other agents do them, and their own again when there is room', async () => {
    const stage = await full();
    await stage.join('rented-1', { capabilities: ['rented'], capacity: 9 });
    expect(await required(stage, own('d'), own('e'))).toEqual(['rented', 'rented']);
    await stage.dispatch('rented');
    expect(stage.told.leases().map(({ task_id, inbox_url }) => [task_id, inbox_url.split('/').at(-1)])).toHaveLength(2);
    expect(await stage.row('d')).toMatchObject({ status: 'Processing', assigned_agent: 'rented-1' });
    expect(await stage.row('a')).toMatchObject({ status: 'Queued', required_capabilities: ['code'] });
    await stage.join('a1', { capabilities: ['code'] });
    await stage.dispatch('code');
    expect(await count(stage)).toEqual([{ pool: 'default', rule: 'rent', then: 'spill', full: false }]);
    expect(await required(stage, own('f'))).toEqual(['code']);
  });

  it('does not count what it has spilled, while a rule that refuses counts all and goes first', async () => {
    const stage = await full({ overflow: [rule, { name: 'stop', waiting_max: 5, then: 'refuse' }] });
    await stage.join('a1', { capabilities: ['code'] });
    await stage.dispatch('code');
    // Two wait now that count, and three that require just what it spills to.
    await stage.accept(own('d'), own('e'), task({ task_id: 'x', required_capabilities: ['rented'] }));
    expect(await count(stage)).toEqual([
      { pool: 'default', rule: 'stop', then: 'refuse', full: true },
      { pool: 'default', rule: 'rent', then: 'spill', full: false },
    ]);
    expect(await stage.accept(own('f'))).toMatchObject([{ ok: false, error: { code: 'queue-full' } }]);
  });

  it('answers a repeat as ever, whether the first one was spilled or not', async () => {
    const stage = await full();
    await stage.accept(own('d'));
    const again = () => stage.accept(own('a'), own('d'));
    const repeated = [{ value: { repeated: true } }, { value: { repeated: true } }];
    expect(await again()).toMatchObject(repeated);
    await put(stage, {}, 1);
    stage.clock.now += queueFullRetryMs;
    expect(await again()).toMatchObject(repeated);
    expect((await stage.row('a')).required_capabilities).toEqual(['code']);
    expect((await stage.row('d')).required_capabilities).toEqual(['rented']);
    expect(await stage.accept(own('d', { payload: 2 }))).toMatchObject([{ error: { code: 'task-conflict' } }]);
    // Nobody has counted since: a rule that has gone spills nothing.
    expect(await required(stage, own('e'))).toEqual(['code']);
  });

  it('leaves what is bound to certain agents, and what requires just that already', async () => {
    const pinned = { name: 'audit', match: { task_type: ['audit'] }, pin: 'auditor' };
    const stage = await full({ rules: [pinned] });
    const tasks = [
      own('primary', { distribution_rules: { primary_agent: 'a1' } }),
      own('backup', { distribution_rules: { backup_agents: ['a1'] } }),
      own('pinned', { task_type: 'audit' }),
      own('keyed', { distribution_rules: { concurrency: { key: 'k', limit: 1 } } }),
    ];
    expect(await required(stage, ...tasks)).toEqual(['code', 'code', 'code', 'rented']);
    await stage.accept(task({ task_id: 'same', required_capabilities: ['rented'] }));
    expect(await stage.row('same')).not.toHaveProperty('spilled');
  });

  it('of a namespace leaves the others, and of several rules the first of the policy decides', async () => {
    const team: OverflowRule = { name: 'team', namespace: 'team', waiting_max: 1, then: 'spill', to: ['hosted'] };
    const document = { shares: { team: 1 }, overflow: [team, rule] };
    const stage = await full(document, own('t', { namespace: 'team' }));
    expect(await required(stage, own('d', { namespace: 'team' }), own('e'))).toEqual(['hosted', 'rented']);
    expect(await stage.row('d')).toMatchObject({ route: 'team|hosted', spilled: { by: 'team', from: ['code'] } });
  });

  it('spills a debounced task, and lets a singleton join', async () => {
    const stage = await full();
    const debounce = { key: 'k', delay_ms: 5_000 };
    expect(await required(stage, own('d', { distribution_rules: { debounce } }))).toEqual(['rented']);
    const singleton = { key: 's', on_conflict: 'join' as const };
    expect(await required(stage, own('e', { distribution_rules: { singleton } }))).toEqual(['rented']);
    const joined = await stage.accept(own('f', { distribution_rules: { singleton } }));
    expect(joined).toMatchObject([{ value: { task_id: 'e' } }]);
  });

  it('says how a task was spilled: on its row, in its log and explanation, and before it comes', async () => {
    const stage = await full();
    await stage.join('rented-1', { capabilities: ['rented'] });
    const spilled = { by: 'rent', from: ['code'] };
    expect(await forecastTasks(stage.deps, [own('d')])).toMatchObject([{ spilled, agents: 1 }]);
    await stage.accept(own('d'));
    expect(await explainTask(stage.deps, 'd')).toMatchObject({ status: 'Queued', spilled });
    await stage.dispatch('rented');
    const views = [await explainTask(stage.deps, 'd'), taskView(await stage.row('d'))];
    for (const view of views) {
      expect(view).toMatchObject({ spilled });
      expect(view?.distribution?.reasons).toContain('offers rented');
      expect(view?.distribution?.reasons.at(-1)).toBe('spilled by overflow rule rent: it had required code');
    }
  });

  it('stays spilled when it is redriven', async () => {
    const stage = await full();
    await stage.accept(own('d'));
    const row = await stage.row('d');
    const { patch, index } = redriveChange({ ...row, status: 'Failed' }, stage.clock.now);
    expect(patch).not.toHaveProperty('required_capabilities');
    expect(index?.partition).toBe('READY#default#rented');
  });

  it('costs no call of its own', async () => {
    const stage = await full();
    const calls: string[] = [];
    const { dynamodb } = stage.cloud.clients;
    const send = dynamodb.send.bind(dynamodb) as (command: object) => Promise<never>;
    Object.assign(dynamodb, {
      send: (command: object) => {
        calls.push(command.constructor.name);
        return send(command);
      },
    });
    await stage.accept(own('d'));
    expect(calls).toEqual(['BatchGetCommand', 'BatchExecuteStatementCommand', 'BatchExecuteStatementCommand']);
  });

  it('is refused as a rule with all of its faults', () => {
    const bad = {
      overflow: [
        { ...rule, to: [] },
        { name: 'b', namespace: 'default', waiting_max: 3, then: 'refuse', to: ['x'] },
        { name: 'c', namespace: 'default', waiting_max: 3, then: 'spill' },
        { ...rule, name: 'd' },
      ],
    };
    const faults = (): readonly string[] => {
      try {
        checkedPolicy(bad);
        return [];
      } catch (error) {
        return (error as CadreError).faults.map(({ path = '' }) => path);
      }
    };
    expect([...faults()].sort()).toEqual([
      'overflow[0].to',
      'overflow[1].to',
      'overflow[2].to',
      'overflow[2].waiting_max',
      'overflow[3].namespace',
    ]);
  });
});
