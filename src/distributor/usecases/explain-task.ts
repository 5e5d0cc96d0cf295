import type { TaskExplanation } from '../../contracts/explanation.ts';
import { readyPageSizeMax } from '../../contracts/limits.ts';
import type { PoolRows, ReadyTask, TaskRow } from '../../contracts/rows.ts';
import { explainAgents } from '../core/explain-agents.ts';
import { openFleet } from '../core/fleet.ts';
import { orderAt, readyOrder } from '../core/ready-order.ts';
import { routeRow } from '../core/route.ts';
import { whyQueued } from '../core/why-queued.ts';
import type { DistributorDeps } from '../ports.ts';
import { boundWait } from './bound-wait.ts';
import { scoreAgents } from './score-agents.ts';

/** Routes whose heads an explanation reads. */
const rivalsMax = 50;
/** Tasks before it that are named. */
const namedMax = 5;

/** What stands before a task and wants agents that it wants too, as far as the heads of their routes show. */
async function tasksBefore(deps: DistributorDeps, row: TaskRow, pool: PoolRows, now: number) {
  const at = new Date(now).toISOString();
  const mine = orderAt(readyOrder(row), at);
  const fleet = openFleet(pool.agents, now);
  const able = new Set(fleet.candidatesOf(routeRow(row.pool, row)).all.map(({ agent }) => agent));
  const rivals = pool.routes.filter(
    (route) => route.route === row.route || fleet.candidatesOf(route).all.some(({ agent }) => able.has(agent)),
  );
  const pages = await Promise.all(
    rivals.slice(0, rivalsMax).map(({ route }) => deps.tasks.ready(row.pool, route, readyPageSizeMax)),
  );
  const before = pages.map((page) => page.filter((task) => orderAt(task.order, at) < mine));
  const all = before.flat().sort((one, other) => (orderAt(one.order, at) < orderAt(other.order, at) ? -1 : 1));
  return {
    tasks: all.length,
    first: all.slice(0, namedMax).map(({ task_id }) => task_id),
    more: rivals.length > rivalsMax || before.some((page) => page.length === readyPageSizeMax),
  };
}

/** Why a task is where it is: how its agent was chosen, or what a decision about it would see now. Undefined: there is no such task. For people who look: it reads heads. */
export async function explainTask(deps: DistributorDeps, task_id: string): Promise<TaskExplanation | undefined> {
  const [row] = await deps.tasks.get([task_id]);
  if (row === undefined) return undefined;
  const { status, distribution } = row;
  const known = { task_id, status, ...(distribution === undefined ? {} : { distribution }) };
  if (status !== 'Queued') return known;
  const now = deps.sources.now();
  const pool = await deps.agents.pool(row.pool);
  const task: ReadyTask = { ...row, order: readyOrder(row) };
  const { customScores } = await scoreAgents(pool, [task]);
  return {
    ...known,
    queued: {
      ...explainAgents({ task, route: routeRow(row.pool, row), pool, now, customScores }),
      waits_because: whyQueued(row, pool, now),
      before: await tasksBefore(deps, row, pool, now),
      ...(await boundWait(deps, row, pool)),
    },
  };
}
