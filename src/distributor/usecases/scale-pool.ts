import type { PoolRows, ReadyTask } from '../../contracts/rows.ts';
import { desiredAgents } from '../core/desired-agents.ts';
import { isAvailable } from '../core/route.ts';
import type { DistributorDeps } from '../ports.ts';

/** How many agents a pool has and needs. */
export interface Scale {
  readonly available: number;
  readonly desired: number;
}

/** Says how many agents a pool needs, as an event when that has changed; of several pulses that see the same change one tells it. */
export async function scalePool(
  deps: DistributorDeps,
  pool: PoolRows,
  backlog: { readonly waiting: readonly ReadyTask[]; readonly isCut: boolean },
): Promise<Scale> {
  const now = deps.sources.now();
  const available = pool.agents.filter((agent) => isAvailable(agent, now)).length;
  const desired = desiredAgents(pool.agents, backlog, now);
  if (desired === (pool.desired_agents ?? 0)) return { available, desired };
  if (await deps.agents.desire(pool.pool, desired, pool.desired_agents)) {
    const data = { pool: pool.pool, desired, available };
    const causes = { correlation_id: pool.pool, causation_id: pool.pool };
    await deps.messenger.announce([{ type: 'ScaleDesired', data, ...causes }]);
  }
  return { available, desired };
}
