import type { ReadyTask, RouteRow } from '../../../contracts/rows.ts';
import type { Member } from '../agents/fleet.ts';
import { type FairShare, noTurns, type Turns } from './fair-share.ts';
import type { Overdraft } from '../dispatch/budget-limiter.ts';
import { isDueAt, levelOf, orderAt } from './ready-order.ts';
import type { CandidateSet } from '../strategies/strategy.ts';

/** Tasks of one level of a route. `cut`: more may follow that were not read. */
interface Queue {
  readonly tasks: readonly ReadyTask[];
  cut: boolean;
  next: number;
}

/** A route during a round: its candidates, and how far each level has been handed out. `order` is where its next task stands now. */
export interface Lane {
  readonly route: RouteRow;
  readonly queues: readonly Queue[];
  readonly candidates: CandidateSet<Member>;
  order: string;
  /** The turns of its namespace and submitter in the level of its next task; `noTurns` where nothing is shared out, or the task is due. */
  turns: Turns;
  next: Queue | undefined;
  /** How many of its tasks got an agent, and how many were held back for themselves. */
  given: number;
  held: number;
  /** Tasks that went with an earlier one, in its batch. */
  readonly joined: Set<string>;
  /** Kinds of tasks that wait for more company, and until when at the latest (epoch ms). */
  readonly gathering: Map<string, number>;
  /** Limits that held some of them back. */
  readonly heldBy: Set<string>;
  /** Of those, what budgets left no room for. */
  readonly overdrafts: Overdraft[];
}

/** The levels of a sorted list, each in its order. */
function byLevel(tasks: readonly ReadyTask[]): ReadyTask[][] {
  const levels: ReadyTask[][] = [];
  for (const task of tasks) {
    const level = levels.at(-1);
    if (level?.[0] !== undefined && levelOf(level[0].order) === levelOf(task.order)) level.push(task);
    else levels.push([task]);
  }
  return levels;
}

/** The levels that were read of a route: only the last one of a cut head goes on. The tasks that are due beyond it were read as far as a round may need them. */
function queuesOf(head: readonly ReadyTask[], isCut: boolean, due: readonly ReadyTask[]): Queue[] {
  const levels = byLevel(head);
  if (isCut && levels.length === 0) levels.push([]);
  const queues = levels.map((tasks, index) => ({ tasks, cut: isCut && index === levels.length - 1, next: 0 }));
  return [...queues, ...byLevel(due).map((tasks) => ({ tasks, cut: false, next: 0 }))];
}

/** Finds the next task of a lane at this time (RFC 3339); false when it has none. A used-up part of a cut head comes first, so that it is noticed before anything behind it starts. */
export function advance(lane: Lane, at: string): boolean {
  lane.next = undefined;
  for (const queue of lane.queues) {
    if (lane.joined.size > 0) {
      while (lane.joined.has(queue.tasks[queue.next]?.task_id ?? '')) queue.next += 1;
    }
    const task = queue.tasks[queue.next];
    if (task === undefined && !queue.cut) continue;
    const order = task === undefined ? '' : orderAt(task.order, at);
    if (lane.next !== undefined && lane.order <= order) continue;
    lane.order = order;
    lane.next = queue;
  }
  return lane.next !== undefined;
}

/** Whether a lane is served before another one: what is due first, then by level, in it by turn, then by the ready order. `at` is RFC 3339. */
export function isBefore(one: Lane, other: Lane, at: string): boolean {
  const [mine, its] = [placeOf(one, at), placeOf(other, at)];
  if (mine !== its) return mine < its;
  const ahead = one.turns[0] - other.turns[0] || one.turns[1] - other.turns[1];
  return ahead === 0 ? one.order < other.order : ahead < 0;
}

/** What is due, or not read, before all levels. */
function placeOf({ order }: Lane, at: string): number {
  return order === '' || isDueAt(order, at) ? -1 : levelOf(order);
}

/** Finds where a lane's namespace and submitter stand now; true when that has changed. */
export function takeTurn(lane: Lane, shares: FairShare, at: string): boolean {
  const place = placeOf(lane, at);
  const turns = place < 0 ? noTurns : shares.turnsOf(lane.route, place);
  if (turns[0] === lane.turns[0] && turns[1] === lane.turns[1]) return false;
  lane.turns = turns;
  return true;
}

/** What was read of a route. `due` are tasks of levels that a cut head does not reach, which are due. */
interface ReadRoute {
  readonly route: RouteRow;
  readonly candidates: CandidateSet<Member>;
  readonly head: readonly ReadyTask[];
  readonly isCut: boolean;
  readonly due: readonly ReadyTask[];
}

/** A lane at its start. */
export function openLane({ route, candidates, head, isCut, due }: ReadRoute, at: string): Lane {
  const lane: Lane = {
    route,
    candidates,
    queues: queuesOf(head, isCut, due),
    order: '',
    turns: noTurns,
    next: undefined,
    given: 0,
    held: 0,
    joined: new Set(),
    gathering: new Map(),
    heldBy: new Set(),
    overdrafts: [],
  };
  advance(lane, at);
  return lane;
}
