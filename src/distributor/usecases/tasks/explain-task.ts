import type { TaskExplanation } from '../../../contracts/distributor/explanation.ts';
import { readyPageSizeMax } from '../../../contracts/limits.ts';
import type { PoolRows, ReadyTask, RouteRow, TaskRow } from '../../../contracts/rows.ts';
import { explainAgents } from '../../core/explain/explain-agents.ts';
import { openFleet } from '../../core/agents/fleet.ts';
import { orderAt, readyOrder } from '../../core/ready/ready-order.ts';
import { type Kept, openReservations } from '../../core/ready/reservations.ts';
import { routeRow } from '../../core/ready/route.ts';
import { escalationFacts, hedgeFacts } from '../../core/tasks/task-view.ts';
import { waitsForSlot, whyQueued } from '../../core/explain/why-queued.ts';
import type { DistributorDeps } from '../../ports.ts';
import { boundWait } from './bound-wait.ts';
import { readPoolOf } from '../dispatch/pool-of-task.ts';
import { readReserved } from '../dispatch/read-heads.ts';
import { scoreAgents } from '../dispatch/score-agents.ts';

/** Routes whose heads an explanation reads. */
const rivalsMax = 50;
/** Tasks before it that are named. */
const namedMax = 5;

/**
 * What stands before a task and wants agents that it wants too, as far as the heads of their routes show: by the ready order, or since a reservation that is not the
 * task's own is short. `kept` tells of such a reservation.
 */
async function tasksBefore(deps: DistributorDeps, row: TaskRow, pool: PoolRows, now: number) {
  const at = new Date(now).toISOString();
  const mine = orderAt(readyOrder(row), at);
  const own = routeRow(row.pool, row);
  const fleet = openFleet(pool.agents, now);
  const able = new Set(fleet.candidatesOf(own).all.map(({ agent }) => agent));
  const reservations = openReservations(pool, fleet);
  const short = (reservations?.short() ?? []).filter(({ name }) => name !== reservations?.of(row, own));
  const rivals = pool.routes.filter(
    (route) => route.route === row.route || fleet.candidatesOf(route).all.some(({ agent }) => able.has(agent)),
  );
  const pages = await Promise.all(
    rivals.slice(0, rivalsMax).map(async (route) => {
      const head = await deps.tasks.ready(route, readyPageSizeMax);
      const end = head.length < readyPageSizeMax ? undefined : head.at(-1)?.order;
      if (end === undefined || reservations === undefined) return { route, tasks: head };
      const behind = await readReserved(deps, route, reservations, { end, limit: readyPageSizeMax });
      return { route, tasks: [...head, ...behind] };
    }),
  );
  const keptBy = (task: ReadyTask, route: RouteRow) => {
    const name = short.length === 0 ? undefined : reservations?.of(task, route);
    return short.find((each) => each.name === name);
  };
  const before = pages.map(({ route, tasks }) =>
    tasks
      .map((task) => ({ task, kept: keptBy(task, route), place: orderAt(task.order, at) }))
      .filter(({ task, kept, place }) => task.task_id !== row.task_id && (kept !== undefined || place < mine)),
  );
  const first = (one: (typeof before)[0][0]) => `${one.kept === undefined ? 1 : 0}${one.place}`;
  const all = before.flat().sort((one, other) => (first(one) < first(other) ? -1 : 1));
  return {
    kept: all[0]?.kept,
    before: {
      tasks: all.length,
      first: all.slice(0, namedMax).map(({ task }) => task.task_id),
      more: rivals.length > rivalsMax || before.some((page) => page.length >= readyPageSizeMax),
    },
  };
}

/** That slots are kept for others, as people are told. */
const keptText = ({ name, percent, slots, used }: Kept): string =>
  `waits for a free slot behind reservation ${name}, which keeps ${slots} slots (${percent} %) and uses ${used}`;

/** Why a task is where it is: how its agent was chosen, or what a decision about it would see now. Undefined: there is no such task. For people who look: it reads heads. */
export async function explainTask(deps: DistributorDeps, task_id: string): Promise<TaskExplanation | undefined> {
  const [row] = await deps.tasks.get([task_id]);
  if (row === undefined) return undefined;
  const { status, distribution } = row;
  const known = { task_id, status, ...(distribution === undefined ? {} : { distribution }), ...hedgeFacts(row) };
  if (status !== 'Queued') return known;
  const now = deps.sources.now();
  const pool = await readPoolOf(deps, row);
  const task: ReadyTask = { ...row, order: readyOrder(row) };
  const { customScores } = await scoreAgents(pool, [task]);
  const { kept, before } = await tasksBefore(deps, row, pool, now);
  const reason = whyQueued(row, pool, now);
  return {
    ...known,
    queued: {
      ...explainAgents({ task, route: routeRow(row.pool, row), pool, now, customScores }),
      waits_because: kept !== undefined && reason === waitsForSlot ? keptText(kept) : reason,
      before,
      ...escalationFacts(row),
      ...(await boundWait(deps, row, pool)),
    },
  };
}
