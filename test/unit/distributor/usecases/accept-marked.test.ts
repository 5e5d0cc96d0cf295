import { describe, expect, it } from '@jest/globals';
import { CadreError } from '../../../../src/contracts/errors.ts';
import { parse } from '../../../../src/contracts/parse.ts';
import { highWindowMs } from '../../../../src/contracts/limits.ts';
import { type Task, task as taskSchema } from '../../../../src/contracts/distributor/task.ts';
import type { DistributorDeps } from '../../../../src/distributor/ports.ts';
import { acceptTasks } from '../../../../src/distributor/usecases/submit/accept-tasks.ts';
import { cancelTask } from '../../../../src/distributor/usecases/tasks/cancel-task.ts';
import { runPulse } from '../../../../src/distributor/usecases/pulse/run-pulse.ts';
import { distributorStage, task } from '../stage.ts';

type Stage = ReturnType<typeof distributorStage>;

const single = (task_id: string, on_conflict?: 'refuse' | 'join'): Task =>
  task({ task_id, distribution_rules: { singleton: { key: 'k', ...(on_conflict && { on_conflict }) } } });
const debounced = (task_id: string, max_delay_ms?: number): Task =>
  task({
    task_id,
    distribution_rules: { debounce: { key: 'k', delay_ms: 10_000, ...(max_delay_ms && { max_delay_ms }) } },
  });

const cancel = (stage: Stage, task_id: string) =>
  cancelTask(stage.deps, { task_id, principal: 'user', reason: 'enough' });

/** The stage's deps, with something happening between the first look at a key and the write. */
function interrupted(stage: Stage, between: () => Promise<unknown>): DistributorDeps {
  let isFirst = true;
  const mark: DistributorDeps['tasks']['mark'] = async (...args) => {
    const seen = await stage.deps.tasks.mark(...args);
    if (isFirst) {
      isFirst = false;
      await between();
    }
    return seen;
  };
  return { ...stage.deps, tasks: { ...stage.deps.tasks, mark } };
}

describe('a singleton', () => {
  it('refuses a second one while the first waits or runs, and says which that is', async () => {
    const stage = distributorStage();
    await stage.accept(single('t1'));
    const refusal = { ok: false, error: { code: 'singleton-conflict', message: 't1 has the key k and is Queued' } };
    expect(await stage.accept(single('t2'))).toMatchObject([refusal]);
    await stage.join('a1');
    await stage.dispatch('*');
    expect(await stage.accept(single('t2'))).toMatchObject([{ ok: false }]);
    expect(await stage.deps.tasks.get(['t2'])).toEqual([undefined]);
  });

  it('lets the second one join the first', async () => {
    const stage = distributorStage();
    expect(await stage.accept(single('t1', 'join'), single('t2', 'join'))).toEqual([
      { ok: true, value: { task_id: 't1', repeated: false } },
      { ok: true, value: { task_id: 't1', repeated: true } },
    ]);
  });

  it('is free again when the first has ended, without anybody giving it back', async () => {
    const stage = distributorStage();
    await stage.accept(single('t1'));
    await cancel(stage, 't1');
    expect(await stage.accept(single('t2'))).toMatchObject([{ ok: true, value: { repeated: false } }]);
  });

  it('is taken by one of two that come at once', async () => {
    const stage = distributorStage();
    const deps = interrupted(stage, () => stage.accept(single('t2')));
    const outcome = await acceptTasks(deps, { tasks: [single('t1')], principal: 'user', correlation_id: 'story' });
    expect(outcome).toMatchObject([{ ok: false, error: { message: 't2 has the key k and is Queued' } }]);
    expect(await stage.deps.tasks.get(['t1'])).toEqual([undefined]);
  });

  it('knows a repeat of the same submission', async () => {
    const stage = distributorStage();
    await stage.accept(single('t1'));
    expect(await stage.accept(single('t1'))).toEqual([{ ok: true, value: { task_id: 't1', repeated: true } }]);
    expect(await stage.accept({ ...single('t1'), priority: 'low' })).toMatchObject([
      { ok: false, error: { code: 'task-conflict' } },
    ]);
  });
});

describe('a debounced task', () => {
  it('starts after its delay, and puts the tick for that on its way', async () => {
    const stage = distributorStage();
    await stage.join('a1');
    await stage.accept(debounced('t1'));
    expect(stage.told.ticks).toEqual([[10]]);
    await stage.dispatch('*');
    expect(await stage.row('t1')).toMatchObject({ status: 'Queued', attempt: 0 });
    stage.clock.now += 10_000;
    await stage.beat('a1');
    await runPulse(stage.deps, { pool: 'default' });
    await stage.dispatch('*');
    expect(await stage.row('t1')).toMatchObject({ status: 'Processing' });
  });

  it('is replaced by a later submission of its key, which starts the delay anew', async () => {
    const stage = distributorStage();
    await stage.accept(debounced('t1'));
    stage.clock.now += 6_000;
    await stage.accept(debounced('t2'));
    expect(await stage.row('t1')).toMatchObject({ status: 'Cancelled', error: { message: 'replaced by t2' } });
    expect(await stage.row('t2')).toMatchObject({ not_before: new Date(stage.clock.now + 10_000).toISOString() });
    expect(stage.told.events).toMatchObject([{ type: 'TaskCancelled', data: { task_id: 't1' } }]);
  });

  it('waits no longer than its longest delay, counted from the first that was replaced', async () => {
    const stage = distributorStage();
    const first = stage.clock.now;
    for (const id of ['t1', 't2', 't3']) {
      await stage.accept(debounced(id, 15_000));
      stage.clock.now += 6_000;
    }
    expect(await stage.row('t3')).toMatchObject({ not_before: new Date(first + 15_000).toISOString() });
  });

  it('begins to wait when it may start: it stands behind what came in its level before that, and before no critical one', async () => {
    const stage = distributorStage();
    await stage.accept({
      ...task({ task_id: 'late', priority: 'high', deadline: new Date(stage.clock.now + 1_800_000).toISOString() }),
      distribution_rules: { debounce: { key: 'k', delay_ms: 3_600_000 } },
    });
    stage.clock.now += 3_599_000;
    await stage.accept(
      task({ task_id: 'critical', priority: 'critical' }),
      task({ task_id: 'high', priority: 'high' }),
    );
    stage.clock.now += 1_000;
    const start = new Date(stage.clock.now).toISOString();
    const due = new Date(stage.clock.now + highWindowMs).toISOString();
    expect(await stage.row('late')).toMatchObject({ not_before: start, queued_at: start, due });
    await runPulse(stage.deps, { pool: 'default' });
    await stage.join('a1', { capacity: 3 });
    await stage.dispatch('*');
    expect(stage.told.leases().map(({ task_id }) => task_id)).toEqual(['critical', 'high', 'late']);
  });

  it('leaves a task alone that runs already', async () => {
    const stage = distributorStage();
    await stage.join('a1');
    await stage.accept(debounced('t1'));
    stage.clock.now += 10_000;
    await stage.beat('a1');
    await runPulse(stage.deps, { pool: 'default' });
    await stage.dispatch('*');
    await stage.accept(debounced('t2'));
    expect((await stage.row('t1')).status).toBe('Processing');
    expect((await stage.row('t2')).status).toBe('Queued');
  });

  it('is not replaced twice when its start comes in between', async () => {
    const stage = distributorStage();
    await stage.accept(debounced('t1'));
    const deps = interrupted(stage, () => cancel(stage, 't1'));
    await acceptTasks(deps, { tasks: [debounced('t2')], principal: 'user', correlation_id: 'story' });
    expect(await stage.row('t1')).toMatchObject({ error: { message: 'enough' } });
    expect((await stage.row('t2')).status).toBe('Queued');
  });
});

describe('a submission', () => {
  it('names a singleton key or a debounce key, not both', () => {
    const both = { ...single('t1').distribution_rules, ...debounced('t1').distribution_rules };
    expect(() => parse(taskSchema, task({ distribution_rules: both }))).toThrow(CadreError);
  });
});
