import { describe, expect, it } from '@jest/globals';
import type { CadreError } from '../../../../src/contracts/errors.ts';
import { readyPageSizeMax } from '../../../../src/contracts/limits.ts';
import type { PolicyDocument, Reservation } from '../../../../src/contracts/distributor/policy.ts';
import type { Task } from '../../../../src/contracts/distributor/task.ts';
import { applyResults } from '../../../../src/distributor/usecases/tasks/apply-results.ts';
import { boundWait } from '../../../../src/distributor/usecases/tasks/bound-wait.ts';
import { putPolicy } from '../../../../src/distributor/usecases/policies/change-policy.ts';
import { explainTask } from '../../../../src/distributor/usecases/tasks/explain-task.ts';
import { distributorStage, task } from '../stage.ts';

type Stage = ReturnType<typeof distributorStage>;
const put = (stage: Stage, document: PolicyDocument, expected_version = 0) =>
  putPolicy(stage.deps, { pool: 'default', expected_version, principal: 'op', document });
const started = (stage: Stage) => stage.told.leases().map(({ task_id }) => task_id);
const many = (count: number, over: Partial<Task>, prefix = 'c'): Task[] =>
  Array.from({ length: count }, (_, at) => task({ task_id: `${prefix}${String(at).padStart(3, '0')}`, ...over }));

async function complete(stage: Stage, ...ids: string[]): Promise<void> {
  const results = ids.map((task_id) => ({ task_id, attempt: 1, outcome: 'completed' as const }));
  await applyResults(stage.deps, [{ pool: 'default', agent_id: 'a1', principal: 'principal-a1', results }]);
}

const reserving = (match: Reservation['match'], percent = 50): PolicyDocument => ({
  reservations: [{ name: 'kept', match, percent }],
});

describe('a reservation', () => {
  it('lets others use its slots, and takes them back as they come free', async () => {
    const stage = distributorStage();
    await stage.accept(...many(6, { priority: 'critical' }));
    await stage.accept(task({ task_id: 'mine', namespace: 'team', priority: 'low' }));
    await put(stage, reserving({ namespace: ['team'] }));
    await stage.join('a1', { capacity: 4 });
    await stage.dispatch('*');
    // Nobody has told the dispatcher of the other route yet.
    expect(started(stage)).toEqual(['c000', 'c001', 'c002', 'c003']);
    await stage.dispatch('*', 'team|*');
    stage.forget();
    await complete(stage, 'c001');
    await stage.dispatch('*', 'team|*');
    expect(started(stage)).toEqual(['mine']);
    expect((await stage.row('mine')).distribution?.reasons).toContain('reservation kept was short');
    expect(Object.values((await stage.agent('a1')).holds).map(({ reservation }) => reservation)).toContain('kept');
  });

  it('for a level finds its tasks behind a head that shows only higher ones', async () => {
    const stage = distributorStage();
    await stage.accept(...many(readyPageSizeMax + 50, { priority: 'critical' }));
    await stage.accept(...many(5, { priority: 'low' }, 'low'));
    await put(stage, reserving({ priority: ['low'] }));
    await stage.join('a1', { capacity: 4 });
    await stage.dispatch('*');
    expect(started(stage).sort()).toEqual(['c000', 'c001', 'low000', 'low001']);
  });

  it('for a workflow finds its tasks among those of others', async () => {
    const stage = distributorStage();
    await stage.accept(...many(readyPageSizeMax + 50, { priority: 'high' }));
    await stage.accept(task({ task_id: 'wf:node', priority: 'low' }));
    await put(stage, reserving({ workflow: ['wf'] }));
    await stage.join('a1', { capacity: 4 });
    await stage.dispatch('*');
    expect(started(stage).sort()).toEqual(['c000', 'c001', 'c002', 'wf:node']);
  });

  it('keeps nothing when that would be less than a slot', async () => {
    const stage = distributorStage();
    await stage.accept(...many(2, { priority: 'high' }), ...many(2, { priority: 'low' }, 'low'));
    await put(stage, reserving({ priority: ['low'] }, 99));
    await stage.join('a1', { capacity: 1 });
    await stage.dispatch('*');
    expect(started(stage)).toEqual(['c000']);
  });

  it('explains what waits behind it, and gives a bound only from the slots that are left', async () => {
    const stage = distributorStage();
    await stage.accept(...many(4, { namespace: 'team' }));
    await put(stage, reserving({ namespace: ['team'] }, 75));
    await stage.join('a1', { capacity: 4 });
    await stage.accept(...many(3, { priority: 'critical' }, 'x'));
    await stage.dispatch('*', 'team|*');
    expect(started(stage).sort()).toEqual(['c000', 'c001', 'c002', 'x000']);
    await complete(stage, 'c000');
    expect(await explainTask(stage.deps, 'x001')).toMatchObject({
      queued: { before: { tasks: 1, first: ['c003'] }, starts_by: expect.any(String) },
    });
    await stage.accept(task({ task_id: 'late' }));
    await stage.join('a1', { capacity: 3 });
    await put(stage, reserving({ namespace: ['team'] }, 100), 1);
    expect((await explainTask(stage.deps, 'x001'))?.queued?.waits_because).toBe(
      'waits for a free slot behind reservation kept, which keeps 3 slots (100 %) and uses 2',
    );
    const pool = await stage.deps.agents.pool('default');
    expect(await boundWait(stage.deps, await stage.row('x001'), pool)).not.toHaveProperty('starts_by');
  });

  it('is refused with all of its faults when it is impossible', async () => {
    const stage = distributorStage();
    await stage.accept(task({ task_id: 't1', namespace: 'known' }));
    const document = {
      shares: { planned: 1 },
      reservations: [
        { name: 'zero', match: { namespace: ['known'] }, percent: 0 },
        { name: 'typo', match: { namespace: ['knwon', 'planned'] }, percent: 60 },
        { name: 'typo', match: {}, percent: 30 },
        { name: 'again', match: { namespace: ['known'] }, percent: 20 },
      ],
    };
    const faults = await put(stage, document).then(
      () => [],
      (error: unknown) => (error as CadreError).faults.map(({ path, message }) => `${path ?? ''}: ${message}`),
    );
    for (const part of [
      'reservations[0].percent:',
      'reservations[1].match.namespace: no task of namespace "knwon" has ever come',
      'reservations[2].name: another reservation is called "typo"',
      'reservations[2].match: slots kept for every task',
      'reservations[3].match: never counts: reservation 1',
      'reservations: the reservations keep 110 % of the slots',
    ]) {
      expect(faults.filter((fault) => fault.startsWith(part))).toHaveLength(1);
    }
    expect(faults).toHaveLength(6);
  });
});
