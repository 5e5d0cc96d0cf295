import { describe, expect, it } from '@jest/globals';
import type { SQSEvent } from 'aws-lambda';
import { createHandler } from '../../../../functions/dispatch-tasks/handler.ts';
import { roundShardMsMax } from '../../../../src/contracts/limits.ts';
import type { Shard } from '../../../../src/distributor/core/dispatch/shards.ts';
import { putPolicy } from '../../../../src/distributor/usecases/policies/change-policy.ts';
import { dispatchTasks } from '../../../../src/distributor/usecases/dispatch/dispatch-tasks.ts';
import { handOutShard } from '../../../../src/distributor/usecases/dispatch/hand-out-shard.ts';
import { distributorStage, task } from '../stage.ts';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const hint = { pool: 'default', routes: ['*'] };

/** A large pool of agents of one slot, in which a dispatcher hands out two tasks of a round itself, and waiting tasks of which the first are the highest. */
async function largePool({ agents, tasks }: { readonly agents: number; readonly tasks: number }) {
  const stage = distributorStage();
  for (let at = 1; at <= agents; at += 1) await stage.join(`a${at}`, { capacity: 1 });
  await stage.deps.agents.spread('default', 2);
  const ids = Array.from({ length: tasks }, (_, at) => `t${at + 1}`);
  await stage.accept(...ids.map((task_id, at) => task({ task_id, priority: at < 2 ? 'critical' : 'low' })));
  stage.forget();
  const statusOf = async () => (await Promise.all(ids.map(stage.row))).map(({ status }) => status);
  const running = async () => (await statusOf()).filter((status) => status === 'Processing').length;
  return { stage, running };
}

describe('a round of a large pool', () => {
  it('is decided at once; what is beyond the own share is given to other dispatchers, which hand it out', async () => {
    const { stage, running } = await largePool({ agents: 5, tasks: 5 });
    expect(await stage.dispatch('*')).toMatchObject({ assigned: 5 });
    const started = stage.told.leases().map(({ task_id }) => task_id);
    expect(started.sort()).toEqual(['t1', 't2']);
    expect(stage.told.shards.map(({ assignments }) => assignments.length)).toEqual([2, 1]);
    expect(await running()).toBe(2);
    for (const shard of stage.told.shards) await handOutShard(stage.deps, shard);
    expect(await running()).toBe(5);
    const inboxes = new Set(stage.told.leases().map(({ inbox_url }) => inbox_url));
    expect(inboxes.size).toBe(5);
    expect(stage.told.hints).toEqual([]);
  });

  it('counts on what others hand out: the next round of the dispatch gives away neither their tasks nor their slots', async () => {
    // Sixteen tasks are a round.
    const { stage, running } = await largePool({ agents: 20, tasks: 25 });
    await stage.dispatch('*');
    const shared = stage.told.shards.flatMap(({ assignments }) => assignments);
    const own = stage.told.leases().map(({ task_id }) => task_id);
    const all = [...own, ...shared.map(({ task: { task_id } }) => task_id)];
    expect(all).toHaveLength(20);
    expect(new Set(all).size).toBe(20);
    // Five tasks are left, and what came before them may have begun and ended unseen: it looks again until that is there.
    expect(stage.told.hints).toEqual([hint]);
    for (const shard of stage.told.shards) await handOutShard(stage.deps, shard);
    expect(await running()).toBe(20);
  });

  it('that leaves tasks waiting looks once: its agents are marked before the others hand out', async () => {
    const { stage, running } = await largePool({ agents: 5, tasks: 7 });
    let looks = 0;
    const pool: typeof stage.deps.agents.pool = (...args) => {
      looks += 1;
      return stage.deps.agents.pool(...args);
    };
    expect(await dispatchTasks({ ...stage.deps, agents: { ...stage.deps.agents, pool } }, hint)).toEqual({
      assigned: 5,
      waiting: ['*'],
    });
    expect(looks).toBe(1);
    expect(stage.told.hints).toEqual([]);
    for (const shard of stage.told.shards) await handOutShard(stage.deps, shard);
    expect(await running()).toBe(5);
    for (const { wanted } of (await stage.deps.agents.pool('default')).agents) expect(wanted).toEqual(['*']);
  });

  it('is written to an agent at once, however many slots it has', async () => {
    const stage = distributorStage();
    for (const id of ['a1', 'a2']) await stage.join(id, { capacity: 20 });
    await putPolicy(stage.deps, {
      ...{ pool: 'default', expected_version: 0, principal: 'op' },
      document: { strategy: 'round_robin' },
    });
    await stage.deps.agents.spread('default', 2);
    await stage.accept(...Array.from({ length: 12 }, (_, at) => task({ task_id: `t${at}` })));
    await stage.dispatch('*');
    const written: string[] = [];
    const reserve: typeof stage.deps.agents.reserve = async (...args) => {
      written.push(args[1]);
      return stage.deps.agents.reserve(...args);
    };
    const deps = { ...stage.deps, agents: { ...stage.deps.agents, reserve } };
    const [shard] = stage.told.shards;
    expect(await handOutShard(deps, JSON.parse(JSON.stringify(shard)) as Shard)).toBe(6);
    expect(written).toEqual(['a2']);
    expect((await stage.agent('a2')).next_turn).toBe(6);
  });

  it('is handed out by whoever decided when the others could not be told', async () => {
    const { stage, running } = await largePool({ agents: 5, tasks: 5 });
    const messenger = { ...stage.deps.messenger, share: async () => false };
    await dispatchTasks({ ...stage.deps, messenger }, hint);
    expect(await running()).toBe(5);
  });

  it('keeps together what meets limits, so that one dispatcher passes the gate with it', async () => {
    const stage = distributorStage();
    for (let at = 1; at <= 5; at += 1) await stage.join(`a${at}`, { capacity: 1 });
    await stage.deps.agents.spread('default', 1);
    const concurrency = { key: 'k', limit: 3 };
    const keyed = ['t1', 't2', 't3', 't4', 't5'].map((task_id) =>
      task({ task_id, distribution_rules: { concurrency } }),
    );
    await stage.accept(...keyed);
    const [route = ''] = stage.told.hints.flatMap(({ routes }) => routes);
    await stage.dispatch(route);
    expect(stage.told.shards).toEqual([]);
    expect(stage.told.leases()).toHaveLength(3);
  });
});

describe('a share of a round', () => {
  const shared = async () => {
    const { stage, running } = await largePool({ agents: 3, tasks: 3 });
    await stage.dispatch('*');
    const [shard] = stage.told.shards;
    stage.forget();
    return { stage, running, shard: shard! };
  };

  it('that comes too late is left to a new decision', async () => {
    const { stage, running, shard } = await shared();
    stage.clock.now += roundShardMsMax + 1;
    expect(await handOutShard(stage.deps, shard)).toBe(0);
    expect(await running()).toBe(2);
    expect(stage.told.hints).toEqual([hint]);
  });

  it('whose slot was taken meanwhile is left to a new decision, and nothing of it stays behind', async () => {
    const { stage, running, shard } = await shared();
    const [{ agent }] = shard.assignments as [(typeof shard.assignments)[0]];
    await stage.deps.agents.reserve('default', agent.agent_id, { 'other#1': { at: 0, until: 0 } }, 0);
    expect(await handOutShard(stage.deps, shard)).toBe(0);
    expect(await running()).toBe(2);
    expect(Object.keys((await stage.agent(agent.agent_id)).holds)).toEqual(['other#1']);
    expect(stage.told.hints).toEqual([hint]);
  });

  it('that comes again changes nothing', async () => {
    const { stage, shard } = await shared();
    await handOutShard(stage.deps, shard);
    const before = stage.cloud.dynamodb.items();
    await handOutShard(stage.deps, shard);
    expect(stage.cloud.dynamodb.items()).toEqual(before);
    expect(stage.told.hints).toEqual([]);
  });

  it('comes over the queue of the hints, which it does not hold up', async () => {
    const { stage, running, shard } = await shared();
    await stage.join('a4', { capacity: 1 });
    await stage.accept(task({ task_id: 't4' }));
    const Records = [JSON.stringify(shard), JSON.stringify(hint), '{"pool":"default","decided_at":1}'].map(
      (body, at) => ({
        ...{ messageId: `m${at}`, receiptHandle: `r${at}`, attributes: { ApproximateReceiveCount: '1' } },
        body,
      }),
    );
    const answer = await createHandler(stage.deps, silent)({ Records } as unknown as SQSEvent);
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(await running()).toBe(3);
    expect((await stage.row('t4')).status).toBe('Processing');
    // What is neither is refused, with its reason.
    expect(stage.told.events.map(({ type }) => type)).toContain('TaskRefused');
  });
});
