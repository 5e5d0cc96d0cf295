import type { BudgetRow } from '../../../contracts/distributor/budget.ts';
import { workflowOf } from '../../../contracts/ids.ts';
import { dueLookMs, heldPagesMax, readyPageSizeMax, routesPerRoundMax } from '../../../contracts/limits.ts';
import type { PoolRows, ReadyTask, RouteRow } from '../../../contracts/rows.ts';
import { priorities } from '../../../contracts/distributor/task.ts';
import type { DispatchView } from '../../core/dispatch/round.ts';
import type { Fleet } from '../../core/agents/fleet.ts';
import type { CandidateSet } from '../../core/strategies/strategy.ts';
import { openLimiter } from '../../core/ready/limiter.ts';
import { mayWaitIn, openReservations, type Reservations } from '../../core/ready/reservations.ts';
import { dueTimeOf, isDueAt, levelOf } from '../../core/ready/ready-order.ts';
import { namespaceOf } from '../../core/ready/route.ts';
import { roundTasksMax } from '../../core/dispatch/shards.ts';
import { holdKey } from '../../core/agents/hold.ts';
import type { DistributorDeps } from '../../ports.ts';

/**
 * Levels of routes in which nothing that stood there at the last look comes due before a time (epoch ms). A dispatcher that forgets them only looks again.
 */
export type QuietLevels = Map<string, number>;

/** Budgets by workflow. */
type Budgets = Map<string, BudgetRow>;

/** Levels that are remembered. More: a dispatcher of very many routes keeps what it will not ask for again. */
const quietLevelsMax = 10_000;

/** Routes that a round was told of. */
export interface Told {
  readonly hinted: ReadonlySet<string>;
  /** Whether hints of other routes may be on their way, unread. */
  readonly isBehind: boolean;
}

/**
 * Routes worth a look: the hinted ones, and those that wait for an agent which has a free slot; behind with reading hints, all whose tasks could take a free slot from those, unless they
 * are too many. Routes nobody can serve now are left out.
 */
export function routesToRead(pool: PoolRows, fleet: Fleet, { hinted, isBehind }: Told): readonly RouteRow[] {
  const wanted = new Set(
    fleet.available.flatMap((member) => (member.agent.wanted.length > 0 && member.free > 0 ? member.agent.wanted : [])),
  );
  const isKnown = ({ route }: RouteRow): boolean => hinted.has(route) || wanted.has(route);
  // Most routes share their candidates with others.
  const rooms = new Map<CandidateSet, boolean>();
  const hasRoom = (set: CandidateSet): boolean => {
    const known = rooms.get(set) ?? set.all.some(({ free }) => free > 0);
    rooms.set(set, known);
    return known;
  };
  const readable = (routes: readonly RouteRow[]): readonly RouteRow[] =>
    routes
      .filter((route) => pool.killed?.has(namespaceOf(route)) !== true)
      .filter((route) => fleet.candidatesOf(route).all.length > 0);
  if (isBehind) {
    const open = readable(pool.routes).filter((route) => isKnown(route) || hasRoom(fleet.candidatesOf(route)));
    if (open.length <= routesPerRoundMax) return open;
  }
  return readable(pool.routes.filter(isKnown));
}

interface Reading {
  readonly routes: readonly RouteRow[];
  /** Holds of tasks that were handed out already, although the index may still show them. */
  readonly gone: ReadonlySet<string>;
  readonly quiet: QuietLevels;
  readonly now: number;
  readonly fleet: Fleet;
}

/**
 * Tasks behind the end of a cut head that may belong to reservations which are short: the heads of the levels that it does not reach. A workflow's tasks stand anywhere
 * among the others: for these as many pages are read on as limits may hold back.
 */
export async function readReserved(
  { tasks }: Pick<DistributorDeps, 'tasks'>,
  row: RouteRow,
  reservations: Reservations,
  { end, limit }: { readonly end: string; readonly limit: number },
): Promise<readonly ReadyTask[]> {
  const matches = reservations.short().flatMap((each) => (mayWaitIn(row, each) ? [each.match] : []));
  const ofLevels = matches.flatMap(({ workflow, priority = [] }) => (workflow === undefined ? priority : []));
  const levels = [...new Set(ofLevels)].map((each) => priorities.indexOf(each)).filter((level) => level > levelOf(end));
  const found = (await Promise.all(levels.map((level) => tasks.due(row, level, '~', limit)))).flat();
  let after = matches.some(({ workflow }) => workflow !== undefined) ? end : undefined;
  for (let pages = 1; pages < heldPagesMax && after !== undefined; pages += 1) {
    const page: readonly ReadyTask[] = await tasks.ready(row, readyPageSizeMax, after);
    found.push(...page);
    after = page.length < readyPageSizeMax ? undefined : page.at(-1)?.order;
  }
  return found;
}

/**
 * The heads of these routes. A whole head shows all that waits; behind a cut one may stand lower tasks that are due by now, and those compete with its first
 * ones: the levels that it does not reach are asked for them. The answer tells what comes due within `dueLookMs`, so that a level in which nothing does is left in
 * peace until then: only a task that joins it after the look can come due unseen, and that for no longer.
 */
export async function readHeads(
  deps: Pick<DistributorDeps, 'tasks' | 'budgets'>,
  pool: PoolRows,
  { routes, gone, quiet, now, fleet }: Reading,
): Promise<Required<Pick<DispatchView, 'heads' | 'full' | 'due' | 'reserved'>> & { readonly budgets: Budgets }> {
  const free = fleet.available.reduce((sum, member) => sum + member.free * (member.agent.batch?.tasks_max ?? 1), 0);
  // One more than fits, to know whether tasks are left over; and room for entries that the lagging index still shows.
  const needed = Math.min(free, roundTasksMax(pool)) + 1 + gone.size;
  // What a large pool's last round gave to other dispatchers may stand there still.
  const pageMax = pool.spread === undefined ? readyPageSizeMax : 2 * roundTasksMax(pool);
  const pageSize = Math.min(pageMax, needed);
  const fresh = (page: readonly ReadyTask[]): ReadyTask[] =>
    page.filter((task) => !gone.has(holdKey(task.task_id, task.attempt)));
  const horizon = now + dueLookMs;
  const at = new Date(now).toISOString();
  if (quiet.size > quietLevelsMax) quiet.clear();

  const dueIn = async (row: RouteRow, level: number): Promise<readonly ReadyTask[]> => {
    const key = `${level} ${pool.pool} ${row.route}`;
    if ((quiet.get(key) ?? 0) > now) return [];
    const soon = await deps.tasks.due(row, level, new Date(horizon).toISOString(), needed);
    const due = soon.filter((task) => isDueAt(task.order, at));
    if (due.length === 0) quiet.set(key, soon[0] === undefined ? horizon : dueTimeOf(soon[0].order));
    else quiet.delete(key);
    return fresh(due);
  };

  const full = new Set<string>();
  const heads = new Map<string, readonly ReadyTask[]>();
  const due = new Map<string, readonly ReadyTask[]>();
  const reserved = new Map<string, readonly ReadyTask[]>();
  const reservations = openReservations(pool, fleet);
  const budgets: Budgets = new Map();
  const limiter = openLimiter({ ...pool, budgets }, now);
  // After the agents: what is charged in between is still held there, and counted twice rather than never.
  const readBudgets = async ({ budgeted }: RouteRow, tasks: readonly ReadyTask[]): Promise<void> => {
    if (budgeted !== true) return;
    const ids = new Set(tasks.flatMap(({ task_id }) => workflowOf(task_id)?.workflow_id ?? []));
    const fresh = [...ids].filter((id) => !budgets.has(id));
    for (const [id, budget] of await deps.budgets.get(fresh)) budgets.set(id, budget);
  };
  const read = async (row: RouteRow): Promise<void> => {
    const { route } = row;
    let page = await deps.tasks.ready(row, pageSize);
    const head = fresh(page);
    heads.set(route, head);
    await readBudgets(row, head);
    // A page of which limits hold back everything hides what may start behind it.
    for (let pages = 1; pages < heldPagesMax && page.length === pageSize; pages += 1) {
      if (!head.every((task) => limiter.blockOf(task, row) !== undefined)) break;
      page = await deps.tasks.ready(row, pageSize, page.at(-1)?.order);
      head.push(...fresh(page));
      await readBudgets(row, page);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) return;
    full.add(route);
    const beyond = priorities.map((_, level) => level).slice(levelOf(last.order) + 1);
    const overdue = (await Promise.all(beyond.map((level) => dueIn(row, level)))).flat();
    await readBudgets(row, overdue);
    due.set(route, overdue);
    if (reservations === undefined) return;
    const behind = fresh(await readReserved(deps, row, reservations, { end: last.order, limit: needed }));
    await readBudgets(row, behind);
    reserved.set(route, behind);
  };
  await Promise.all(routes.map(read));
  return { heads, full, due, reserved, budgets };
}
