import { describe, expect, it } from '@jest/globals';
import type { Task } from '../../../../src/contracts/distributor/task.ts';
import type { DistributorDeps } from '../../../../src/distributor/ports.ts';
import { applyResults } from '../../../../src/distributor/usecases/tasks/apply-results.ts';
import { moveChange } from '../../../../src/distributor/core/tasks/task.ts';
import { redriveDeadLetter } from '../../../../src/distributor/usecases/tasks/redrive-dead-letter.ts';
import { runPulse } from '../../../../src/distributor/usecases/pulse/run-pulse.ts';
import { wakeDeadlines } from '../../../../src/distributor/usecases/pulse/wake-deadlines.ts';
import { failWorkflowTask } from '../../../../src/workflow/usecases/advance/fail-task.ts';
import { listRunTasks } from '../../../../src/workflow/usecases/view/list-run-tasks.ts';
import { createWorkflowStage } from '../../../support/workflow-stage.ts';
import { iso, startMs } from '../rows.ts';
import { distributorStage, task } from '../stage.ts';

const deadline = iso(startMs + 5_000);
const late = (on_expiry: NonNullable<Task['on_expiry']>, over: Partial<Task> = {}) =>
  task({ deadline, on_expiry, ...over });

async function waiting(on_expiry: NonNullable<Task['on_expiry']>, over: Partial<Task> = {}) {
  const stage = distributorStage();
  await stage.accept(late(on_expiry, over));
  const pulseAt = async (ms: number) => {
    stage.clock.now = startMs + ms;
    stage.forget();
    return runPulse(stage.deps, { pool: 'default', watchdog: true });
  };
  const timers = () => stage.deps.timers.due('default', iso(startMs + 1e9), 10);
  return { ...stage, pulseAt, timers };
}

describe('a task that still waits at its deadline', () => {
  it('gets a tick to that time when it is accepted', async () => {
    expect((await waiting('drop')).told.ticks).toEqual([[5]]);
  });

  it.each([
    ['drop', []],
    ['dead_letter', ['t1']],
  ] as const)('is failed by the policy %s, and its dead letters are then %j', async (policy, dead) => {
    const stage = await waiting(policy);
    await stage.pulseAt(4_999);
    expect(await stage.row('t1')).toMatchObject({ status: 'Queued' });
    await stage.pulseAt(5_000);
    expect(await stage.row('t1')).toMatchObject({ status: 'Failed', error: { code: 'deadline-passed' } });
    expect(stage.told.events).toMatchObject([{ type: 'TaskFailed', data: { code: 'deadline-passed' } }]);
    expect((await stage.deps.deadLetters.list('default', 9)).items.map(({ id }) => id)).toEqual(dead);
    expect(await stage.timers()).toEqual([]);
  });

  it('waits on by the policy run, with no timer', async () => {
    const stage = await waiting('run');
    expect(await stage.timers()).toEqual([]);
    await stage.pulseAt(60_000);
    expect(await stage.row('t1')).toMatchObject({ status: 'Queued' });
  });

  it('is rerouted once: other capabilities, no agent by name, and the fence moved on', async () => {
    const rules = { primary_agent: 'a9', affinity_key: 'k' };
    const stage = await waiting({ reroute: ['cheap'] }, { required_capabilities: ['dear'], distribution_rules: rules });
    await stage.pulseAt(5_000);
    const row = await stage.row('t1');
    expect(row).toMatchObject({
      status: 'Queued',
      attempt: 1,
      route: 'cheap',
      required_capabilities: ['cheap'],
      distribution_rules: { affinity_key: 'k' },
    });
    expect(row).not.toHaveProperty('on_expiry');
    expect(stage.told.hints).toContainEqual({ pool: 'default', routes: ['cheap'] });
    await stage.join('a1', { capabilities: ['cheap'] });
    expect(await stage.dispatch('cheap')).toMatchObject({ assigned: 1 });
  });

  it('that is rerouted late stands in the level of the last step before its deadline', async () => {
    const escalation = [{ within_ms: 1_000, priority: 'critical' as const }];
    const stage = await waiting({ reroute: ['cheap'] }, { priority: 'low', escalation });
    await stage.pulseAt(5_000);
    expect(await stage.row('t1')).toMatchObject({ route: 'cheap', priority: 'critical', escalated_from: 'low' });
    expect(stage.told.events.map(({ type }) => type)).toContain('TaskEscalated');
    expect(await stage.timers()).toEqual([]);
  });

  it('that runs by then is left alone, and follows its policy when it comes back', async () => {
    const stage = await waiting('dead_letter');
    await stage.join('a1');
    await stage.dispatch('*');
    await stage.beat('a1', 't1#1');
    await stage.pulseAt(5_000);
    expect(await stage.row('t1')).toMatchObject({ status: 'Processing' });
    const results = [{ task_id: 't1', attempt: 1, outcome: 'released' as const }];
    await applyResults(stage.deps, [{ pool: 'default', agent_id: 'a1', principal: 'principal-a1', results }]);
    expect(await stage.row('t1')).toMatchObject({ status: 'Failed', error: { code: 'deadline-passed' } });
  });

  it('runs all the same after a redrive', async () => {
    const stage = await waiting('dead_letter');
    await stage.pulseAt(5_000);
    await redriveDeadLetter(stage.deps, { id: 't1' });
    await stage.pulseAt(90_000);
    expect(await stage.row('t1')).toMatchObject({ status: 'Queued' });
  });

  it('is looked at again when somebody else changed it first', async () => {
    const stage = await waiting('drop');
    stage.clock.now += 5_000;
    const change: DistributorDeps['tasks']['change'] = async (changes) => changes.map(() => ({ applied: false }));
    const failTask = async () => undefined;
    const deps = { ...stage.deps, failTask, tasks: { ...stage.deps.tasks, change } };
    await wakeDeadlines(deps, 'default', ['t1', 'ghost']);
    expect(await stage.timers()).toMatchObject([{ kind: 'deadline', id: 't1', due: deadline }]);
  });
});

describe('a task whose deadline was moved while it waited', () => {
  it('is left alone at the old one, and follows its policy at the new one', async () => {
    const stage = await waiting('drop');
    const row = await stage.row('t1');
    const moved = moveChange(row, { priority: row.priority, deadline: iso(startMs + 9_000) }, startMs)!;
    await stage.deps.tasks.change([moved]);
    await stage.pulseAt(5_000);
    expect(await stage.timers()).toMatchObject([{ kind: 'deadline', due: iso(startMs + 9_000) }]);
    await stage.pulseAt(9_000);
    expect(await stage.row('t1')).toMatchObject({ status: 'Failed' });
  });
});

describe("a workflow's task that still waits at its deadline", () => {
  it('fails its node, which the workflow goes on after; one that runs is left alone', async () => {
    const stage = createWorkflowStage();
    const node = (name: string, more: object = {}) => ({ name, task_type: 'work', ...more });
    const expiring = { deadline_ms: 1_000, on_expiry: 'drop' };
    const after = node('c', { depends_on: ['a'], trigger_rule: 'all_done' });
    await stage.begin('w', { name: 'x', nodes: [node('a', expiring), node('b', expiring), after] });
    await stage.claim('w', 'b');
    const now = stage.deps.sources.now() + 1_000;
    const deps = { ...stage.deps, sources: { ...stage.deps.sources, now: () => now } };
    const failTask = (id: string, decide: Parameters<typeof failWorkflowTask>[2]) => failWorkflowTask(deps, id, decide);
    await wakeDeadlines({ ...deps, failTask }, 'default', ['w:a', 'w:b']);
    expect((await listRunTasks(stage.deps, 'w'))?.map(({ status }) => status)).toEqual([
      'Failed',
      'Processing',
      'Queued',
    ]);
  });
});
