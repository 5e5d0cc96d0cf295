import { describe, expect, it } from '@jest/globals';
import { orphanTimerMs } from '../../../../src/contracts/limits.ts';
import type { TaskRow } from '../../../../src/contracts/rows.ts';
import { runPulse } from '../../../../src/distributor/usecases/pulse/run-pulse.ts';
import { wakeDeadlines } from '../../../../src/distributor/usecases/pulse/wake-deadlines.ts';
import { iso, startMs } from '../rows.ts';
import { distributorStage, task } from '../stage.ts';

const rising = task({
  priority: 'low',
  deadline: iso(startMs + 60_000),
  escalation: [
    { within_ms: 40_000, priority: 'high' },
    { within_ms: 10_000, priority: 'critical' },
  ],
});

async function waiting(over: Partial<typeof rising> = {}) {
  const stage = distributorStage();
  await stage.accept({ ...rising, ...over });
  const timers = async () => (await stage.deps.timers.due('default', iso(startMs + 1e9), 10)).map(({ due }) => due);
  /** A waker that reads the row as `seen` shows it, while somebody else gives its task another deadline. */
  const overtaken = async (seen: Partial<TaskRow>, deadline: string) => {
    const { tasks } = stage.deps;
    const get = async (ids: readonly string[]) => {
      const rows = await tasks.get(ids);
      await tasks.setDeadlines(rows.flatMap((row) => (row === undefined ? [] : [{ ...row, deadline }])));
      return rows.map((row) => row && { ...row, ...seen });
    };
    const deps = { ...stage.deps, failTask: async () => undefined, tasks: { ...tasks, get } };
    await wakeDeadlines(deps, 'default', ['t1']);
  };
  return { ...stage, timers, overtaken };
}

describe('the timer of a deadline', () => {
  it('is not put off by a submission that is repeated between its time and the pulse', async () => {
    const stage = await waiting();
    stage.clock.now = startMs + 21_000;
    expect(await stage.accept(rising)).toMatchObject([{ value: { repeated: true } }]);
    expect(await stage.timers()).toEqual([iso(startMs + 20_000)]);
    await runPulse(stage.deps, { pool: 'default' });
    expect(await stage.row('t1')).toMatchObject({ priority: 'high' });
    expect(await stage.timers()).toEqual([iso(startMs + 50_000)]);
  });

  it.each([
    ['moved on', rising.escalation],
    ['taken away', [{ within_ms: 40_000, priority: 'high' as const }]],
  ])('is not %s by a waker that read the task before it got another deadline', async (_what, escalation) => {
    const stage = await waiting({ escalation });
    stage.clock.now = startMs + 20_000;
    await stage.overtaken({ status: 'Processing', priority: 'high' }, iso(startMs + 70_000));
    expect(await stage.timers()).toEqual([iso(startMs + 30_000)]);
  });

  it('is kept for a task that may be about to come, and no longer', async () => {
    const stage = distributorStage();
    const dues = async () => (await stage.deps.timers.due('default', iso(startMs + 1e9), 10)).map(({ id }) => id);
    const row = { ...rising, pool: 'default', created_at: iso(startMs) } as unknown as TaskRow;
    await stage.deps.tasks.setDeadlines([row]);
    stage.clock.now = startMs + 20_000 + orphanTimerMs - 1;
    await runPulse(stage.deps, { pool: 'default' });
    expect(await dues()).toEqual(['t1']);
    stage.clock.now += 1;
    await runPulse(stage.deps, { pool: 'default' });
    expect(await dues()).toEqual([]);
  });
});
