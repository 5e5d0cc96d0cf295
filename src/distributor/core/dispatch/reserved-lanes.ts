import type { ReadyTask } from '../../../contracts/rows.ts';
import { assign, type AssigningContext } from './assign.ts';
import type { Assignment } from './assignment.ts';
import type { DispatchView } from './round.ts';
import { heapOf } from '../ready/heap.ts';
import { advance, type Lane, openLane } from '../ready/lane.ts';
import { roundTasksMax } from './shards.ts';

interface ReservedLane extends Lane {
  readonly reservation: string;
}

/** A lane for each reservation that is short and each route in which tasks of it wait. */
function openReserved(view: DispatchView, { fleet, reservations }: AssigningContext, at: string): ReservedLane[] {
  const short = new Set(reservations?.short().map(({ name }) => name));
  if (reservations === undefined || short.size === 0) return [];
  return view.pool.routes.flatMap((route) => {
    const read = [view.heads, view.due, view.reserved].flatMap((all) => all?.get(route.route) ?? []);
    if (read.length === 0) return [];
    const tasks = [...new Map(read.map((task) => [task.task_id, task])).values()];
    const byReservation = Map.groupBy(tasks, (task) => reservations.of(task, route));
    const candidates = fleet.candidatesOf(route);
    return [...byReservation].flatMap(([reservation, list]) => {
      if (reservation === undefined || !short.has(reservation) || candidates.all.length === 0) return [];
      const head = list.sort((one: ReadyTask, other: ReadyTask) => (one.order < other.order ? -1 : 1));
      return [{ ...openLane({ route, candidates, head, isCut: false, due: [] }, at), reservation }];
    });
  });
}

/**
 * Hands out what waits for reservations that are short, in ready order among themselves and before everything else; each lane until its reservation has what it keeps. So a
 * reservation with work waiting is short for one attempt at most: until then every slot that comes free goes to one that is.
 */
export function handOutReserved(view: DispatchView, context: AssigningContext, at: string) {
  const { reservations } = context;
  const assignments: Assignment[] = [];
  const lanes = openReserved(view, context, at);
  const heap = heapOf([...lanes], (one, other) => one.order < other.order);
  for (let lane = heap.peek(); lane?.next !== undefined; lane = heap.peek()) {
    const task = lane.next.tasks[lane.next.next];
    const { reservation } = lane;
    const isShort = reservations !== undefined && reservations.excessOf(reservation) < 0;
    if (task === undefined || !isShort || assignments.length >= roundTasksMax(view.pool)) {
      heap.pop();
      continue;
    }
    const given = assign(lane, task, context, true);
    if (given === 'full') {
      heap.pop();
      continue;
    }
    if (given === 'held') lane.held += 1;
    else assignments.push(...given);
    lane.next.next += 1;
    if (advance(lane, at)) heap.sinkTop();
    else heap.pop();
  }
  return { assignments, lanes };
}
