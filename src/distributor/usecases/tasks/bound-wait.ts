import { boundedBacklogMax } from '../../../contracts/limits.ts';
import type { PoolRows, ReadyTask, TaskRow } from '../../../contracts/rows.ts';
import { priorities } from '../../../contracts/distributor/task.ts';
import { openFleet } from '../../core/agents/fleet.ts';
import { reaches } from '../../core/policy/reach.ts';
import { routerOfPool } from '../../core/policy/routing.ts';
import { noBoundBecause, startsBy } from '../../core/ready/longest-wait.ts';
import { dueOf, readyOrder } from '../../core/ready/ready-order.ts';
import { openReservations } from '../../core/ready/reservations.ts';
import { routeRow } from '../../core/ready/route.ts';
import type { DistributorDeps } from '../../ports.ts';

/** When a waiting task is due, and when it starts at the latest as things stand, or why that cannot be told. */
export interface BoundedWait {
  readonly due_at: string;
  readonly starts_by?: string;
  readonly no_bound_because?: string;
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
  const reach = reaches(fleet, routerOfPool(pool.policy, now));
  const own = routeRow(row.pool, row);
  const task: ReadyTask = { ...row, order: readyOrder(row) };
  const { members } = reach(task, own);
  const mine = new Set(members);
  // A rule may pin a task to others than it names.
  const rivals = pool.routes.filter((route) =>
    fleet.candidatesOf({ ...route, agents: [] }).all.some((member) => mine.has(member)),
  );
  const pages = await Promise.all(
    rivals.flatMap((route) =>
      priorities.map(async (_, level) => ({
        route,
        tasks: await deps.tasks.due(route, level, due_at, boundedBacklogMax),
      })),
    ),
  );
  if (pages.some(({ tasks }) => tasks.length >= boundedBacklogMax))
    return { due_at, no_bound_because: `more than ${boundedBacklogMax} tasks of one level stand before it` };
  const due = pages.flatMap(({ route, tasks }) =>
    tasks.filter(({ task_id }) => task_id !== row.task_id).map((each) => ({ route, task: each })),
  );
  const ofRoute = due.flatMap((each) => (each.route.route === own.route ? [each.task] : []));
  const no_bound_because = noBoundBecause(task, own, ofRoute, { reach, policy: pool.policy });
  if (no_bound_because !== undefined) return { due_at, no_bound_because };
  const before = due.filter((each) => reach(each.task, each.route).members.some((member) => mine.has(member)));
  const reservations = openReservations(pool, fleet);
  const starts_by = startsBy({
    ...{ due: row.not_before === undefined || row.not_before < due_at ? due_at : row.not_before, now },
    ...{ timeout_ms: row.timeout_ms, before: before.map((each) => each.task), candidates: members },
    kept: reservations?.keptFrom(reservations.of(row, own)) ?? 0,
  });
  return starts_by === undefined
    ? { due_at, no_bound_because: 'reservations may keep all slots from it' }
    : { due_at, starts_by };
}
