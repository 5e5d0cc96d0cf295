import { describe, expect, it } from '@jest/globals';
import { heldTasksMax, preemptAfterMs } from '../../../../src/contracts/limits.ts';
import type { PolicyDocument } from '../../../../src/contracts/distributor/policy.ts';
import type { Task } from '../../../../src/contracts/distributor/task.ts';
import { putPolicy } from '../../../../src/distributor/usecases/policies/change-policy.ts';
import { dispatchTasks } from '../../../../src/distributor/usecases/dispatch/dispatch-tasks.ts';
import { distributorStage, task } from '../stage.ts';

type Stage = ReturnType<typeof distributorStage>;
const many = (count: number, over: Partial<Task> = {}, prefix = 'x'): Task[] =>
  Array.from({ length: count }, (_, at) => task({ task_id: `${prefix}${String(at).padStart(4, '0')}`, ...over }));
const started = (stage: Stage) => stage.told.leases().map(({ task_id, inbox_url }) => `${task_id}→${inbox_url.at(-1)}`);

/** Agents a (full) and b (one slot) of one route, and a policy. */
async function halfFull(document: PolicyDocument): Promise<Stage> {
  const stage = distributorStage();
  await stage.join('a', { labels: { gpu: 'yes' } });
  await stage.accept(task({ task_id: 'runs', priority: 'critical' }));
  await stage.dispatch('*');
  await stage.join('b', { labels: { lane: 'emergency' } });
  await putPolicy(stage.deps, { pool: 'default', expected_version: 0, principal: 'op', document });
  stage.forget();
  return stage;
}

/** What is read of a route during a dispatch: how many tasks are asked for, in turn. */
async function reading(stage: Stage): Promise<number[]> {
  const asked: number[] = [];
  const ready: Stage['deps']['tasks']['ready'] = (row, limit, after) => {
    asked.push(limit);
    return stage.deps.tasks.ready(row, limit, after);
  };
  await dispatchTasks({ ...stage.deps, tasks: { ...stage.deps.tasks, ready } }, { pool: 'default', routes: ['*'] });
  return asked;
}

const pinned: PolicyDocument = { rules: [{ name: 'r', match: { task_type: ['x'] }, pin: 'a' }] };

describe('behind tasks that are held back for themselves', () => {
  it.each<[string, PolicyDocument]>([
    ['pinned to a full agent', pinned],
    ['pinned to an agent that is gone', { rules: [{ name: 'r', match: { task_type: ['x'] }, pin: 'gone' }] }],
    [
      'without an agent with the labels',
      { rules: [{ name: 'r', match: { task_type: ['x'] }, require_labels: { gpu: 'yes' } }] },
    ],
    [
      'under a limit',
      { limits: [{ name: 'l', match: { task_type: ['x', 'demo'], priority: ['high', 'critical'] }, concurrency: 1 }] },
    ],
    [
      'kept from the emergency lane',
      { emergency: { match: { task_type: ['y'] }, keep_labels: { lane: 'emergency' } } },
    ],
  ])('a free agent gets what it may run: %s', async (_why, document) => {
    const stage = await halfFull(document);
    // What runs already was handed out before the policy came: another one counts against the limit.
    if (document.limits !== undefined) {
      await stage.join('c');
      await stage.accept(task({ task_id: 'counts', priority: 'critical' }));
      await stage.dispatch('*');
      stage.forget();
    }
    await stage.accept(...many(heldTasksMax - 1, { task_type: 'x', priority: 'high' }));
    await stage.accept(task({ task_id: 'y', task_type: 'y', priority: 'low' }));
    await stage.dispatch('*');
    expect(started(stage)).toHaveLength(1);
    expect(started(stage)[0]).toMatch(/^y→/);
  });

  it('work waits when they are more than a round passes over, until one of them starts', async () => {
    const stage = await halfFull(pinned);
    // The first page shows two, and five more a hundred each before there are enough.
    await stage.accept(...many(heldTasksMax + 2, { task_type: 'x', priority: 'high' }));
    await stage.accept(task({ task_id: 'y', task_type: 'y', priority: 'low' }));
    expect(await stage.dispatch('*')).toEqual({ assigned: 0, waiting: ['*'] });
    await stage.deps.agents.release('default', 'a', ['runs#1']);
    await stage.dispatch('*');
    expect(started(stage)).toEqual(['x0000→a', 'y→b']);
  });

  it('other routes go on only when so many were read', async () => {
    const stage = await halfFull(pinned);
    await stage.join('b', { capabilities: ['z'] });
    await stage.accept(...many(5, { task_type: 'x', priority: 'high' }));
    await stage.accept(task({ task_id: 'y', task_type: 'y', priority: 'high' }));
    await stage.accept(task({ task_id: 'z', priority: 'medium', required_capabilities: ['z'] }));
    await stage.dispatch('*', 'z');
    expect(started(stage)).toEqual(['y→b']);
  });

  it('nothing is read where nobody is free', async () => {
    const stage = await halfFull(pinned);
    await stage.deps.agents.drain('default', 'b');
    await stage.accept(...many(5, { task_type: 'x' }));
    expect(await reading(stage)).toEqual([1]);
  });

  it('nothing is read where only the emergency lane is free, and all that stands behind is too low for it', async () => {
    const emergency = { match: { priority: ['critical' as const] }, keep_labels: { lane: 'emergency' } };
    const stage = await halfFull({ emergency });
    await stage.accept(...many(5, { priority: 'high' }));
    expect(await reading(stage)).toEqual([2]);
  });

  it('no page more is read where nothing is held back', async () => {
    const stage = await halfFull({});
    await stage.accept(...many(5));
    expect(await reading(stage)).toEqual([2]);
  });

  it('a critical task that waited long enough lets others make way, although all agents are full', async () => {
    const stage = await halfFull(pinned);
    await stage.accept(task({ task_id: 'low', priority: 'low' }));
    await stage.dispatch('*');
    await stage.accept(...many(3, { task_type: 'x', priority: 'critical' }));
    stage.clock.now += 1;
    await stage.accept(task({ task_id: 'y', priority: 'critical' }));
    stage.clock.now += preemptAfterMs;
    await stage.beat('a', 'runs#1');
    await stage.beat('b', 'low#1');
    stage.forget();
    await stage.dispatch('*');
    expect(stage.told.sent.map(({ message }) => message)).toMatchObject([
      { kind: 'preempt', task_id: 'low', reason: 'critical task y waits for a slot' },
    ]);
  });
});
