import { describe, expect, it } from '@jest/globals';
import { forecastTasks } from '../../../../src/distributor/usecases/submit/forecast-tasks.ts';
import { addedFigures } from '../../../../src/distributor/core/agents/figures.ts';
import { iso, results, startMs } from '../rows.ts';
import { distributorStage, task } from '../stage.ts';

/** A stage with one agent that has run fifty tasks of ten seconds. */
async function seasoned(capabilities: string[] = []) {
  const stage = distributorStage();
  await stage.join('a1', { capabilities });
  await stage.deps.agents.release('default', 'a1', [], {
    ...{ at: iso(startMs), lease_until: iso(startMs + 60_000), completed: 50, failed: 0, worked_ms: 0 },
    figures: addedFigures(results(50, 0, 10_000)),
  });
  const tell = async (...tasks: Parameters<typeof task>[0][]) =>
    forecastTasks(
      stage.deps,
      tasks.map((each) => task({ deadline: iso(startMs + 25_000), ...each })),
    );
  return { ...stage, tell };
}

describe('the forecast of a submission', () => {
  it('counts what waits before it, in its own level and above, and writes nothing', async () => {
    const { tell, accept, deps } = await seasoned();
    await accept(
      task({ task_id: 'critical', priority: 'critical' }),
      task({ task_id: 'sooner', deadline: iso(startMs + 20_000) }),
      task({ task_id: 'later' }),
      task({ task_id: 'low', priority: 'low' }),
    );
    const [told] = await tell({ task_id: 'new' });
    expect(told).toMatchObject({ task_id: 'new', before: { tasks: 2, more: false }, agents: 1, slots: 1 });
    expect(told!.miss).toBeGreaterThan(0.9);
    expect(await deps.tasks.get(['new'])).toEqual([undefined]);
  });

  it('counts tasks submitted together one after the other', async () => {
    const { tell } = await seasoned();
    const told = await tell({ task_id: 'a' }, { task_id: 'b' }, { task_id: 'c' });
    expect(told.map(({ before }) => before.tasks)).toEqual([0, 1, 2]);
    expect(told[0]!.miss!).toBeLessThan(0.1);
    expect(told[2]!.miss!).toBeGreaterThan(0.9);
  });

  it('counts a task that is there already as itself, not as standing before itself', async () => {
    const { tell, accept } = await seasoned();
    await accept(task({ task_id: 'a', deadline: iso(startMs + 1_000) }));
    expect((await tell({ task_id: 'a' }))[0]!.before.tasks).toBe(0);
  });

  it('leaves out what other agents do, and knows of no agent where there is none', async () => {
    const { tell, accept, join } = await seasoned(['x']);
    await join('b', { capabilities: ['y'] });
    await accept(
      task({ task_id: 'theirs', required_capabilities: ['y'], priority: 'critical' }),
      task({ task_id: 'ours', required_capabilities: ['x'], priority: 'critical' }),
      task({ task_id: 'anyones', priority: 'critical' }),
    );
    const [x, z] = await tell({ required_capabilities: ['x'] }, { task_id: 't2', required_capabilities: ['z'] });
    expect(x).toMatchObject({ before: { tasks: 2, more: false }, agents: 1 });
    expect(z).toMatchObject({ before: { tasks: 0, more: false }, agents: 0, miss: 1 });
  });

  it('counts what is due behind a backlog that is cut, and says that there is more', async () => {
    const { accept, deps } = await seasoned();
    await accept(task({ task_id: 'due', priority: 'low', deadline: iso(startMs + 1) }));
    const [due] = await deps.tasks.ready({ pool: 'default', route: '*' }, 1);
    const page = Array.from({ length: 1_000 }, (_, at) => ({
      ...due!,
      task_id: `t${at}`,
      order: `0#${iso(startMs)}#x#${at}`,
    }));
    const tasks = { ...deps.tasks, ready: async () => page };
    const later = { ...deps.sources, now: () => startMs + 2 };
    const [told] = await forecastTasks({ ...deps, tasks, sources: later }, [task({ task_id: 'new' })]);
    expect(told!.before).toEqual({ tasks: 1_001, more: true });
  });
});
