import type { PoolRows, TaskRow } from '../../../contracts/rows.ts';
import type { ChoosingContext } from '../dispatch/choose.ts';
import { routerOfPool } from '../policy/routing.ts';
import { companyUntil } from '../ready/batch.ts';
import { openFleet } from '../agents/fleet.ts';
import { openLimiter } from '../ready/limiter.ts';
import { readyOrder } from '../ready/ready-order.ts';
import { namespaceOf, routeRow } from '../ready/route.ts';
import { whyHeld } from './why-held.ts';

/** What a task is told that waits for nothing but its turn. */
export const waitsForSlot = 'waits for a free slot';

/** Why a queued task waits: nobody who may run it is there, a limit holds it back, or those who may are busy. */
export function whyQueued(
  row: TaskRow,
  pool: PoolRows,
  now: number,
  customScores?: ChoosingContext['customScores'],
): string {
  const { agents } = pool;
  if (row.not_before !== undefined) {
    return row.attempt === 0
      ? `waits until ${row.not_before} for another submission of its key`
      : `waits until ${row.not_before} to be tried again`;
  }
  const kill = pool.killed?.get(namespaceOf(row));
  if (kill !== undefined) return `is about to be cancelled: its namespace was killed (${kill.reason})`;
  const required = row.required_capabilities.join(', ');
  const offered = agents.some((agent) => row.required_capabilities.every((each) => agent.capabilities.includes(each)));
  if (!offered) return required === '' ? 'no agent is registered' : `no registered agent offers ${required}`;
  const route = routeRow(row.pool, row);
  const fleet = openFleet(agents, now);
  const candidates = fleet.candidatesOf(route).all;
  if (candidates.length === 0) return 'no agent that could run it is available';
  const block = openLimiter(pool, now).blockOf(row, route);
  if (block !== undefined) return block.reason;
  const task = { ...row, order: readyOrder(row) };
  const { policy } = pool;
  const held = whyHeld(task, route, { fleet, router: routerOfPool(policy, now), policy, now, customScores });
  if (held !== undefined) return held.because;
  const free = candidates.flatMap((each) => (each.free > 0 ? [each.agent] : []));
  const until = companyUntil(row, free, now);
  return until === undefined
    ? waitsForSlot
    : `waits for the company of a batch, until ${new Date(until).toISOString()} at the latest`;
}
