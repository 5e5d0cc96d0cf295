import { describe, expect, it } from '@jest/globals';
import { dueLookMs } from '../../../../src/contracts/limits.ts';
import type { DistributorDeps } from '../../../../src/distributor/ports.ts';
import { dispatchTasks } from '../../../../src/distributor/usecases/dispatch/dispatch-tasks.ts';
import type { QuietLevels } from '../../../../src/distributor/usecases/dispatch/read-heads.ts';
import { distributorStage, task } from '../stage.ts';

type Stage = ReturnType<typeof distributorStage>;

/** A pool of one slot with more critical tasks than it can run, and dispatchers that remember; `asked` are the levels that they looked into. */
async function overloaded() {
  const stage = distributorStage();
  await stage.join('a1', { capacity: 1 });
  await stage.accept(...Array.from({ length: 8 }, (_, at) => task({ task_id: `c${at}`, priority: 'critical' })));
  const asked: number[] = [];
  const quiet: QuietLevels = new Map();
  const due: DistributorDeps['tasks']['due'] = (...args) => {
    asked.push(args[1]);
    return stage.deps.tasks.due(...args);
  };
  const deps = { ...stage.deps, tasks: { ...stage.deps.tasks, due } };
  let last: string | undefined;
  /** Frees the slot, lets time pass and dispatches; answers with the task that got the slot. */
  const next = async (afterMs: number): Promise<string | undefined> => {
    if (last !== undefined) await stage.deps.agents.release('default', 'a1', [`${last}#1`]);
    stage.clock.now += afterMs;
    stage.forget();
    await stage.join('a1', { capacity: 1 });
    await dispatchTasks(deps, { pool: 'default', routes: ['*'] }, quiet);
    last = stage.told.leases()[0]?.task_id;
    return last;
  };
  return { stage, asked, next };
}

const at = (stage: Stage, ms: number): string => new Date(stage.clock.now + ms).toISOString();

describe('behind a full page', () => {
  it('each lower level is asked once, and again when the look is over', async () => {
    const { asked, next } = await overloaded();
    await next(0);
    await next(dueLookMs - 1);
    expect(asked).toEqual([1, 2, 3]);
    await next(1);
    expect(asked).toEqual([1, 2, 3, 1, 2, 3]);
  });

  it('a task that comes due between two looks starts when it is due', async () => {
    const { stage, next } = await overloaded();
    await stage.accept(task({ task_id: 'low', priority: 'low', deadline: at(stage, dueLookMs / 2) }));
    expect(await next(0)).toBe('c0');
    expect(await next(dueLookMs / 2 - 1)).toBe('c1');
    expect(await next(1)).toBe('low');
  });

  it('a task that joins overdue is overlooked no longer than for one look', async () => {
    const { stage, next } = await overloaded();
    expect(await next(0)).toBe('c0');
    await stage.accept(task({ task_id: 'low', priority: 'low', deadline: at(stage, 1) }));
    expect(await next(2)).toBe('c1');
    expect(await next(dueLookMs - 2)).toBe('low');
  });

  it('a level with overdue tasks is asked in every round', async () => {
    const { stage, asked, next } = await overloaded();
    await stage.accept(...['l1', 'l2'].map((task_id) => task({ task_id, priority: 'low', deadline: at(stage, 1) })));
    expect(await next(1)).toBe('l1');
    expect(await next(1)).toBe('l2');
    expect(asked).toEqual([1, 2, 3, 3]);
  });

  it('a dispatcher that remembers nothing asks every level', async () => {
    const stage = distributorStage();
    await stage.join('a1', { capacity: 1 });
    await stage.accept(...['c1', 'c2', 'c3'].map((task_id) => task({ task_id, priority: 'critical' })));
    await stage.accept(task({ task_id: 'low', priority: 'low', deadline: at(stage, 1) }));
    stage.clock.now += 1;
    stage.forget();
    await stage.dispatch('*');
    expect(stage.told.sent).toMatchObject([{ message: { task_id: 'low' } }]);
  });
});
