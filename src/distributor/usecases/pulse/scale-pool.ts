import type { PoolRows } from '../../../contracts/rows.ts';
import type { Demand } from '../../core/agents/demand.ts';
import { desiredAgents, heldDesire } from '../../core/agents/desired-agents.ts';
import { isAvailable } from '../../core/agents/open-slots.ts';
import type { DistributorDeps } from '../../ports.ts';

/** How many agents a pool has and needs. */
export interface Scale {
  readonly available: number;
  readonly desired: number;
}

/** Says how many agents a pool needs, as an event when that has changed; of several pulses that see the same change one tells it. */
export async function scalePool(deps: DistributorDeps, pool: PoolRows, demand: Demand): Promise<Scale> {
  const now = deps.sources.now();
  const available = pool.agents.filter((agent) => isAvailable(agent, now)).length;
  const needed = desiredAgents(pool.agents, demand, now);
  const before = pool.desired_agents ?? 0;
  const { agents: desired, fewer } = heldDesire(pool, needed, now);
  const isNoted = desired === before && fewer?.since === pool.fewer?.since && fewer?.most === pool.fewer?.most;
  if (isNoted) return { available, desired };
  const isFirst = await deps.agents.desire(pool, { agents: desired, fewer });
  if (isFirst && desired !== before) {
    const data = { pool: pool.pool, desired, available };
    const causes = { correlation_id: pool.pool, causation_id: pool.pool };
    await deps.messenger.announce([{ type: 'ScaleDesired', data, ...causes }]);
  }
  return { available, desired };
}
