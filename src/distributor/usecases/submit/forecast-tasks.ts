import type { TaskForecast } from '../../../contracts/distributor/forecast.ts';
import { defaultPool } from '../../../contracts/ids.ts';
import { boundedBacklogMax } from '../../../contracts/limits.ts';
import type { PoolRows, RouteRow, TaskRow } from '../../../contracts/rows.ts';
import { priorities, type Task } from '../../../contracts/distributor/task.ts';
import { openFleet } from '../../core/agents/fleet.ts';
import { forecast, overtaking } from '../../core/explain/forecast.ts';
import { levelOf, orderAt, readyOrder } from '../../core/ready/ready-order.ts';
import { routeRow } from '../../core/ready/route.ts';
import { spilled } from '../../core/ready/spill.ts';
import { newTask } from '../../core/tasks/task.ts';
import type { DistributorDeps } from '../../ports.ts';
import { estimates } from './accept-tasks.ts';

type Deps = Pick<DistributorDeps, 'tasks' | 'agents' | 'sources'>;

/** What waits in one route: all of it, or the first of it and what is due behind that. */
async function backlogOf({ tasks }: Deps, route: RouteRow, at: string) {
  const head = await tasks.ready(route, boundedBacklogMax);
  if (head.length < boundedBacklogMax) return { waiting: head, isCut: false };
  const reached = levelOf(head.at(-1)?.order ?? '0');
  const beyond = priorities.map((_, level) => level).filter((level) => level > reached);
  const due = await Promise.all(beyond.map((level) => tasks.due(route, level, at, boundedBacklogMax)));
  return { waiting: [...head, ...due.flat()], isCut: true };
}

/** The backlog of a pool, each route read when it is first asked for. */
function openBacklog(deps: Deps, at: string) {
  const known = new Map<string, ReturnType<typeof backlogOf>>();
  return (row: RouteRow) => {
    const backlog = known.get(row.route) ?? backlogOf(deps, row, at);
    known.set(row.route, backlog);
    return backlog;
  };
}

async function forecastRow(
  row: TaskRow,
  pool: PoolRows,
  now: number,
  others: readonly TaskRow[],
  backlog: ReturnType<typeof openBacklog>,
): Promise<TaskForecast> {
  const at = new Date(now).toISOString();
  const fleet = openFleet(pool.agents, now);
  const ableOf = (route: Parameters<typeof fleet.candidatesOf>[0]) => fleet.candidatesOf(route).all;
  const able = ableOf(routeRow(row.pool, row)).map(({ agent }) => agent);
  const mine = new Set(able);
  const order = readyOrder(row);
  const place = orderAt(order, at);
  const rivals = pool.routes.flatMap((route) => {
    const all = ableOf(route);
    const shared = all.filter(({ agent }) => mine.has(agent)).length;
    return shared === 0 ? [] : [{ route, share: shared / all.length }];
  });
  const backlogs = await Promise.all(
    rivals.map(async ({ route, share }) => {
      const { waiting, isCut } = await backlog(route);
      const submitted = others
        .filter((other) => other.route === route.route)
        .map((other) => ({ ...other, order: readyOrder(other) }));
      const before = [...waiting, ...submitted].filter(
        (task) => task.task_id !== row.task_id && orderAt(task.order, at) < place,
      );
      const more = isCut && waiting.slice(0, boundedBacklogMax).every((task) => orderAt(task.order, at) < place);
      return { more, before: before.map(({ task_type, order }) => ({ task_type, order, share })) };
    }),
  );
  const before = backlogs
    .flatMap((each) => each.before)
    .sort((one, other) => (orderAt(one.order, at) < orderAt(other.order, at) ? -1 : 1));
  const { task_type, deadline, estimated_duration } = row;
  const expected = forecast({
    ...{ now, task_type, deadline, estimated_duration, able, before },
    agents: pool.agents,
    more: backlogs.some(({ more }) => more),
    overtaking: overtaking(able, order),
  });
  return { task_id: row.task_id, ...(row.spilled === undefined ? {} : { spilled: row.spilled }), ...expected };
}

/**
 * What is to be expected of tasks if they were submitted now, together; nothing is written. For people who ask: it reads the backlog that may use the same agents, up to
 * `boundedBacklogMax` tasks a route.
 */
export async function forecastTasks(deps: Deps, tasks: readonly Task[]): Promise<readonly TaskForecast[]> {
  const now = deps.sources.now();
  const at = new Date(now).toISOString();
  const pool = await deps.agents.pool(defaultPool);
  const rows = tasks.map((task) => {
    const row = newTask(
      { ...task, payload: {} },
      { pool: defaultPool, now: at, body_hash: '', submitted_by: '', correlation_id: '', ...estimates(task.payload) },
    );
    return spilled(row, pool, now);
  });
  const backlog = openBacklog(deps, at);
  // A route that nobody has used yet has no row; one that has a row knows its parts.
  const routes = new Map(
    [...rows.map((row) => routeRow(defaultPool, row)), ...pool.routes].map((each) => [each.route, each]),
  );
  return Promise.all(
    rows.map((row) => forecastRow(row, { ...pool, routes: [...routes.values()] }, now, rows, backlog)),
  );
}
