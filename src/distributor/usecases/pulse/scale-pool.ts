import { desiredHoldMs } from '../../../contracts/limits.ts';
import type { PoolRows, ReadyTask } from '../../../contracts/rows.ts';
import { desiredAgents } from '../../core/agents/desired-agents.ts';
import { isAvailable } from '../../core/agents/open-slots.ts';
import type { DistributorDeps } from '../../ports.ts';

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
  const needed = desiredAgents(pool.agents, backlog, now);
  const before = pool.desired_agents ?? 0;
  // More at once, fewer after a while: a pause between two tasks is no reason to let agents go.
  const desired = needed < before && now - (pool.desired_at ?? 0) < desiredHoldMs ? before : needed;
  if (desired === before) return { available, desired };
  if (await deps.agents.desire(pool.pool, { agents: desired, at: now }, pool.desired_agents)) {
    const data = { pool: pool.pool, desired, available };
    const causes = { correlation_id: pool.pool, causation_id: pool.pool };
    await deps.messenger.announce([{ type: 'ScaleDesired', data, ...causes }]);
  }
  return { available, desired };
}
