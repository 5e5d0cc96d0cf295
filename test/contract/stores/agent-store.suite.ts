import { describe, expect, it } from '@jest/globals';
import type { AgentRow } from '../../../src/contracts/rows.ts';
import type { AgentStore } from '../../../src/distributor/ports.ts';
import { iso, route, startMs } from '../../unit/distributor/rows.ts';
import { agentIn, type BackendOf, unique } from './backend.ts';
import { poolRowSuite } from './pool-row.suite.ts';

const holds = (...keys: string[]) => Object.fromEntries(keys.map((key) => [key, { at: 1, until: 2 }]));

/** What every AgentStore promises, of a pool whose agents stand together and of one that is spread. */
export function agentStoreSuite(backend: BackendOf): void {
  agentsIn('an agent store', backend, async () => unique('p'));
  agentsIn('an agent store with a spread pool', backend, async (store) => {
    const pool = unique('p');
    await store.spread(pool);
    return pool;
  });
  poolRowSuite(backend);
}

function agentsIn(name: string, backend: BackendOf, makePool: (store: AgentStore) => Promise<string>): void {
  const store = () => backend().adapters.agents;
  const registered = async (over: Partial<AgentRow> = {}): Promise<AgentRow> => {
    const row = agentIn(await makePool(store()), { capacity: 2, ...over });
    await store().register(row);
    return row;
  };
  const now = async ({ pool, agent_id }: AgentRow): Promise<AgentRow> => (await store().get(pool, agent_id))!;

  describe(name, () => {
    it('gives back the agent that was registered', async () => {
      const row = await registered({ capabilities: ['x', 'y'] });
      expect(await now(row)).toEqual(row);
      expect(await store().get(row.pool, 'ghost')).toBeUndefined();
    });

    it('refuses an id that belongs to another principal', async () => {
      const row = await registered();
      expect(await store().register({ ...row, principal: 'other', capacity: 9 })).toMatchObject({
        ok: false,
        error: { code: 'agent-conflict' },
      });
      expect(await now(row)).toEqual(row);
    });

    it('renews an agent for its own principal and keeps holds and record', async () => {
      const row = await registered();
      await store().reserve(row.pool, 'a1', holds('t1#1', 't2#1'), 0);
      await store().release(row.pool, 'a1', ['t2#1'], {
        at: iso(startMs),
        lease_until: iso(startMs),
        completed: 3,
        failed: 1,
        worked_ms: 50,
        figures: {},
      });
      await store().want(row.pool, 'a1', ['r'], 1);
      expect(await store().register({ ...row, capacity: 5 })).toMatchObject({ ok: true });
      expect(await now(row)).toEqual({
        ...row,
        capacity: 5,
        holds: holds('t1#1'),
        completed: 3,
        failed: 1,
        wanted: ['r'],
      });
    });

    it('reserves slots only where the room is left', async () => {
      const row = await registered();
      expect(await store().reserve(row.pool, 'a1', holds('t1#1'), 1)).toBe(true);
      expect(await store().reserve(row.pool, 'a1', holds('t2#1', 't3#1'), 0)).toBe(false);
      expect(await store().reserve(row.pool, 'a1', holds('t2#1'), 1)).toBe(true);
      expect(await store().reserve(row.pool, 'a1', holds('t3#1'), 1)).toBe(false);
      expect((await now(row)).holds).toEqual(holds('t1#1', 't2#1'));
    });

    it('reserves nothing for who read the agent before it registered with fewer slots', async () => {
      const row = await registered({ capacity: 3 });
      await store().register({ ...row, capacity: 1 });
      expect(await store().reserve(row.pool, 'a1', holds('t1#1', 't2#1'), 1)).toBe(false);
      expect(await store().reserve(row.pool, 'a1', holds('t1#1'), 0)).toBe(true);
    });

    it('takes a reservation that is repeated after a lost answer for what it is', async () => {
      const row = await registered();
      await store().reserve(row.pool, 'a1', holds('t1#1', 't2#1'), 0);
      expect(await store().reserve(row.pool, 'a1', holds('t1#1', 't2#1'), 0)).toBe(true);
      expect(await store().reserve(row.pool, 'a1', holds('t1#1', 't3#1'), 0)).toBe(false);
    });

    it('reserves slots for batches only when none was reserved since the agent was read', async () => {
      const { pool } = await registered({ batch: { tasks_max: 3 } });
      const next = (key: string, was: number | undefined) =>
        store().reserve(pool, 'a1', holds(key), 3, { batches: { was, is: (was ?? 0) + 1, slots: 2 } });
      expect(await next('t1#1', undefined)).toBe(true);
      await store().release(pool, 'a1', ['t1#1']);
      expect([await next('t2#1', undefined), await next('t2#1', 1)]).toEqual([false, true]);
    });

    it('reserves nothing with an agent that leaves or is gone', async () => {
      const row = await registered();
      await store().drain(row.pool, 'a1');
      expect(await store().reserve(row.pool, 'a1', holds('t1#1'), 1)).toBe(false);
      expect(await store().reserve(row.pool, 'ghost', holds('t1#1'), 1)).toBe(false);
      await store().drain(row.pool, 'ghost');
      expect(await store().get(row.pool, 'ghost')).toBeUndefined();
    });

    it('reserves nothing with an agent that was stopped, until it is revived, however often it registers', async () => {
      const row = await registered();
      const stop = { how: 'killed' as const, at: iso(startMs), by: 'operator', reason: 'misbehaves' };
      await store().reserve(row.pool, 'a1', holds('t1#1'), 1);
      expect(await store().stop(row.pool, 'a1', stop)).toMatchObject({ stopped: stop, holds: holds('t1#1') });
      await store().register(row);
      expect(await store().reserve(row.pool, 'a1', holds('t2#1'), 1)).toBe(false);
      expect(await store().stop(row.pool, 'a1', { ...stop, how: 'drained' })).toMatchObject({ stopped: stop });
      expect(await store().revive(row.pool, 'a1')).not.toHaveProperty('stopped');
      expect(await store().reserve(row.pool, 'a1', holds('t2#1'), 1)).toBe(true);
      expect(await store().stop(row.pool, 'ghost', stop)).toBeUndefined();
      expect(await store().revive(row.pool, 'ghost')).toBeUndefined();
      expect(await store().get(row.pool, 'ghost')).toBeUndefined();
    });

    it('never gives away more slots than there are, however many ask at once', async () => {
      const row = await registered();
      const asked = Array.from({ length: 10 }, (_, at) => store().reserve(row.pool, 'a1', holds(`t${at}#1`), 1));
      expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(2);
      expect(Object.keys((await now(row)).holds)).toHaveLength(2);
    });

    it('takes and frees as many slots at once as an agent may have', async () => {
      const keys = Array.from({ length: 100 }, (_, at) => `a-task-with-a-name-${at}#1`);
      const row = await registered({ capacity: 200 });
      expect(await store().reserve(row.pool, 'a1', holds(...keys), 100)).toBe(true);
      expect((await store().release(row.pool, 'a1', [...keys, ...keys]))?.holds).toEqual(holds(...keys));
      expect((await now(row)).holds).toEqual({});
    });

    it('releases slots and answers what was in them and who waits for them; a repeat is harmless', async () => {
      const row = await registered();
      await store().reserve(row.pool, 'a1', holds('t1#1', 't2#1'), 0);
      await store().want(row.pool, 'a1', ['r1', 'r2'], 2);
      expect(await store().release(row.pool, 'a1', ['t1#1'])).toMatchObject({
        holds: holds('t1#1', 't2#1'),
        wanted: ['r1', 'r2'],
      });
      expect(await store().release(row.pool, 'a1', ['t1#1'])).toMatchObject({
        holds: holds('t2#1'),
        wanted: ['r1', 'r2'],
        last_heartbeat: row.last_heartbeat,
      });
      expect(await store().release(row.pool, 'ghost', ['t1#1'])).toBeUndefined();
    });

    it('counts a release as a sign of life when it is one', async () => {
      const row = await registered();
      const at = iso(startMs + 5_000);
      await store().release(row.pool, 'a1', ['t1#1'], {
        at,
        lease_until: iso(startMs + 9_000),
        completed: 1,
        failed: 2,
        worked_ms: 40,
        figures: {},
      });
      expect(await now(row)).toMatchObject({
        last_heartbeat: at,
        lease_until: iso(startMs + 9_000),
        completed: 1,
        failed: 2,
        worked_ms: 40,
      });
    });

    it('adds up figures, rows of failures and warm-ups with the release', async () => {
      const row = await registered({ warm_up: true });
      const heard = { at: iso(startMs), lease_until: iso(startMs) };
      const figures = (completed: number, failed: number) => ({
        'a:type': {
          completed,
          failed,
          log: 7_000 * completed,
          log_squared: 49_000 * completed,
          micro_usd: 0,
          tokens: 0,
        },
      });
      const end = async (completed: number, failed: number) => {
        const added = { completed, failed, worked_ms: 7, figures: figures(completed, failed) };
        await store().release(row.pool, 'a1', ['t#1'], { ...heard, ...added });
        return now(row);
      };
      expect(await end(0, 2)).toMatchObject({ failed: 2, failed_in_a_row: 2, figures: figures(0, 2) });
      expect(await end(0, 1)).toMatchObject({ failed: 3, failed_in_a_row: 3 });
      const mended = await end(2, 1);
      expect(mended).toMatchObject({ completed_since: 2, worked_ms: 21, figures: figures(2, 4) });
      expect(mended).not.toHaveProperty('failed_in_a_row');
      await store().register({ ...row, warm_up: undefined });
      const again = await now(row);
      expect(again).toMatchObject({ completed: 2, failed: 4, figures: figures(2, 4) });
      for (const gone of ['warm_up', 'completed_since', 'worked_ms']) expect(again).not.toHaveProperty(gone);
    });

    it('halves figures once, keeps what was added meanwhile, and forgets types', async () => {
      const row = await registered();
      const one = { completed: 5, failed: 3, log: 11, log_squared: 20, micro_usd: 9, tokens: 9 };
      const heard = { at: iso(startMs), lease_until: iso(startMs), completed: 0, failed: 0, worked_ms: 0 };
      const add = (figures: Record<string, typeof one>) =>
        store().release(row.pool, 'a1', ['t#1'], { ...heard, figures });
      await add({ old: one, busy: one });
      const aging = { halve: { busy: one }, forget: ['old'] };
      await add({ busy: { ...one, completed: 1 } });
      await store().age(row.pool, 'a1', aging);
      const halved = { completed: 4, failed: 5, log: 17, log_squared: 30, micro_usd: 14, tokens: 14 };
      expect((await now(row)).figures).toEqual({ busy: halved });
      await store().age(row.pool, 'a1', aging);
      expect((await now(row)).figures).toEqual({ busy: halved });
      await store().age(row.pool, 'ghost', aging);
      expect(await store().get(row.pool, 'ghost')).toBeUndefined();
    });

    it('marks a route as waiting only while the agent is still as full', async () => {
      const row = await registered();
      expect(await store().want(row.pool, 'a1', ['r'], 1)).toBe(false);
      await store().reserve(row.pool, 'a1', holds('t1#1'), 1);
      expect(await store().want(row.pool, 'a1', ['r'], 1)).toBe(true);
      expect(await store().want(row.pool, 'a1', ['s'], 2)).toBe(false);
      expect((await now(row)).wanted).toEqual(['r']);
      expect(await store().want(row.pool, 'ghost', ['r'], 0)).toBe(false);
    });

    it('notes on a hold that it was asked to make way, unless it is gone', async () => {
      const agent = await registered();
      await store().reserve(agent.pool, agent.agent_id, { 't1#1': { at: 1, until: 2, order: '3#x' } }, 1);
      expect(await store().preempt(agent.pool, agent.agent_id, 't1#1', 7)).toBe(true);
      expect(await store().preempt(agent.pool, agent.agent_id, 't2#1', 7)).toBe(false);
      const { holds } = (await store().get(agent.pool, agent.agent_id))!;
      expect(holds).toEqual({ 't1#1': { at: 1, until: 2, order: '3#x', preempted_at: 7 } });
    });

    it('takes marks back, one of several or all', async () => {
      const row = await registered();
      await store().want(row.pool, 'a1', ['r', 's'], 0);
      await store().unwant(row.pool, 'a1', ['r']);
      expect((await now(row)).wanted).toEqual(['s']);
      await store().unwant(row.pool, 'a1', ['s', 'never']);
      expect((await now(row)).wanted).toEqual([]);
    });

    it('takes heartbeats of the right principal in their order, each for itself', async () => {
      const row = await registered();
      const beat = (ms: number, holding: string[], principal = row.principal, agent_id = 'a1') => ({
        beat: { pool: row.pool, agent_id, holding, interval_ms: 3_000 },
        principal,
        at: iso(startMs + ms),
        lease_until: iso(startMs + ms + 7_500),
      });
      expect(await store().heartbeat([beat(2_000, ['t1#1'])])).toEqual([true]);
      expect(
        await store().heartbeat([beat(1_000, []), beat(3_000, [], 'forger'), beat(3_000, [], 'p', 'ghost')]),
      ).toEqual([false, false, false]);
      expect(await now(row)).toMatchObject({
        reported: ['t1#1'],
        last_heartbeat: iso(startMs + 2_000),
        lease_until: iso(startMs + 9_500),
      });
      expect(await store().heartbeat([beat(2_000, [])])).toEqual([true]);
      expect((await now(row)).reported).toEqual([]);
    });

    it('takes several heartbeats of one agent at once, the later in the list after the earlier', async () => {
      const row = await registered();
      const beat = (ms: number, holding: string[]) => ({
        beat: { pool: row.pool, agent_id: 'a1', holding, interval_ms: 3_000 },
        principal: row.principal,
        at: iso(startMs + ms),
        lease_until: iso(startMs + ms + 7_500),
      });
      expect(
        await store().heartbeat([beat(1_000, ['t1#1']), beat(2_000, ['t2#1']), beat(1_500, []), beat(2_500, ['t3#1'])]),
      ).toEqual([true, true, false, true]);
      expect(await now(row)).toMatchObject({ reported: ['t3#1'], last_heartbeat: iso(startMs + 2_500) });
    });

    it('suspects an agent unless it has been heard of since', async () => {
      const row = await registered();
      await store().suspect(row.pool, 'a1', iso(startMs - 1), iso(startMs));
      expect((await now(row)).lease_until).toBe(row.lease_until);
      await store().suspect(row.pool, 'a1', row.last_heartbeat, iso(startMs));
      expect((await now(row)).lease_until).toBe(iso(startMs));
    });

    it('removes an agent with empty hands only; to remove it again is no fault', async () => {
      const row = await registered();
      await store().reserve(row.pool, 'a1', holds('t1#1'), 1);
      expect(await store().remove(row.pool, 'a1')).toBe(false);
      await store().release(row.pool, 'a1', ['t1#1']);
      expect(await store().remove(row.pool, 'a1')).toBe(true);
      expect(await store().remove(row.pool, 'a1')).toBe(true);
      expect(await store().get(row.pool, 'a1')).toBeUndefined();
    });

    it('reads a pool with its agents, routes and armed time, and nothing of other pools', async () => {
      const row = await registered();
      const rows = [route(['x']), route([], 'a1', 'a2'), route(['x'])].map((each) => ({ ...each, pool: row.pool }));
      await store().addRoutes(rows);
      await store().addRoutes(rows.slice(0, 1));
      await store().arm(row.pool, 42);
      const pool = await store().pool(row.pool);
      expect(pool).toMatchObject({ pool: row.pool, armed_until: 42, agents: [row] });
      expect(pool.routes.map((each) => each.route).sort()).toEqual(['*@a1,a2', 'x']);
      expect(pool.routes.find((each) => each.route === 'x')).toEqual(rows[0]);
      expect(await store().pool(unique('empty'))).toMatchObject({ armed_until: 0, agents: [], routes: [] });
    });
  });
}
