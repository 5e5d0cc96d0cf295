import type { PoolRows } from '../../../contracts/rows.ts';
import type { Grant } from '../../core/dispatch/assignment.ts';
import { giveUpChange, runOf } from '../../core/tasks/claim.ts';
import type { DispatchPlan } from '../../core/dispatch/round.ts';
import { holdKey } from '../../core/agents/hold.ts';
import { isUseless } from '../../core/tasks/runs.ts';
import { tickDelays } from '../../core/tasks/timers.ts';
import type { DistributorDeps } from '../../ports.ts';

/** A pool as a round has read it, as far as its gate goes. */
export type Gated = Pick<PoolRows, 'pool' | 'gate' | 'served'>;

/** Frees the slots of what was reserved and must not be claimed. First the fence moves on: another round may have reserved the same slot for the same attempt. */
async function giveUp(
  deps: Pick<DistributorDeps, 'tasks' | 'agents' | 'messenger' | 'sources'>,
  pool: string,
  reserved: readonly Grant[],
): Promise<void> {
  const fenced = await deps.tasks.change(reserved.map((each) => giveUpChange(pool, each)));
  const useless = reserved.filter((each, index) => {
    const result = fenced[index];
    return result === undefined || result.applied || isUseless(result.current, runOf(each));
  });
  await Promise.all(
    [...Map.groupBy(useless, ({ agent }) => agent.agent_id)].map(([agent_id, list]) =>
      deps.agents.release(
        pool,
        agent_id,
        list.map(({ task, attempt }) => holdKey(task.task_id, attempt)),
      ),
    ),
  );
}

/**
 * Answers with what may be claimed: everything, where nothing is under a limit. Else this round's reservations must be all that joined those it counted: a round
 * that was let through since the pool was read may have made them one too many, and then those under limits are given up.
 */
export async function passGate(
  deps: Pick<DistributorDeps, 'tasks' | 'agents' | 'messenger' | 'sources'>,
  pool: Gated,
  reserved: readonly Grant[],
  { starts, served = pool.served, opens_at }: DispatchPlan['limits'],
): Promise<readonly Grant[]> {
  const limited = reserved.filter(({ taken }) => taken !== undefined);
  if (limited.length === 0 && served === pool.served) return reserved;
  const passed = await deps.agents.pass(pool.pool, { id: deps.sources.id(), was: pool.gate, starts, served });
  // Whose turn it is may be forgotten for once; a limit may not be passed.
  if (!passed) {
    await giveUp(deps, pool.pool, limited);
    return reserved.filter(({ taken }) => taken === undefined);
  }
  // What waits for the rate limit is woken to the second; should this be lost, the pulse comes a little later.
  if (opens_at !== undefined)
    await deps.messenger.ticks(pool.pool, tickDelays([new Date(opens_at).toISOString()], deps.sources.now()));
  return reserved;
}
