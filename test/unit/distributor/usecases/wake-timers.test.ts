import { describe, expect, it } from '@jest/globals';
import { timerHorizonMs, timersPerPulseMax } from '../../../../src/contracts/limits.ts';
import type { TaskRow } from '../../../../src/contracts/rows.ts';
import { wakeTasks } from '../../../../src/distributor/usecases/pulse/wake-tasks.ts';
import { wakeTimers } from '../../../../src/distributor/usecases/pulse/wake-timers.ts';
import { delay } from '../../../contract/stores/backend.ts';
import { iso, startMs, taskRow } from '../rows.ts';
import { distributorStage } from '../stage.ts';

/** Tasks that wait, each until so many milliseconds after the start. */
async function waiting(...waits: readonly number[]) {
  const stage = distributorStage();
  const rows = waits.map((_, at) => taskRow({ task_id: `t${at}` }));
  await stage.deps.tasks.insert(rows);
  await stage.deps.tasks.change(rows.map((row, at) => delay(row, iso(startMs + (waits[at] ?? 0)))));
  const wake = (ahead = false) => wakeTimers(stage.deps, 'default', { ahead });
  const isReady = async (id: string): Promise<boolean> => (await stage.row(id)).not_before === undefined;
  return { ...stage, wake, isReady };
}

describe('timers', () => {
  it('that are due are woken, the others wait on', async () => {
    const stage = await waiting(0, 1);
    expect(await stage.wake()).toMatchObject({ count: 1, hints: [{ pool: 'default', routes: ['*'] }] });
    expect([await stage.isReady('t0'), await stage.isReady('t1')]).toEqual([true, false]);
  });

  it('that come within the horizon get their ticks from the watchdog, one for each second, and from nobody else', async () => {
    const stage = await waiting(0, 1, 1_000, 1_001, timerHorizonMs, timerHorizonMs + 1);
    await stage.wake();
    expect(stage.told.ticks).toEqual([]);
    await stage.wake(true);
    expect(stage.told.ticks).toEqual([[1, 2, timerHorizonMs / 1_000]]);
  });

  it('that are too many for one pulse are woken by the next ones', async () => {
    const stage = await waiting(...Array.from({ length: timersPerPulseMax + 1 }, () => 0));
    expect(await stage.wake()).toMatchObject({ count: timersPerPulseMax });
    expect(await stage.wake()).toMatchObject({ count: 1 });
    expect(await stage.wake()).toMatchObject({ count: 0 });
  });

  it('whose waker fails stay, are warned of, and do not fail the pulse', async () => {
    const stage = await waiting(0);
    const wakers = { ...stage.deps.wakers, task: () => Promise.reject(new Error('throttled')) };
    const warnings: unknown[] = [];
    const log = { warn: (_message: string, details: object) => void warnings.push(details) };
    expect(await wakeTimers({ ...stage.deps, wakers, log }, 'default', { ahead: false })).toMatchObject({
      count: 0,
      hints: [],
    });
    expect(warnings).toEqual([{ pool: 'default', kind: 'task', reason: 'Error: throttled' }]);
    expect(await stage.wake()).toMatchObject({ count: 1 });
  });
});

const hedge = async () => ({ count: 0, hints: [] });

describe('a task that waits for its retry time', () => {
  it('is not woken by a timer that is shown although it is over', async () => {
    const stage = await waiting(5_000);
    const wake = () => wakeTasks({ ...stage.deps, hedge }, 'default', ['t0', 'gone']);
    expect(await wake()).toEqual({ count: 0, hints: [] });
    stage.clock.now += 5_000;
    expect(await wake()).toMatchObject({ count: 1 });
    expect(await wake()).toEqual({ count: 0, hints: [] });
  });

  it('is not woken when it is cancelled at the same moment', async () => {
    const stage = await waiting(0);
    const cancelled = async (ids: readonly string[]): Promise<readonly (TaskRow | undefined)[]> => {
      const rows = await stage.deps.tasks.get(ids);
      const patch = { status: 'Cancelled' as const, not_before: null };
      await stage.deps.tasks.change([{ task_id: 't0', expect: { status: 'Queued', attempt: 0 }, patch, index: null }]);
      return rows;
    };
    const tasks = { ...stage.deps.tasks, get: cancelled };
    expect(await wakeTasks({ ...stage.deps, tasks, hedge }, 'default', ['t0'])).toMatchObject({ count: 0 });
    expect(await stage.row('t0')).toMatchObject({ status: 'Cancelled' });
  });
});
