import { describe, expect, it } from '@jest/globals';
import { CadreError } from '../../../../src/contracts/errors.ts';
import { parse } from '../../../../src/contracts/parse.ts';
import { type Escalation, type Task, task as taskFormat } from '../../../../src/contracts/distributor/task.ts';
import { moveChange } from '../../../../src/distributor/core/tasks/task.ts';
import { explainTask } from '../../../../src/distributor/usecases/tasks/explain-task.ts';
import { redriveDeadLetter } from '../../../../src/distributor/usecases/tasks/redrive-dead-letter.ts';
import { killTask } from '../../../../src/distributor/usecases/tasks/kill-task.ts';
import { runPulse } from '../../../../src/distributor/usecases/pulse/run-pulse.ts';
import { applyResults } from '../../../../src/distributor/usecases/tasks/apply-results.ts';
import { iso, startMs } from '../rows.ts';
import { distributorStage, task } from '../stage.ts';

const deadline = iso(startMs + 60_000);
const steps: Escalation[] = [
  { within_ms: 40_000, priority: 'high' },
  { within_ms: 10_000, priority: 'critical' },
];

async function waiting(over: Partial<Task> = {}) {
  const stage = distributorStage();
  await stage.accept(task({ priority: 'low', deadline, escalation: steps, ...over }));
  const pulseAt = async (ms: number) => {
    stage.clock.now = startMs + ms;
    stage.forget();
    return runPulse(stage.deps, { pool: 'default', watchdog: true });
  };
  const timers = async () => (await stage.deps.timers.due('default', iso(startMs + 1e9), 10)).map(({ due }) => due);
  const ready = () => stage.deps.tasks.ready({ pool: 'default', route: '*' }, 10);
  return { ...stage, pulseAt, timers, ready };
}

describe('a task that escalates', () => {
  it('rises step by step while it waits, each step told on the bus, and its due stays', async () => {
    const stage = await waiting();
    expect(stage.told.ticks).toEqual([[20]]);
    const [before] = await stage.ready();
    await stage.pulseAt(19_999);
    expect(await stage.row('t1')).toMatchObject({ priority: 'low', attempt: 0 });
    await stage.pulseAt(20_000);
    expect(await stage.row('t1')).toMatchObject({ priority: 'high', escalated_from: 'low', attempt: 1 });
    expect(stage.told.events).toMatchObject([{ type: 'TaskEscalated', data: { from: 'low', to: 'high', deadline } }]);
    expect(stage.told.ticks).toContainEqual([30]);
    await stage.pulseAt(50_000);
    expect(await stage.row('t1')).toMatchObject({ priority: 'critical', escalated_from: 'low' });
    expect(await stage.timers()).toEqual([]);
    const [after] = await stage.ready();
    expect(after?.order).toBe(before?.order.replace(/^3/, '0'));
  });

  it('stands at once where its deadline puts it when it comes late', async () => {
    const stage = await waiting({ deadline: iso(startMs + 30_000) });
    expect(await stage.row('t1')).toMatchObject({ priority: 'high', escalated_from: 'low' });
    expect(await stage.timers()).toEqual([iso(startMs + 20_000)]);
  });

  it('does not rise when its deadline had passed before it came', async () => {
    const stage = await waiting({ deadline: iso(startMs - 1) });
    expect(await stage.row('t1')).toMatchObject({ priority: 'low' });
    expect(await stage.timers()).toEqual([]);
  });

  it('starts before what came in a lower level', async () => {
    const stage = await waiting();
    await stage.accept(task({ task_id: 't2', priority: 'medium' }));
    await stage.pulseAt(20_000);
    await stage.join('a1');
    await stage.dispatch('*');
    expect(stage.told.leases().map(({ task_id }) => task_id)).toEqual(['t1']);
  });

  it('that runs is left alone, rises when it comes back, and then goes on rising', async () => {
    const stage = await waiting();
    await stage.join('a1');
    await stage.dispatch('*');
    stage.clock.now = startMs + 20_000;
    await stage.beat('a1', 't1#1');
    await stage.pulseAt(20_000);
    expect(await stage.row('t1')).toMatchObject({ status: 'Processing', priority: 'low' });
    expect(await stage.timers()).toEqual([iso(startMs + 50_000)]);
    const results = [{ task_id: 't1', attempt: 1, outcome: 'released' as const }];
    await applyResults(stage.deps, [{ pool: 'default', agent_id: 'a1', principal: 'principal-a1', results }]);
    expect(await stage.row('t1')).toMatchObject({ status: 'Queued', priority: 'high', escalated_from: 'low' });
    expect((await stage.ready())[0]?.order).toMatch(/^1/);
    await stage.pulseAt(50_000);
    expect(await stage.row('t1')).toMatchObject({ priority: 'critical' });
  });

  it('is looked at for its level and for its policy by one timer', async () => {
    const stage = await waiting({ on_expiry: 'drop' });
    await stage.pulseAt(50_000);
    expect(await stage.timers()).toEqual([deadline]);
    await stage.pulseAt(60_000);
    expect(await stage.row('t1')).toMatchObject({ status: 'Failed', error: { code: 'deadline-passed' } });
  });

  it('is looked at again when somebody else changed it first', async () => {
    const stage = await waiting();
    const { change } = stage.deps.tasks;
    Object.assign(stage.deps.tasks, { change: async () => [{ applied: false }] });
    await stage.pulseAt(20_000);
    expect(await stage.timers()).toEqual([iso(startMs + 20_000)]);
    Object.assign(stage.deps.tasks, { change });
    await stage.pulseAt(21_000);
    expect(await stage.row('t1')).toMatchObject({ priority: 'high' });
  });

  it('begins anew from another priority and deadline', async () => {
    const stage = await waiting();
    await stage.pulseAt(20_000);
    const row = await stage.row('t1');
    expect(moveChange(row, { priority: 'low', deadline }, startMs + 20_000)).toBeUndefined();
    const later = iso(startMs + 100_000);
    await stage.deps.tasks.change([moveChange(row, { priority: 'medium', deadline: later }, startMs + 20_000)!]);
    const moved = await stage.row('t1');
    expect(moved).toMatchObject({ priority: 'medium', deadline: later });
    expect(moved).not.toHaveProperty('escalated_from');
    await stage.deps.tasks.change([moveChange(moved, { priority: 'medium', deadline }, startMs + 20_000)!]);
    expect(await stage.row('t1')).toMatchObject({ priority: 'high', escalated_from: 'medium' });
  });

  it('waits after a redrive in the level that it was submitted with, since its deadline counts no more', async () => {
    const stage = await waiting();
    await stage.pulseAt(20_000);
    await killTask(stage.deps, { task_id: 't1', principal: 'p', reason: 'test' });
    await redriveDeadLetter(stage.deps, { id: 't1' });
    const row = await stage.row('t1');
    expect(row).toMatchObject({ status: 'Queued', priority: 'low' });
    expect([row.escalated_from, row.escalation]).toEqual([undefined, undefined]);
    expect((await stage.ready())[0]?.order).toMatch(/^3/);
  });

  it('tells its next step and when it applies', async () => {
    const stage = await waiting();
    const escalatesAt = async () => (await explainTask(stage.deps, 't1'))?.queued;
    expect(await escalatesAt()).toMatchObject({ escalates: { ...steps[0], at: iso(startMs + 20_000) } });
    await stage.pulseAt(20_000);
    expect(await escalatesAt()).toMatchObject({
      escalated_from: 'low',
      escalates: { ...steps[1], at: iso(startMs + 50_000) },
    });
  });
});

describe('an escalation that cannot be', () => {
  const faultsOf = (given: Partial<Task>): readonly (readonly [string | undefined, string])[] => {
    try {
      parse(taskFormat, task(given));
      return [];
    } catch (error) {
      return error instanceof CadreError ? error.faults.map(({ path, message }) => [path, message]) : [];
    }
  };

  it('is refused with all that is wrong with it', () => {
    expect(faultsOf({ escalation: [{ within_ms: 60_000, priority: 'medium' }] })).toEqual([
      ['escalation', 'needs a deadline'],
      ['escalation[0].priority', 'is not above medium'],
    ]);
    const falling = [steps[1]!, { within_ms: 10_000, priority: 'high' as const }];
    expect(faultsOf({ deadline, priority: 'low', escalation: falling })).toEqual([
      ['escalation[1].within_ms', 'must be nearer than the step before'],
      ['escalation[1].priority', 'is not above critical'],
    ]);
    expect(faultsOf({ deadline, priority: 'low', escalation: steps })).toEqual([]);
  });
});
