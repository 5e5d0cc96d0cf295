import { describe, expect, it } from '@jest/globals';
import { assignmentsPerRoundMax, dueLookMs, routesPerRoundMax } from '../../../../src/contracts/limits.ts';
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

describe('routes that nobody hinted at', () => {
  const all = ['a', 'b'];
  const low = (task_id: string) => task({ task_id, priority: 'low', required_capabilities: ['a'] });
  const critical = task({ task_id: 'critical', priority: 'critical', required_capabilities: ['b'] });

  /** The deps, with the routes that were read. */
  function reading(stage: Stage, onRead: () => Promise<unknown> = async () => undefined) {
    const read: string[] = [];
    const ready: DistributorDeps['tasks']['ready'] = async (place, ...rest) => {
      read.push(place.route);
      const page = await stage.deps.tasks.ready(place, ...rest);
      await onRead();
      return page;
    };
    return { read, deps: { ...stage.deps, tasks: { ...stage.deps.tasks, ready } } };
  }
  const started = (stage: Stage) => stage.told.leases().map(({ task_id }) => task_id);

  it('are left alone by a dispatcher that has read all hints', async () => {
    const stage = distributorStage();
    await stage.join('a1', { capacity: 1, capabilities: all });
    await stage.accept(low('low'), critical);
    const { read, deps } = reading(stage);
    await dispatchTasks(deps, { pool: 'default', routes: ['a'] });
    expect(read).toEqual(['a']);
  });

  it('have their place in the order while hints may be unread', async () => {
    const stage = distributorStage();
    await stage.join('a1', { capacity: 1, capabilities: all });
    await stage.accept(low('low'), critical);
    await dispatchTasks(stage.deps, { pool: 'default', routes: ['a'], isBehind: true });
    expect(started(stage)).toEqual(['critical']);
  });

  it('have it from the second round on, for hints may have come since', async () => {
    const stage = distributorStage();
    for (const id of ['a1', 'a2']) await stage.join(id, { capacity: 60, capabilities: all });
    await stage.accept(...Array.from({ length: 125 }, (_, at) => low(`low-${at}`)));
    let reads = 0;
    const { deps } = reading(stage, async () => (reads++ === 0 ? stage.accept(critical) : undefined));
    await dispatchTasks(deps, { pool: 'default', routes: ['a'] });
    expect(started(stage)).toHaveLength(120);
    expect(started(stage).indexOf('critical')).toBe(assignmentsPerRoundMax);
  });

  it('are not read where no agent of theirs has a free slot', async () => {
    const stage = distributorStage();
    await stage.join('a1', { capacity: 1, capabilities: ['a'] });
    await stage.join('a2', { capacity: 1, capabilities: ['b'] });
    await stage.accept(critical);
    await stage.dispatch('b');
    await stage.accept(low('low'));
    const { read, deps } = reading(stage);
    await dispatchTasks(deps, { pool: 'default', routes: ['a'], isBehind: true });
    expect(read).toEqual(['a']);
  });

  it('are left alone when they are too many', async () => {
    const stage = distributorStage();
    const names = Array.from({ length: routesPerRoundMax }, (_, at) => `c${at}`);
    await stage.join('a1', { capacity: 1, capabilities: ['a', ...names] });
    await stage.accept(
      low('low'),
      ...names.map((name) => task({ task_id: `t-${name}`, priority: 'high', required_capabilities: [name] })),
    );
    const { read, deps } = reading(stage);
    await dispatchTasks(deps, { pool: 'default', routes: ['a'], isBehind: true });
    expect(read).toEqual(['a']);
  });
});
