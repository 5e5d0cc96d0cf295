import { preemptAfterMs, preemptAnswerMsMax, preemptedWorkMsMax } from '../../../contracts/limits.ts';
import type { AgentRow, Hold, ReadyTask } from '../../../contracts/rows.ts';
import { type Heap, heapOf } from '../ready/heap.ts';
import type { Lane } from '../ready/lane.ts';
import { levelOf, orderAt } from '../ready/ready-order.ts';
import type { CandidateSet } from '../strategies/strategy.ts';
import type { AssigningContext } from './assign.ts';
import type { Assignment } from './assignment.ts';
import { fullFor } from './choose.ts';

/** An attempt that has to make way for a critical task. */
export interface Preemption {
  readonly agent: AgentRow;
  /** The hold: `task_id#attempt`. */
  readonly key: string;
  /** The critical task that waits. */
  readonly waiting: string;
}

/** True for a critical task that has waited so long that other work has to make way for it. */
export function demandsRoom(task: ReadyTask, now: number): boolean {
  return levelOf(task.order) === 0 && now - Date.parse(task.queued_at) >= preemptAfterMs;
}

function isAsked(hold: Hold, now: number): boolean {
  return hold.preempted_at !== undefined && now - hold.preempted_at < preemptAnswerMsMax;
}

/** True for work that may be made to make way: of a lower level, not due, not asked already, not a minute after the last time, and not too dear to repeat. `at` is `now` as text. */
function mayMakeWay(hold: Hold, now: number, at: string): boolean {
  if (hold.order === undefined || levelOf(orderAt(hold.order, at)) === 0) return false;
  return hold.preempted_at === undefined && (hold.spared_until ?? 0) <= now && now - hold.at <= preemptedWorkMsMax;
}

/** Whether one of this agent's attempts may be made to make way. */
export function hasRoomToMake(agent: AgentRow, now: number): boolean {
  const at = new Date(now).toISOString();
  return Object.values(agent.holds).some((hold) => mayMakeWay(hold, now, at));
}

interface Attempt {
  readonly agent: AgentRow;
  readonly key: string;
}

interface Victim extends Attempt {
  readonly hold: Hold;
  readonly level: number;
}

/** What runs on agents that are full: the attempts that were asked and have not answered yet, and who has to make way first. */
interface Running {
  readonly asked: Attempt[];
  readonly victims: Heap<Victim>;
}

function isFirst(one: Victim, other: Victim): boolean {
  const ahead = one.level - other.level || one.hold.at - other.hold.at;
  return ahead > 0 || (ahead === 0 && one.key < other.key);
}

function runningOn({ all }: CandidateSet, now: number): Running {
  const at = new Date(now).toISOString();
  const asked: Attempt[] = [];
  const victims: Victim[] = [];
  for (const { agent } of all) {
    for (const key in agent.holds) {
      const hold = agent.holds[key];
      if (hold === undefined) continue;
      if (isAsked(hold, now)) asked.push({ agent, key });
      else if (mayMakeWay(hold, now, at)) victims.push({ agent, key, hold, level: levelOf(hold.order ?? '') });
    }
  }
  return { asked, victims: heapOf(victims, isFirst) };
}

/** Takes the next one that will do. */
function next<T>(list: { pop(): T | undefined }, willDo: (each: T) => boolean): T | undefined {
  let each = list.pop();
  while (each !== undefined && !willDo(each)) each = list.pop();
  return each;
}

/** The tasks of these lanes that demand room and were not given any, with the full agents that they wait for; those who may run on few agents first, in ready order among themselves. */
function demandsOf(lanes: readonly Lane[], given: readonly Assignment[], context: AssigningContext) {
  const started = new Set(given.map(({ task }) => task));
  return lanes
    .flatMap(({ route, queues: [first] }) => {
      const [head] = first?.tasks ?? [];
      if (head === undefined || levelOf(head.order) > 0) return [];
      const waiting = first?.tasks.filter((task) => demandsRoom(task, context.now) && !started.has(task)) ?? [];
      return waiting.flatMap((task) => {
        const full = fullFor(task, route, context);
        return full === undefined ? [] : [{ task, route, full }];
      });
    })
    .sort((one, other) => one.full.all.length - other.full.all.length || (one.task.order < other.task.order ? -1 : 1));
}

/**
 * Who has to make way for the critical tasks of these lanes that the round leaves, and that wait because every agent that they may run on is full: the lowest level first, and of that what was started last, since the
 * least work is lost. One attempt for each task, less those that were asked already. A task that a limit or a budget holds back demands no room. Critical work, what is due, and what holds a slot that its reservation keeps never
 * makes way: the slot would only come back to it. Tasks with the same agents look at what runs there once.
 */
export function decidePreemptions(
  lanes: readonly Lane[],
  given: readonly Assignment[],
  context: AssigningContext,
): readonly Preemption[] {
  const { now, limiter, reservations } = context;
  // Once a reservation has no slot too many it gets none in this round: what is kept stays kept.
  const isKept = ({ reservation }: Hold): boolean =>
    reservation !== undefined && reservations !== undefined && reservations.excessOf(reservation) <= 0;
  const bySet = new Map<CandidateSet, Running>();
  const taken = new Set<string>();
  const preemptions: Preemption[] = [];
  for (const { task, route, full } of demandsOf(lanes, given, context)) {
    if (limiter.blockOf(task, route) !== undefined) continue;
    const { asked, victims } = bySet.get(full) ?? runningOn(full, now);
    bySet.set(full, { asked, victims });
    const room = next(asked, ({ key }) => !taken.has(key));
    const victim = room ?? next(victims, ({ key, hold }) => !taken.has(key) && !isKept(hold));
    if (victim === undefined) continue;
    const { agent, key } = victim;
    taken.add(key);
    limiter.take(task, route, agent);
    if (room !== undefined) continue;
    reservations?.count(agent.holds[key]?.reservation, -1);
    preemptions.push({ agent, key, waiting: task.task_id });
  }
  return preemptions;
}
