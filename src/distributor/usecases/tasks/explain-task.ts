import type { TaskExplanation } from '../../../contracts/distributor/explanation.ts';
import { readyPageSizeMax } from '../../../contracts/limits.ts';
import type { PoolRows, ReadyTask, TaskRow } from '../../../contracts/rows.ts';
import { explainAgents } from '../../core/explain/explain-agents.ts';
import { openFleet } from '../../core/agents/fleet.ts';
import { tasksBefore } from '../../core/explain/tasks-before.ts';
import { type Turn, turnsAmong } from '../../core/ready/fair-share.ts';
import { isDueAt, levelOf, readyOrder } from '../../core/ready/ready-order.ts';
import { type Kept, openReservations } from '../../core/ready/reservations.ts';
import { routeRow } from '../../core/ready/route.ts';
import { distributionFacts, escalationFacts, hedgeFacts } from '../../core/tasks/task-view.ts';
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

/** What stands before a task and wants agents that it wants too, as far as the heads of their routes show, and where it stands among those who share. */
async function lookBefore(deps: DistributorDeps, row: TaskRow, pool: PoolRows, now: number) {
  const task: ReadyTask = { ...row, order: readyOrder(row) };
  const own = routeRow(row.pool, row);
  const fleet = openFleet(pool.agents, now);
  const able = new Set(fleet.candidatesOf(own).all.map(({ agent }) => agent));
  const reservations = openReservations(pool, fleet);
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
  const { tasks, by_turn, kept } = tasksBefore({ task, own, pages, pool, reservations }, now);
  const more = rivals.length > rivalsMax || pages.some((page) => page.tasks.length >= readyPageSizeMax);
  const first = tasks.slice(0, namedMax).map(({ task_id }) => task_id);
  const level = levelOf(task.order);
  const sharing = pages.filter((page) => page.tasks.some(({ order }) => levelOf(order) === level));
  const isDue = isDueAt(task.order, new Date(now).toISOString());
  const turns = turnsAmong(
    sharing.map(({ route }) => route),
    own,
    level,
    pool,
  );
  return {
    kept,
    turns: isDue ? [] : turns,
    before: { tasks: tasks.length, first, more, ...(by_turn === 0 ? {} : { by_turn }) },
  };
}

/** That slots are kept for others, as people are told. */
const keptText = ({ name, percent, slots, used }: Kept): string =>
  `waits for a free slot behind reservation ${name}, which keeps ${slots} slots (${percent} %) and uses ${used}`;

/** That it is somebody else's turn, as people are told. */
function turnText(turns: readonly Turn[], by_turn: number | undefined): string {
  const behind = turns.find(({ name, next }) => name !== next);
  if (behind === undefined || by_turn === undefined) return waitsForSlot;
  const { of, name, next, ahead } = behind;
  return `waits for a free slot and its turn: ${of} ${name} had ${ahead} more than its share of the starts, so it is the turn of ${next}`;
}

/** Why a task is where it is: how its agent was chosen, or what a decision about it would see now. Undefined: there is no such task. For people who look: it reads heads. */
export async function explainTask(deps: DistributorDeps, task_id: string): Promise<TaskExplanation | undefined> {
  const [row] = await deps.tasks.get([task_id]);
  if (row === undefined) return undefined;
  const { status } = row;
  const known = { task_id, status, ...distributionFacts(row), ...hedgeFacts(row) };
  if (status !== 'Queued') return known;
  const now = deps.sources.now();
  const pool = await readPoolOf(deps, row);
  const task: ReadyTask = { ...row, order: readyOrder(row) };
  const { customScores } = await scoreAgents(deps, pool, [task]);
  const { kept, turns, before } = await lookBefore(deps, row, pool, now);
  const reason = whyQueued(row, pool, now, customScores);
  const why =
    reason === waitsForSlot ? (kept === undefined ? turnText(turns, before.by_turn) : keptText(kept)) : reason;
  return {
    ...known,
    queued: {
      ...explainAgents({ task, route: routeRow(row.pool, row), pool, now, customScores }),
      waits_because: why,
      before,
      ...(turns.length === 0 ? {} : { turns: [...turns] }),
      ...escalationFacts(row),
      ...(await boundWait(deps, row, pool)),
    },
  };
}
