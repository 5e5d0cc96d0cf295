import { describe, expect, it } from '@jest/globals';
import type { DistributorDeps } from '../../../../src/distributor/ports.ts';
import { applyResults } from '../../../../src/distributor/usecases/tasks/apply-results.ts';
import { cancelTask } from '../../../../src/distributor/usecases/tasks/cancel-task.ts';
import { redriveDeadLetter } from '../../../../src/distributor/usecases/tasks/redrive-dead-letter.ts';
import { distributorStage, task } from '../stage.ts';

const request = { task_id: 't1', principal: 'user', reason: 'changed my mind' };

async function working() {
  const stage = distributorStage();
  await stage.join('a1');
  await stage.accept(task(), task({ task_id: 't2' }));
  await stage.dispatch('*');
  stage.forget();
  return stage;
}

describe('cancelling', () => {
  it('takes a waiting task out of the ready order', async () => {
    const stage = distributorStage();
    await stage.accept(task());
    expect(await cancelTask(stage.deps, request)).toMatchObject({ ok: true, value: { status: 'Cancelled' } });
    expect(await stage.deps.tasks.ready({ pool: 'default', route: '*' }, 1)).toEqual([]);
    expect(await stage.row('t1')).toMatchObject({ status: 'Cancelled', error: { message: 'changed my mind' } });
    expect(stage.told.events).toMatchObject([{ type: 'TaskCancelled', data: { by: 'user' } }]);
  });

  it('tells the agent of a running task to stop, frees its slot and lets the next one start', async () => {
    const stage = await working();
    await cancelTask(stage.deps, request);
    expect((await stage.agent('a1')).holds).toEqual({});
    expect(stage.told.sent).toMatchObject([{ message: { kind: 'cancel', task_id: 't1', attempt: 1 } }]);
    expect(stage.told.hints).toEqual([{ pool: 'default', routes: ['*'] }]);
  });

  it('twice is once', async () => {
    const stage = await working();
    await cancelTask(stage.deps, request);
    const before = await stage.row('t1');
    expect(await cancelTask(stage.deps, request)).toMatchObject({ ok: true });
    expect(await stage.row('t1')).toEqual(before);
  });

  it('looks again when the task was changed meanwhile, and never undoes what ended', async () => {
    const stage = await working();
    const tasks = { ...stage.deps.tasks };
    let raced = false;
    const change: DistributorDeps['tasks']['change'] = async (changes) => {
      const results = [{ task_id: 't1', attempt: 1, outcome: 'completed' as const }];
      if (!raced) {
        raced = true;
        await applyResults(stage.deps, [{ pool: 'default', agent_id: 'a1', principal: 'principal-a1', results }]);
      }
      return tasks.change(changes);
    };
    const outcome = await cancelTask({ ...stage.deps, tasks: { ...tasks, change } }, request);
    expect(outcome).toMatchObject({ ok: false, error: { code: 'already-finished' } });
    expect(await stage.row('t1')).toMatchObject({ status: 'Completed' });
  });

  it('gives up after several lost races', async () => {
    const stage = await working();
    const change: DistributorDeps['tasks']['change'] = async () => [{ applied: false }];
    const outcome = await cancelTask({ ...stage.deps, tasks: { ...stage.deps.tasks, change } }, request);
    expect(outcome).toMatchObject({ ok: false, error: { code: 'version-conflict' } });
  });

  it.each([
    ['an unknown task', 'ghost', 'not-found'],
    ["a workflow's task, which goes with its workflow", 'w:node', 'invalid-input'],
  ])('refuses %s', async (_what, task_id, code) => {
    const outcome = await cancelTask(distributorStage().deps, { ...request, task_id });
    expect(outcome).toMatchObject({ ok: false, error: { code, path: 'task_id' } });
  });
});

describe('redriving', () => {
  async function failed() {
    const stage = await working();
    const error = { code: 'boom', message: 'no', retryable: false };
    const results = [{ task_id: 't1', attempt: 1, outcome: 'failed' as const, error }];
    await applyResults(stage.deps, [{ pool: 'default', agent_id: 'a1', principal: 'principal-a1', results }]);
    stage.forget();
    return stage;
  }

  it('queues a failed task anew, out of the dead letters, with its payload', async () => {
    const stage = await failed();
    expect(await redriveDeadLetter(stage.deps, { id: 't1' })).toEqual({ ok: true, value: { id: 't1', kind: 'task' } });
    expect((await stage.deps.deadLetters.list('default', 9)).items).toEqual([]);
    expect(stage.cloud.dynamodb.peek('TASK#t1', 'TASK')).not.toHaveProperty('expires_at');
    expect(stage.told.hints).toEqual([{ pool: 'default', routes: ['*'] }]);
    await stage.dispatch('*');
    expect(await stage.row('t1')).toMatchObject({ status: 'Processing', retry_count: 0, attempt: 3 });
  });

  it('refuses a task that has not failed, and one of a workflow', async () => {
    const stage = await working();
    expect(await redriveDeadLetter(stage.deps, { id: 't1' })).toMatchObject({ error: { code: 'already-finished' } });
    await stage.deps.tasks.insert([{ ...(await stage.row('t1')), task_id: 'w:n', status: 'Failed' }]);
    expect(await redriveDeadLetter(stage.deps, { id: 'w:n' })).toMatchObject({ error: { code: 'already-finished' } });
    expect(await redriveDeadLetter(stage.deps, { id: 'ghost' })).toMatchObject({ error: { code: 'not-found' } });
  });

  it.each([10, 100_000])('sends a message of %d characters back whole, then removes its letter', async (size) => {
    const stage = distributorStage();
    const resent: string[] = [];
    const deadLetters: DistributorDeps['deadLetters'] = {
      ...stage.deps.deadLetters,
      resend: async (row) => void resent.push(row.body.text!),
    };
    const text = 'm'.repeat(size);
    const body = size < 65_536 ? { text } : { ref: await stage.deps.blobs.put('dead-letters/m1', text) };
    const letter = {
      id: 'm1',
      pool: 'default',
      source: 'tasks-high',
      at: '2026-01-01T00:00:00.000Z',
      code: 'invalid-json',
      message: '',
    };
    await deadLetters.bury([{ ...letter, body }]);
    const outcome = await redriveDeadLetter({ ...stage.deps, deadLetters }, { id: 'm1' });
    expect(outcome).toEqual({ ok: true, value: { id: 'm1', kind: 'message' } });
    expect(resent).toEqual([text]);
    expect(await deadLetters.get('m1')).toBeUndefined();
  });
});
