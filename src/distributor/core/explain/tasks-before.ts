import type { PoolRows, ReadyTask, RouteRow } from '../../../contracts/rows.ts';
import type { CandidateSet } from '../strategies/strategy.ts';
import type { Member } from '../agents/fleet.ts';
import { openFairShare } from '../ready/fair-share.ts';
import { heapOf } from '../ready/heap.ts';
import { advance, isBefore, openLane, takeTurn } from '../ready/lane.ts';
import { isDueAt, levelOf, orderAt } from '../ready/ready-order.ts';
import type { Kept, Reservations } from '../ready/reservations.ts';

/** What was read of a route, in ready order. */
export interface Page {
  readonly route: RouteRow;
  readonly tasks: readonly ReadyTask[];
}

/** What stands before a task, in the order in which it is handed out. */
export interface Before {
  readonly tasks: readonly ReadyTask[];
  /** How many of them came later or are due later, and only the turns of their namespace or submitter put before it. */
  readonly by_turn: number;
  /** A reservation that is short, whose tasks are the first of them. */
  readonly kept: Kept | undefined;
}

const nobody: CandidateSet<Member> = { all: [], pinned: false };

/** The pages with the task among those of its route, should it stand behind what was read. */
function withTask(pages: readonly Page[], own: RouteRow, task: ReadyTask): readonly Page[] {
  const isRead = pages.some(({ tasks }) => tasks.some(({ task_id }) => task_id === task.task_id));
  return isRead ? pages : [...pages, { route: own, tasks: [task] }];
}

/** Hands out one task after the other as a round does, but to nobody, until it comes to this one. */
function untilTask(pages: readonly Page[], task: ReadyTask, { policy, served }: PoolRows, at: string): ReadyTask[] {
  const shares = openFairShare(policy?.document ?? {}, served);
  const open = pages
    .map(({ route, tasks }) => openLane({ route, candidates: nobody, head: tasks, isCut: false, due: [] }, at))
    .filter(({ next }) => next !== undefined);
  if (shares !== undefined) for (const lane of open) takeTurn(lane, shares, at);
  const lanes = heapOf(open, (one, other) => isBefore(one, other, at));
  const before: ReadyTask[] = [];
  for (let lane = lanes.peek(); lane?.next !== undefined; lane = lanes.peek()) {
    if (shares !== undefined && takeTurn(lane, shares, at)) {
      lanes.sinkTop();
      continue;
    }
    const first = lane.next.tasks[lane.next.next];
    if (first === undefined || first.task_id === task.task_id) break;
    before.push(first);
    if (!isDueAt(lane.order, at)) shares?.take(lane.route, levelOf(lane.order));
    lane.next.next += 1;
    if (advance(lane, at)) {
      if (shares !== undefined) takeTurn(lane, shares, at);
      lanes.sinkTop();
    } else lanes.pop();
  }
  return before;
}

/**
 * What is handed out before a task at this time (epoch ms), as far as these pages show: what waits of reservations that are short and not its own, then what the ready order and the turns of
 * those who share put before it.
 */
export function tasksBefore(
  {
    task,
    own,
    pages,
    pool,
    reservations,
  }: {
    readonly task: ReadyTask;
    readonly own: RouteRow;
    readonly pages: readonly Page[];
    readonly pool: PoolRows;
    readonly reservations: Reservations | undefined;
  },
  now: number,
): Before {
  const at = new Date(now).toISOString();
  const short = (reservations?.short() ?? []).filter(({ name }) => name !== reservations?.of(task, own));
  const keptBy = (other: ReadyTask, route: RouteRow): Kept | undefined => {
    const name = short.length === 0 ? undefined : reservations?.of(other, route);
    return short.find((each) => each.name === name);
  };
  const reserved = pages
    .flatMap(({ route, tasks }) => tasks.flatMap((each) => ({ each, kept: keptBy(each, route) })))
    .filter(({ kept }) => kept !== undefined)
    .sort((one, other) => (orderAt(one.each.order, at) < orderAt(other.each.order, at) ? -1 : 1));
  const others = pages.map(({ route, tasks }) => ({
    route,
    tasks: short.length === 0 ? tasks : tasks.filter((each) => keptBy(each, route) === undefined),
  }));
  const played = untilTask(withTask(others, own, task), task, pool, at);
  const mine = orderAt(task.order, at);
  return {
    tasks: [...reserved.map(({ each }) => each), ...played],
    by_turn: played.filter((each) => orderAt(each.order, at) > mine).length,
    kept: reserved[0]?.kept,
  };
}
