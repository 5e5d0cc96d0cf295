import { preemptAfterMs, preemptAnswerMsMax, preemptedWorkMsMax } from '../../../contracts/limits.ts';
import type { AgentRow, Hold, ReadyTask } from '../../../contracts/rows.ts';
import { type Heap, heapOf } from '../ready/heap.ts';
import type { Lane } from '../ready/lane.ts';
import { levelOf, orderAt } from '../ready/ready-order.ts';
import type { Reservations } from '../ready/reservations.ts';
import type { CandidateSet } from '../strategies/strategy.ts';

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

interface Victim {
  readonly agent: AgentRow;
  readonly key: string;
  readonly hold: Hold;
  readonly level: number;
}

/** What runs on the candidates of a lane: how many attempts were asked already, and who has to make way first. */
interface Running {
  readonly agents: ReadonlySet<AgentRow>;
  readonly asked: number;
  readonly victims: Heap<Victim>;
}

function isFirst(one: Victim, other: Victim): boolean {
  const ahead = one.level - other.level || one.hold.at - other.hold.at;
  return ahead > 0 || (ahead === 0 && one.key < other.key);
}

function runningOn({ all }: CandidateSet, now: number): Running {
  const at = new Date(now).toISOString();
  const victims: Victim[] = [];
  let asked = 0;
  for (const { agent } of all) {
    for (const key in agent.holds) {
      const hold = agent.holds[key];
      if (hold === undefined) continue;
      if (isAsked(hold, now)) asked += 1;
      else if (mayMakeWay(hold, now, at)) victims.push({ agent, key, hold, level: levelOf(hold.order ?? '') });
    }
  }
  return { agents: new Set(all.map(({ agent }) => agent)), asked, victims: heapOf(victims, isFirst) };
}

/**
 * Who has to make way for the critical tasks of these lanes, whose candidates are all full: the lowest level first, and of that what was started last, since the
 * least work is lost. One attempt for each task, less those that were asked already. Critical work, what is due, and what holds a slot that its reservation keeps never
 * makes way: the slot would only come back to it. Lanes with the same candidates look at what runs there once.
 */
export function decidePreemptions(
  blocked: readonly Lane[],
  now: number,
  reservations?: Reservations,
): readonly Preemption[] {
  // Once a reservation has no slot too many it gets none in this round: what is kept stays kept.
  const isKept = ({ reservation }: Hold): boolean =>
    reservation !== undefined && reservations !== undefined && reservations.excessOf(reservation) <= 0;
  const bySet = new Map<CandidateSet, Running>();
  const taken = new Map<string, AgentRow>();
  const preemptions: Preemption[] = [];
  for (const { queues, candidates } of blocked) {
    const [first] = queues;
    const waiting = first?.tasks.slice(first.next).filter((task) => demandsRoom(task, now)) ?? [];
    if (waiting.length === 0) continue;
    const running = bySet.get(candidates) ?? runningOn(candidates, now);
    bySet.set(candidates, running);
    const { agents, victims } = running;
    const takenHere = [...taken.values()].filter((agent) => agents.has(agent)).length;
    for (const task of waiting.slice(running.asked + takenHere)) {
      let victim = victims.pop();
      while (victim !== undefined && (taken.has(victim.key) || isKept(victim.hold))) victim = victims.pop();
      if (victim === undefined) break;
      const { agent, key, hold } = victim;
      taken.set(key, agent);
      reservations?.count(hold.reservation, -1);
      preemptions.push({ agent, key, waiting: task.task_id });
    }
  }
  return preemptions;
}
