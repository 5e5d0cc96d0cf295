import { describe, expect, it } from '@jest/globals';
import { dispatchRoundsMax, pulseIntervalMs, pulseTicksMax, pulseTicksMin } from '../../../../src/contracts/limits.ts';
import type { DistributorDeps } from '../../../../src/distributor/ports.ts';
import { dispatchTasks } from '../../../../src/distributor/usecases/dispatch/dispatch-tasks.ts';
import { applyResults } from '../../../../src/distributor/usecases/tasks/apply-results.ts';
import { distributorStage, task } from '../stage.ts';

type Stage = ReturnType<typeof distributorStage>;
const hint = { pool: 'default', routes: ['*'] };

async function stageWith(capacities: Record<string, number>, ...ids: string[]): Promise<Stage> {
  const stage = distributorStage();
  for (const [agent_id, capacity] of Object.entries(capacities)) await stage.join(agent_id, { capacity });
  await stage.accept(...ids.map((task_id) => task({ task_id })));
  stage.forget();
  return stage;
}

/** The stage's deps with some ports changed. */
function changed(
  stage: Stage,
  over: { tasks?: Partial<DistributorDeps['tasks']>; agents?: Partial<DistributorDeps['agents']> },
): DistributorDeps {
  return {
    ...stage.deps,
    tasks: { ...stage.deps.tasks, ...over.tasks },
    agents: { ...stage.deps.agents, ...over.agents },
  };
}

const assigned = (stage: Stage) =>
  stage.told
    .leases()
    .map(({ inbox_url, task_id }) => `${task_id}→${inbox_url.split('cadre-inbox-')[1]}`)
    .sort();

describe('a dispatch', () => {
  it('starts tasks at the time of their claim, not before it read them', async () => {
    const stage = await stageWith({ a1: 1 }, 't1');
    const before = stage.clock.now;
    const ready: DistributorDeps['tasks']['ready'] = (...args) => {
      stage.clock.now += 500;
      return stage.deps.tasks.ready(...args);
    };
    await dispatchTasks(changed(stage, { tasks: { ready } }), hint);
    expect(Date.parse((await stage.row('t1')).started_at ?? '')).toBeGreaterThanOrEqual(before + 500);
  });

  it('starts what is due before what is critical, also when it stands behind a cut page', async () => {
    const stage = await stageWith({ a1: 1 });
    const critical = ['c1', 'c2', 'c3'].map((task_id) => task({ task_id, priority: 'critical' }));
    const deadline = new Date(stage.clock.now + 5_000).toISOString();
    await stage.accept(...critical, task({ task_id: 'low', priority: 'low', deadline }));
    stage.clock.now += 5_000;
    await stage.join('a1', { capacity: 1 });
    await stage.dispatch('*');
    expect(assigned(stage)).toEqual(['low→a1']);
  });

  it('reserves the slot, claims the task and sends it with its payload and fencing token', async () => {
    const stage = await stageWith({ a1: 1 }, 't1');
    expect(await stage.dispatch('*')).toEqual({ assigned: 1, waiting: [] });
    expect(Object.keys((await stage.agent('a1')).holds)).toEqual(['t1#1']);
    expect(await stage.row('t1')).toMatchObject({
      status: 'Processing',
      attempt: 1,
      assigned_agent: 'a1',
      principal: 'principal-a1',
      distribution: { agent_id: 'a1', routing_rule: 'least_loaded' },
    });
    expect(stage.told.sent).toMatchObject([
      { message: { kind: 'assign', task_id: 't1', attempt: 1, payload: { n: 1 } } },
    ]);
  });

  it('reads a payload that is too large for the index from the row, and passes references on', async () => {
    const stage = await stageWith({ a1: 2 });
    await stage.accept(
      task({ task_id: 'mid', payload: 'm'.repeat(1_000) }),
      task({ task_id: 'big', payload: 'b'.repeat(70_000) }),
    );
    await stage.dispatch('*');
    const messages = new Map(stage.told.leases().map((lease) => [lease.task_id, lease]));
    expect(messages.get('mid')).toMatchObject({ payload: 'm'.repeat(1_000) });
    expect(messages.get('big')).toMatchObject({ payload_ref: { bytes: 70_002 } });
    expect(messages.get('big')).not.toHaveProperty('payload');
  });

  it('leaves what does not fit waiting, and marks the full agents', async () => {
    const stage = await stageWith({ a1: 1, a2: 1 }, 't1', 't2', 't3');
    expect(await stage.dispatch('*')).toEqual({ assigned: 2, waiting: ['*'] });
    expect((await stage.agent('a1')).wanted).toEqual(['*']);
    expect((await stage.agent('a2')).wanted).toEqual(['*']);
  });

  it('looks at routes that a free agent wants although nobody hinted, and takes the mark back when nothing waits', async () => {
    const stage = await stageWith({ a1: 1 }, 't1', 't2');
    await stage.dispatch('*');
    await stage.deps.agents.release('default', 'a1', ['t1#1']);
    expect(await stage.dispatch()).toMatchObject({ assigned: 1 });
    await stage.deps.agents.release('default', 'a1', ['t2#1']);
    await stage.dispatch();
    expect((await stage.agent('a1')).wanted).toEqual([]);
  });

  it('arms the pulse once, even when it found nothing, since the index may lag behind its hint', async () => {
    const stage = await stageWith({ a1: 1 });
    await stage.dispatch('*');
    await stage.dispatch('*');
    expect(stage.told.ticks).toEqual([Array.from({ length: pulseTicksMax }, (_, at) => 3 * (at + 1))]);
  });

  it('sends the pulse only ticks behind those that are on their way, once half of them are left', async () => {
    const stage = await stageWith({ a1: 1 });
    const now = stage.deps.sources.now();
    await stage.deps.agents.arm('default', now + (pulseTicksMin + 1) * pulseIntervalMs);
    await stage.dispatch('*');
    expect(stage.told.ticks).toEqual([]);
    await stage.deps.agents.arm('default', now + pulseTicksMin * pulseIntervalMs - 500);
    await stage.dispatch('*');
    expect(stage.told.ticks).toEqual([[14, 17, 20, 23]]);
    expect((await stage.deps.agents.pool('default')).armed_until).toBe(now + pulseTicksMax * pulseIntervalMs - 500);
  });

  it('hands out more than one round holds', async () => {
    const stage = await stageWith({ a1: 150 }, ...Array.from({ length: 130 }, (_, at) => `t${at}`));
    expect(await stage.dispatch('*')).toEqual({ assigned: 130, waiting: [] });
    expect(Object.keys((await stage.agent('a1')).holds)).toHaveLength(130);
  });
});

describe('two dispatchers', () => {
  it('at once hand out each task once', async () => {
    const stage = await stageWith({ a1: 2, a2: 2 }, 't1', 't2', 't3', 't4', 't5');
    await Promise.all([stage.dispatch('*'), stage.dispatch('*'), stage.dispatch('*')]);
    const holds = [...Object.keys((await stage.agent('a1')).holds), ...Object.keys((await stage.agent('a2')).holds)];
    expect(holds.sort()).toEqual(['t1#1', 't2#1', 't3#1', 't4#1']);
    expect(new Set(assigned(stage)).size).toBe(4);
  });

  it('that picked different agents: the one that lost the claim frees its slot', async () => {
    const stage = await stageWith({ a1: 1, a2: 1 }, 't1');
    const slow = changed(stage, {
      tasks: {
        change: async (changes) => {
          // Meanwhile another dispatcher gave the task to a2, which a slow one does not see.
          const [mine] = changes;
          if (mine?.patch.assigned_agent === 'a1') {
            await stage.deps.agents.reserve('default', 'a2', { 't1#1': { at: 0, until: 1 } }, 0);
            await stage.deps.tasks.change([
              { ...mine, patch: { ...mine.patch, assigned_agent: 'a2', principal: 'principal-a2' } },
            ]);
          }
          return stage.deps.tasks.change(changes);
        },
      },
    });
    expect(await dispatchTasks(slow, hint)).toMatchObject({ assigned: 0 });
    expect((await stage.agent('a1')).holds).toEqual({});
    expect(Object.keys((await stage.agent('a2')).holds)).toEqual(['t1#1']);
    expect(stage.told.sent).toEqual([]);
  });

  it('a claim repeated after a lost answer is recognised as its own and sent', async () => {
    const stage = await stageWith({ a1: 1 }, 't1');
    const twice = changed(stage, {
      tasks: {
        change: async (changes) => {
          await stage.deps.tasks.change(changes);
          return stage.deps.tasks.change(changes);
        },
      },
    });
    expect(await dispatchTasks(twice, hint)).toMatchObject({ assigned: 1 });
    expect(Object.keys((await stage.agent('a1')).holds)).toEqual(['t1#1']);
    expect(assigned(stage)).toEqual(['t1→a1']);
  });
});

describe('a reservation that is refused', () => {
  it('claims nothing, and the same tasks are tried again in their order', async () => {
    const stage = await stageWith({ a1: 2 }, 't1', 't2', 't3');
    let refusals = 1;
    const racing = changed(stage, {
      agents: {
        reserve: async (...args) => {
          if (refusals-- > 0) {
            await stage.deps.agents.reserve('default', 'a1', { 'other#1': { at: 0, until: 1 } }, 1);
            return false;
          }
          return stage.deps.agents.reserve(...args);
        },
      },
    });
    expect(await dispatchTasks(racing, hint)).toEqual({ assigned: 1, waiting: ['*'] });
    expect(assigned(stage)).toEqual(['t1→a1']);
    expect((await stage.agent('a1')).wanted).toEqual(['*']);
  });

  it('for ever ends with the round limit and a hint for a fresh invocation', async () => {
    const stage = await stageWith({ a1: 1 }, 't1');
    let rounds = 0;
    const unlucky = changed(stage, {
      agents: {
        reserve: async () => {
          rounds += 1;
          return false;
        },
      },
    });
    await dispatchTasks(unlucky, hint);
    expect(rounds).toBe(dispatchRoundsMax);
    expect(stage.told.hints).toEqual([hint]);
    expect(await stage.row('t1')).toMatchObject({ status: 'Queued', attempt: 0 });
  });
});

describe('a mark that is refused because a slot came free', () => {
  it('leads to another round, which fills the slot', async () => {
    const stage = await stageWith({ a1: 1 }, 't1', 't2');
    await stage.dispatch('*');
    await stage.deps.agents.unwant('default', 'a1', ['*']);
    let freed = false;
    const racing = changed(stage, {
      agents: {
        want: async (...args) => {
          if (!freed) await stage.deps.agents.release('default', 'a1', ['t1#1']);
          freed = true;
          return stage.deps.agents.want(...args);
        },
      },
    });
    expect(await dispatchTasks(racing, hint)).toMatchObject({ assigned: 1, waiting: [] });
    expect(Object.keys((await stage.agent('a1')).holds)).toEqual(['t2#1']);
  });
});

describe('a slot that comes free while a round still hands out', () => {
  it('leads to a dispatch, since the agent was marked before', async () => {
    const stage = await stageWith({ a1: 1 }, 't1', 't2');
    const results = [{ task_id: 't1', attempt: 1, outcome: 'completed' as const }];
    const report = { pool: 'default', agent_id: 'a1', principal: 'principal-a1', results };
    const messenger: DistributorDeps['messenger'] = {
      ...stage.deps.messenger,
      send: async (messages) => {
        if (messages.length > 0) await applyResults(stage.deps, [report]);
      },
    };
    expect(await dispatchTasks({ ...stage.deps, messenger }, hint)).toEqual({ assigned: 1, waiting: ['*'] });
    expect(stage.told.hints).toEqual([hint]);
  });
});
