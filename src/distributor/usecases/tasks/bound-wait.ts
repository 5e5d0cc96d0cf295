import { boundedBacklogMax } from '../../../contracts/limits.ts';
import type { PoolRows, TaskRow } from '../../../contracts/rows.ts';
import { priorities } from '../../../contracts/distributor/task.ts';
import { openFleet } from '../../core/agents/fleet.ts';
import { startsBy } from '../../core/ready/longest-wait.ts';
import { dueOf } from '../../core/ready/ready-order.ts';
import { openReservations } from '../../core/ready/reservations.ts';
import { routeRow } from '../../core/ready/route.ts';
import type { DistributorDeps } from '../../ports.ts';

/** When a waiting task is due, and when it starts at the latest as things stand. */
export interface BoundedWait {
  readonly due_at: string;
  /** Absent when no agent could run it, when reservations may keep all slots from it, or when more than `boundedBacklogMax` tasks of one level stand before it. */
  readonly starts_by?: string;
}

/** Computes the bound of a waiting task from the backlog that is due before it. For people who look: it reads that backlog. */
export async function boundWait(
  deps: Pick<DistributorDeps, 'tasks' | 'sources'>,
  row: TaskRow,
  pool: PoolRows,
): Promise<BoundedWait> {
  const due_at = dueOf(row);
  const now = deps.sources.now();
  const fleet = openFleet(pool.agents, now);
  const own = routeRow(row.pool, row);
  const candidates = fleet.candidatesOf(own).all;
  const mine = new Set(candidates.map(({ agent }) => agent));
  const rivals = pool.routes.filter((route) => fleet.candidatesOf(route).all.some(({ agent }) => mine.has(agent)));
  const pages = await Promise.all(
    rivals.flatMap((route) => priorities.map((_, level) => deps.tasks.due(route, level, due_at, boundedBacklogMax))),
  );
  if (pages.some((page) => page.length >= boundedBacklogMax)) return { due_at };
  const before = pages.flat().filter(({ task_id }) => task_id !== row.task_id);
  const reservations = openReservations(pool, fleet);
  const kept = reservations?.keptFrom(reservations.of(row, own)) ?? 0;
  const starts_by = startsBy({ due: due_at, timeout_ms: row.timeout_ms, before, candidates, kept, now });
  return starts_by === undefined ? { due_at } : { due_at, starts_by };
}
