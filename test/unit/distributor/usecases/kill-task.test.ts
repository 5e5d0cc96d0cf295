import { describe, expect, it } from '@jest/globals';
import { applyResults } from '../../../../src/distributor/usecases/tasks/apply-results.ts';
import { killTask } from '../../../../src/distributor/usecases/tasks/kill-task.ts';
import { redriveDeadLetter } from '../../../../src/distributor/usecases/tasks/redrive-dead-letter.ts';
import { createWorkflowTasks } from '../../../../src/platform/aws/workflow/workflow-tasks.ts';
import { listRunTasks } from '../../../../src/workflow/usecases/view/list-run-tasks.ts';
import { settleWorkflowTasks } from '../../../../src/workflow/usecases/advance/advance-workflow.ts';
import { createWorkflowStage } from '../../../support/workflow-stage.ts';
import { distributorStage, task } from '../stage.ts';

const request = { task_id: 't1', principal: 'operator', reason: 'endless loop' };

describe('killing a task', () => {
  it('fails one that runs, frees its slot, tells its agent and refuses its result', async () => {
    const stage = distributorStage();
    await stage.join('a1');
    await stage.accept(task());
    await stage.dispatch('*');
    stage.forget();
    const error = { code: 'killed', message: 'endless loop (killed by operator)' };
    expect(await killTask(stage.deps, request)).toMatchObject({ ok: true, value: { status: 'Failed', error } });
    expect((await stage.agent('a1')).holds).toEqual({});
    expect(stage.told.sent).toMatchObject([{ message: { kind: 'cancel', attempt: 1, reason: 'endless loop' } }]);
    expect(stage.told.events).toMatchObject([{ type: 'TaskFailed', data: { code: 'killed' } }]);
    const results = [{ task_id: 't1', attempt: 1, outcome: 'completed' as const }];
    const batch = { pool: 'default', agent_id: 'a1', principal: 'principal-a1', results };
    expect(await applyResults(stage.deps, [batch])).toEqual(['late']);
    expect(await stage.row('t1')).toMatchObject({ status: 'Failed', late_results: 1 });
  });

  it('fails one that waits; it is a dead letter that may be redriven', async () => {
    const stage = distributorStage();
    await stage.accept(task());
    expect(await killTask(stage.deps, request)).toMatchObject({ ok: true });
    expect(await stage.deps.tasks.ready({ pool: 'default', route: '*' }, 1)).toEqual([]);
    expect(await redriveDeadLetter(stage.deps, { id: 't1' })).toMatchObject({ ok: true });
    expect(await stage.row('t1')).toMatchObject({ status: 'Queued', attempt: 1 });
  });

  it('again finishes what broke off, and changes nothing else', async () => {
    const stage = distributorStage();
    await stage.join('a1');
    await stage.accept(task());
    await stage.dispatch('*');
    const dying = { ...stage.deps.agents, release: () => Promise.reject(new Error('died')) };
    await expect(killTask({ ...stage.deps, agents: dying }, request)).rejects.toThrow('died');
    const row = await stage.row('t1');
    stage.forget();
    expect(await killTask(stage.deps, { ...request, reason: 'another' })).toMatchObject({ ok: true, value: row });
    expect((await stage.agent('a1')).holds).toEqual({});
    expect(stage.told.sent).toHaveLength(1);
    expect(stage.told.events).toEqual([]);
  });

  it('refuses one that has ended, one that nobody knows, and gives up after lost races', async () => {
    const stage = distributorStage();
    expect(await killTask(stage.deps, request)).toMatchObject({ error: { code: 'not-found' } });
    await stage.accept(task());
    const tasks = { ...stage.deps.tasks, change: async () => [{ applied: false as const }] };
    expect(await killTask({ ...stage.deps, tasks }, request)).toMatchObject({ error: { code: 'version-conflict' } });
    await stage.deps.tasks.insert([{ ...(await stage.row('t1')), task_id: 't2', status: 'Completed' }]);
    const ended = await killTask(stage.deps, { ...request, task_id: 't2' });
    expect(ended).toMatchObject({ error: { code: 'already-finished' } });
  });
});

describe("killing a workflow's task", () => {
  async function begun() {
    const stage = createWorkflowStage();
    const node = (name: string, more: object = {}) => ({ name, task_type: 'work', ...more });
    const nodes = [
      node('a'),
      node('b', { depends_on: ['a'] }),
      node('c', { depends_on: ['a'], trigger_rule: 'all_done' }),
    ];
    await stage.begin('w', { name: 'x', nodes });
    const { fail } = createWorkflowTasks(stage.deps);
    const error = { code: 'killed', message: 'enough', retryable: false };
    const statuses = async () => (await listRunTasks(stage.deps, 'w'))?.map(({ status }) => status);
    return { ...stage, fail: (id: string) => fail(id, error), statuses };
  }

  it('fails its node, and the workflow goes on as after any failure', async () => {
    const stage = await begun();
    const claimed = await stage.claim('w', 'a');
    expect(await stage.fail('w:a')).toMatchObject({ status: 'Processing', attempt: 1 });
    expect(await stage.statuses()).toEqual(['Failed', 'Skipped', 'Queued']);
    expect((await settleWorkflowTasks(stage.deps, 'w', [stage.resultOf(claimed)])).outcomes).toEqual(['late']);
    expect(stage.announced).toContainEqual(expect.objectContaining({ type: 'TaskFailed' }));
  });

  it('fails one that waits as well, and leaves one that ended as it is', async () => {
    const stage = await begun();
    expect(await stage.fail('w:a')).toMatchObject({ status: 'Queued' });
    expect(await stage.fail('w:a')).toMatchObject({ status: 'Failed', error: { code: 'killed' } });
    expect(await stage.fail('w:nobody')).toBeUndefined();
    const seq = (await stage.deps.workflows.head('w'))?.seq;
    await stage.fail('w:a');
    expect((await stage.deps.workflows.head('w'))?.seq).toBe(seq);
  });

  it('looks again when the workflow was advanced meanwhile', async () => {
    const stage = await begun();
    let raced = false;
    const advance: typeof stage.deps.workflows.advance = async (step) => {
      if (!raced) {
        raced = true;
        return { head: true, changes: [] };
      }
      return stage.deps.workflows.advance(step);
    };
    const { fail } = createWorkflowTasks({ ...stage.deps, workflows: { ...stage.deps.workflows, advance } });
    await fail('w:a', { code: 'killed', message: 'enough', retryable: false });
    expect(await stage.statuses()).toEqual(['Failed', 'Skipped', 'Queued']);
  });
});
