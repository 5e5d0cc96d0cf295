import { describe, expect, it } from '@jest/globals';
import { agentKey } from '../../../src/platform/aws/keys.ts';
import { iso, startMs } from '../../unit/distributor/rows.ts';
import { agentIn, type BackendOf, unique } from './backend.ts';

const holds = (key: string) => ({ [key]: { at: 1, until: 2 } });

/** What every AgentStore promises of the pool's own row, and while a pool grows large: agents are found wherever they stand. */
export function poolRowSuite(backend: BackendOf): void {
  const store = () => backend().adapters.agents;
  const idsIn = async (pk: string) =>
    (await backend().partition(pk)).flatMap(({ sk }) => (String(sk).startsWith('AGENT#') ? [String(sk).slice(6)] : []));

  describe('the row of a pool', () => {
    it('notes how many agents a pool needs for the first of two who see the same; arming leaves it', async () => {
      const pool = unique('p');
      const fewer = { since: 7, most: 1 };
      expect(await store().desire({ pool }, { agents: 3 })).toBe(true);
      expect(await store().desire({ pool }, { agents: 4 })).toBe(false);
      expect(await store().desire({ pool, desired_agents: 2 }, { agents: 4 })).toBe(false);
      expect(await store().desire({ pool, desired_agents: 3 }, { agents: 3, fewer })).toBe(true);
      expect(await store().pool(pool)).toMatchObject({ desired_agents: 3, fewer });
      expect(await store().desire({ pool, desired_agents: 3 }, { agents: 1 })).toBe(false);
      expect(await store().desire({ pool, desired_agents: 3, fewer: { since: 8, most: 1 } }, { agents: 1 })).toBe(
        false,
      );
      expect(await store().desire({ pool, desired_agents: 3, fewer }, { agents: 4 })).toBe(true);
      await store().arm(pool, 42);
      expect(await store().pool(pool)).toMatchObject({ armed_until: 42, desired_agents: 4 });
      expect(await store().pool(pool)).not.toHaveProperty('fewer');
    });

    it('lets one of two rounds through that saw the same one before, and knows its own again', async () => {
      const pool = unique('p');
      await store().register(agentIn(pool));
      const starts = { 'rate:api': { period_ms: 1_000, slices: [[7, 2]] as const } };
      expect(await store().pool(pool)).not.toHaveProperty('gate');
      expect(await store().pass(pool, { id: 'r1', was: undefined, starts })).toBe(true);
      expect(await store().pass(pool, { id: 'r2', was: undefined, starts: {} })).toBe(false);
      expect(await store().pass(pool, { id: 'r1', was: undefined, starts })).toBe(true);
      expect(await store().pool(pool)).toMatchObject({ gate: 'r1', starts });
      const served = { '2': { now: 1.5, next: { acme: 1.5 + 1 / 3 } } };
      expect(await store().pass(pool, { id: 'r2', was: 'r1', starts: {}, served })).toBe(true);
      expect(await store().pool(pool)).toMatchObject({ gate: 'r2', starts: {}, served });
    });
  });

  describe('a pool that is spread while it is in use', () => {
    it('keeps the agents that it has where they are, and shows all in one order', async () => {
      const pool = unique('p');
      const together = agentIn(pool, { agent_id: 'm' });
      await store().register(together);
      await store().spread(pool);
      const apart = ['z', 'b', 'k'].map((agent_id) => agentIn(pool, { agent_id }));
      for (const row of apart) await store().register(row);
      await store().register({ ...together, capacity: 9 });
      expect(await idsIn(agentKey(pool, 'm').pk)).toEqual(['m']);
      expect((await store().pool(pool)).agents.map(({ agent_id }) => agent_id)).toEqual(['b', 'k', 'm', 'z']);
      expect(await store().get(pool, 'm')).toMatchObject({ capacity: 9 });
      expect(await store().get(pool, 'z')).toEqual(apart[0]);
    });

    it('takes an agent that comes anew elsewhere, and nobody misses it', async () => {
      const pool = unique('p');
      const row = agentIn(pool, { capacity: 2 });
      await store().register(row);
      await store().spread(pool);
      expect(await store().remove(pool, 'a1')).toBe(true);
      await store().register(row);
      expect(await idsIn(agentKey(pool, 'a1').pk)).toEqual([]);
      const beat = { pool, agent_id: 'a1', holding: [], interval_ms: 1 };
      const at = iso(startMs + 1);
      expect(await store().heartbeat([{ beat, principal: row.principal, at, lease_until: at }])).toEqual([true]);
      expect(await store().reserve(pool, 'a1', holds('t1#1'), 1)).toBe(true);
      expect((await store().pool(pool)).agents).toMatchObject([{ agent_id: 'a1', holds: holds('t1#1') }]);
      expect(await store().remove(pool, 'a1')).toBe(false);
    });
  });
}
