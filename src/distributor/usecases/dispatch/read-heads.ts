import type { BudgetRow } from '../../../contracts/distributor/budget.ts';
import { workflowOf } from '../../../contracts/ids.ts';
import { dueLookMs, heldTasksMax, readyPageSizeMax, routesPerRoundMax } from '../../../contracts/limits.ts';
import type { PoolRows, ReadyTask, RouteRow } from '../../../contracts/rows.ts';
import { priorities } from '../../../contracts/distributor/task.ts';
import type { DispatchView } from '../../core/dispatch/round.ts';
import type { Fleet } from '../../core/agents/fleet.ts';
import type { CandidateSet } from '../../core/strategies/strategy.ts';
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
 * among the others: for these it reads as far as past tasks that are held back.
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
  for (let count = readyPageSizeMax; count < heldTasksMax && after !== undefined; count += readyPageSizeMax) {
    const page: readonly ReadyTask[] = await tasks.ready(row, readyPageSizeMax, after);
    found.push(...page);
    after = page.length < readyPageSizeMax ? undefined : page.at(-1)?.order;
  }
  return found;
}

/** Looks for tasks of a level that are due, unless the last look told that there are none. */
function dueLooks(
  { tasks }: Pick<DistributorDeps, 'tasks'>,
  { pool }: PoolRows,
  { quiet, now, limit }: Pick<Reading, 'quiet' | 'now'> & { readonly limit: number },
) {
  const horizon = now + dueLookMs;
  const at = new Date(now).toISOString();
  if (quiet.size > quietLevelsMax) quiet.clear();
  return async (row: RouteRow, level: number): Promise<readonly ReadyTask[]> => {
    const key = `${level} ${pool} ${row.route}`;
    if ((quiet.get(key) ?? 0) > now) return [];
    const soon = await tasks.due(row, level, new Date(horizon).toISOString(), limit);
    const due = soon.filter((task) => isDueAt(task.order, at));
    if (due.length === 0) quiet.set(key, soon[0] === undefined ? horizon : dueTimeOf(soon[0].order));
    else quiet.delete(key);
    return due;
  };
}

/** What a round has read of its routes, as a decision sees it. */
export interface Heads extends Required<Pick<DispatchView, 'heads' | 'full' | 'due' | 'reserved'>> {
  readonly budgets: Budgets;
  /** Reads another page of each of these routes, whose heads were cut. */
  readonly readOn: (routes: readonly string[]) => Promise<void>;
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
): Promise<Heads> {
  const free = fleet.available.reduce((sum, member) => sum + member.free * (member.agent.batch?.tasks_max ?? 1), 0);
  // One more than fits, to know whether tasks are left over; and room for entries that the lagging index still shows.
  const needed = Math.min(free, roundTasksMax(pool)) + 1 + gone.size;
  // What a large pool's last round gave to other dispatchers may stand there still.
  const pageMax = pool.spread === undefined ? readyPageSizeMax : 2 * roundTasksMax(pool);
  const pageSize = Math.min(pageMax, needed);
  const fresh = (page: readonly ReadyTask[]): ReadyTask[] =>
    page.filter((task) => !gone.has(holdKey(task.task_id, task.attempt)));

  const dueIn = dueLooks(deps, pool, { quiet, now, limit: needed });
  const full = new Set<string>();
  const heads = new Map<string, readonly ReadyTask[]>();
  /** Where those were cut, with the last entry that was read. */
  const ends = new Map<string, string>();
  const due = new Map<string, readonly ReadyTask[]>();
  const reserved = new Map<string, readonly ReadyTask[]>();
  const reservations = openReservations(pool, fleet);
  const budgets: Budgets = new Map();
  // After the agents: what is charged in between is still held there, and counted twice rather than never.
  const readBudgets = async ({ budgeted }: RouteRow, tasks: readonly ReadyTask[]): Promise<void> => {
    if (budgeted !== true) return;
    const ids = new Set(tasks.flatMap(({ task_id }) => workflowOf(task_id)?.workflow_id ?? []));
    const fresh = [...ids].filter((id) => !budgets.has(id));
    for (const [id, budget] of await deps.budgets.get(fresh)) budgets.set(id, budget);
  };
  /** Reads a page more of a route; answers with the last entry of a head that is cut. */
  const readPage = async (row: RouteRow, limit: number): Promise<string | undefined> => {
    const { route } = row;
    const page = await deps.tasks.ready(row, limit, ends.get(route));
    const left = fresh(page);
    heads.set(route, [...(heads.get(route) ?? []), ...left]);
    await readBudgets(row, left);
    const end = page.length < limit ? undefined : page.at(-1)?.order;
    if (end === undefined) full.delete(route);
    else ends.set(route, end);
    return end;
  };
  const read = async (row: RouteRow): Promise<void> => {
    const { route } = row;
    const end = await readPage(row, pageSize);
    if (end === undefined) return;
    full.add(route);
    const beyond = priorities.map((_, level) => level).slice(levelOf(end) + 1);
    const overdue = fresh((await Promise.all(beyond.map((level) => dueIn(row, level)))).flat());
    await readBudgets(row, overdue);
    due.set(route, overdue);
    if (reservations === undefined) return;
    const behind = fresh(await readReserved(deps, row, reservations, { end, limit: needed }));
    await readBudgets(row, behind);
    reserved.set(route, behind);
  };
  await Promise.all(routes.map(read));
  const readOn = async (row: RouteRow): Promise<void> => {
    const end = await readPage(row, readyPageSizeMax);
    // A head that reaches a level shows what is due in it.
    const isBeyond = ({ order }: ReadyTask): boolean => end !== undefined && levelOf(order) > levelOf(end);
    due.set(row.route, due.get(row.route)?.filter(isBeyond) ?? []);
  };
  return {
    ...{ heads, full, due, reserved, budgets },
    readOn: async (list) => {
      await Promise.all(routes.filter(({ route }) => list.includes(route)).map(readOn));
    },
  };
}
