import { describe, expect, it } from '@jest/globals';
import { type ScheduleInput, schedule as scheduleContract } from '../../../src/contracts/workflow/schedule.ts';
import { scheduleViewOf } from '../../../src/workflow/core/schedules/schedule.ts';
import { pauseSchedule } from '../../../src/workflow/usecases/schedules/change-schedule.ts';
import { cancelWorkflow } from '../../../src/workflow/usecases/steer/cancel-workflow.ts';
import { createSchedule } from '../../../src/workflow/usecases/schedules/create-schedule.ts';
import { finishWorkflow } from '../../../src/workflow/usecases/advance/finish-workflow.ts';
import { wakeSchedules } from '../../../src/workflow/usecases/schedules/wake-schedules.ts';
import { createWorkflowStage } from '../../support/workflow-stage.ts';

const start = Date.UTC(2026, 0, 1);
const minuteMs = 60_000;
const at = (minute: number): string => new Date(start + minute * minuteMs).toISOString();
const idAt = (minute: number): string => `s-${at(minute).replace(/[-:]|\.000/g, '')}`;
const definition = { name: 'report', nodes: [{ name: 'a', task_type: 'demo' }] };

/** A schedule of every ten minutes, on a clock that the test moves. */
async function scheduled(over: Partial<ScheduleInput> = {}) {
  const stage = createWorkflowStage();
  const clock = { now: start };
  const deps = { ...stage.deps, sources: { ...stage.deps.sources, now: () => clock.now } };
  const create = (more: Partial<ScheduleInput> = {}) => {
    const body = { schedule_id: 's', every_ms: 10 * minuteMs, definition, input: { team: 'blue' }, ...over, ...more };
    return createSchedule(deps, { schedule: scheduleContract.parse(body), principal: 'ann' });
  };
  await create();
  const row = async () => (await deps.schedules.get('default', 's'))!;
  return {
    ...stage,
    deps,
    create,
    row,
    moveTo: (minute: number) => void (clock.now = start + minute * minuteMs),
    /** Plays the pulse at a minute; answers with the runs that were started by then. */
    wakeAt: async (minute: number) => {
      clock.now = start + minute * minuteMs;
      const isDue = (await stage.timers.due('default', at(minute), 10)).length > 0;
      if (isDue) await wakeSchedules(deps, 'default', ['s']);
      return stage.started;
    },
    end: async (workflow_id: string) => {
      await cancelWorkflow(deps, { workflow_id, principal: 'ann', reason: 'enough' });
      await finishWorkflow(deps, workflow_id);
    },
    pause: (paused: boolean) => pauseSchedule(deps, 's', paused),
  };
}

describe('a schedule', () => {
  it('runs in its namespace, and tells so', async () => {
    const stage = await scheduled({ namespace: 'team' });
    expect(scheduleViewOf(await stage.row())).toMatchObject({ namespace: 'team' });
    await stage.wakeAt(10);
    expect(await stage.deps.workflows.head(idAt(10))).toMatchObject({ namespace: 'team' });
  });

  it('starts a run at each of its times, with its input and the time it stands for', async () => {
    const stage = await scheduled();
    expect(await stage.wakeAt(9)).toEqual([]);
    expect(await stage.wakeAt(10)).toEqual([idAt(10)]);
    expect(await stage.deps.workflows.head(idAt(10))).toMatchObject({ submitted_by: 'ann', schedule_id: 's' });
    const { input } = (await stage.deps.workflows.definition(idAt(10)))!;
    expect(JSON.parse(input!.text!)).toEqual({ team: 'blue', fire_at: at(10) });
    expect(await stage.row()).toMatchObject({
      next_at: at(20),
      wake_at: at(20),
      last_run: { workflow_id: idAt(10), fire_at: at(10) },
    });
  });

  it('that was decided about and not started is started by the next pulse, and a start that is repeated is the same run', async () => {
    const stage = await scheduled();
    const failing = {
      ...stage.deps,
      executions: { ...stage.deps.executions, start: () => Promise.reject(new Error('down')) },
    };
    stage.moveTo(10);
    expect(await wakeSchedules(failing, 'default', ['s'])).toMatchObject({ count: 0 });
    expect(await stage.row()).toMatchObject({ starting: { fire_at: at(10) }, next_at: at(20) });
    expect(await wakeSchedules(stage.deps, 'default', ['s'])).toMatchObject({ count: 1 });
    expect(stage.started).toEqual([idAt(10)]);
    expect(await stage.row()).not.toHaveProperty('starting');
  });

  it('woken by two at once starts each run once', async () => {
    const stage = await scheduled();
    stage.moveTo(10);
    await Promise.all([1, 2, 3].map(() => wakeSchedules(stage.deps, 'default', ['s'])));
    expect(new Set(stage.started)).toEqual(new Set([idAt(10)]));
    expect(await stage.row()).toMatchObject({ next_at: at(20) });
  });

  it('leaves out what it missed by more than its catch-up window, and makes up for the rest', async () => {
    const stage = await scheduled({ catch_up_ms: 15 * minuteMs, overlap: 'queue' });
    await stage.wakeAt(55);
    expect(stage.started).toEqual([idAt(40)]);
    expect(await stage.row()).toMatchObject({ queued: [at(50)], last_missed: { fire_at: at(10) }, next_at: at(60) });
  });

  it('whose run is refused says so and goes on', async () => {
    const stage = await scheduled();
    await stage.submit(idAt(10), definition);
    stage.started.length = 0;
    await stage.wakeAt(10);
    expect(await stage.row()).toMatchObject({ last_missed: { fire_at: at(10) }, next_at: at(20) });
    expect((await stage.row()).last_missed?.reason).toMatch(/refused/);
    expect(await stage.wakeAt(20)).toEqual([idAt(20)]);
  });

  it('that is paused starts nothing, and goes on from when it is resumed', async () => {
    const stage = await scheduled();
    await stage.pause(true);
    expect(await stage.wakeAt(35)).toEqual([]);
    expect(await stage.timers.due('default', at(1_000), 10)).toEqual([]);
    await stage.pause(false);
    expect(await stage.row()).toMatchObject({ next_at: at(40) });
    expect(await stage.wakeAt(40)).toEqual([idAt(40)]);
  });

  it('that is removed starts nothing any more, also when it was being woken', async () => {
    const stage = await scheduled();
    const row = await stage.row();
    await stage.deps.schedules.remove('default', 's');
    expect(await stage.deps.schedules.save({ ...row, version: row.version + 1 })).toBe(false);
    expect(await stage.wakeAt(10)).toEqual([]);
  });

  it('with the same body is the same one, with another one a conflict', async () => {
    const stage = await scheduled();
    expect(await stage.create()).toMatchObject({ ok: true });
    expect(await stage.create({ every_ms: 20 * minuteMs })).toMatchObject({
      ok: false,
      error: { code: 'schedule-conflict' },
    });
    expect(await stage.row()).toMatchObject({ timing: { every_ms: 10 * minuteMs } });
  });

  it('is refused with all faults of its times, its input and its definition', async () => {
    const stage = await scheduled();
    const nodes = [{ name: 'a', task_type: 'demo', depends_on: ['b'] }];
    const wrong = stage.create({
      cron: '0 0 * * *',
      time_zone: 'Mars/Olympus',
      input: { fire_at: 1 },
      definition: { name: 'x', nodes },
    });
    await expect(wrong).rejects.toMatchObject({
      code: 'invalid-schedule',
      faults: [
        { path: 'cron' },
        { path: 'time_zone' },
        { path: 'input.fire_at' },
        { path: 'definition.nodes[0].depends_on[0]' },
      ],
    });
  });
});

describe('a time that comes while the run before goes on', () => {
  it('is left out by the rule skip', async () => {
    const stage = await scheduled();
    await stage.wakeAt(10);
    expect(await stage.wakeAt(20)).toEqual([idAt(10)]);
    expect(await stage.row()).toMatchObject({ last_missed: { fire_at: at(20) } });
    await stage.end(idAt(10));
    expect(await stage.wakeAt(30)).toEqual([idAt(10), idAt(30)]);
  });

  it('waits for its end by the rule queue, and starts as soon as it has ended', async () => {
    const stage = await scheduled({ overlap: 'queue' });
    await stage.wakeAt(10);
    await stage.wakeAt(20);
    await stage.wakeAt(30);
    expect(await stage.row()).toMatchObject({ queued: [at(20), at(30)], wake_at: at(35) });
    expect(await stage.wakeAt(31)).toEqual([idAt(10)]);
    await stage.end(idAt(10));
    expect(await stage.wakeAt(31)).toEqual([idAt(10), idAt(20)]);
    expect(await stage.row()).toMatchObject({ queued: [at(30)] });
  });

  it('starts even when nobody told that the run before has ended', async () => {
    const stage = await scheduled({ overlap: 'queue' });
    await stage.wakeAt(10);
    await stage.wakeAt(20);
    await cancelWorkflow(stage.deps, { workflow_id: idAt(10), principal: 'ann', reason: 'enough' });
    expect(await stage.wakeAt(24)).toEqual([idAt(10)]);
    expect(await stage.wakeAt(25)).toEqual([idAt(10), idAt(20)]);
  });

  it('cancels the run before by the rule cancel-previous', async () => {
    const stage = await scheduled({ overlap: 'cancel-previous' });
    await stage.wakeAt(10);
    expect(await stage.wakeAt(20)).toEqual([idAt(10), idAt(20)]);
    expect(await stage.deps.workflows.head(idAt(10))).toMatchObject({ status: 'Failed' });
  });
});
