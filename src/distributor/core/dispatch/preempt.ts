import { preemptAfterMs, preemptAnswerMsMax, preemptedWorkMsMax } from '../../../contracts/limits.ts';
import type { AgentRow, Hold, ReadyTask } from '../../../contracts/rows.ts';
import type { Lane } from '../ready/lane.ts';
import { levelOf, orderAt } from '../ready/ready-order.ts';
import type { Reservations } from '../ready/reservations.ts';

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

/** True for work that may be made to make way: of a lower level, not due, not asked already, not a minute after the last time, and not too dear to repeat. */
function mayMakeWay(hold: Hold, now: number): boolean {
  if (hold.order === undefined || levelOf(orderAt(hold.order, new Date(now).toISOString())) === 0) return false;
  return hold.preempted_at === undefined && (hold.spared_until ?? 0) <= now && now - hold.at <= preemptedWorkMsMax;
}

/** Whether one of this agent's attempts may be made to make way. */
export function hasRoomToMake(agent: AgentRow, now: number): boolean {
  return Object.values(agent.holds).some((hold) => mayMakeWay(hold, now));
}

interface Victim {
  readonly agent: AgentRow;
  readonly key: string;
  readonly hold: Hold;
  readonly level: number;
  readonly at: number;
}

function victims(lane: Lane, taken: ReadonlySet<string>, now: number): Victim[] {
  return lane.candidates.all
    .flatMap(({ agent }) =>
      Object.entries(agent.holds).flatMap(([key, hold]): Victim[] =>
        mayMakeWay(hold, now) && !taken.has(key)
          ? [{ agent, key, hold, level: levelOf(hold.order ?? ''), at: hold.at }]
          : [],
      ),
    )
    .sort((one, other) => other.level - one.level || other.at - one.at || (one.key < other.key ? -1 : 1));
}

/**
 * Who has to make way for the critical tasks of these lanes, whose candidates are all full: the lowest level first, and of that what was started last, since the
 * least work is lost. One attempt for each task, less those that were asked already. Critical work, what is due, and what holds a slot that its reservation keeps never
 * makes way: the slot would only come back to it.
 */
export function decidePreemptions(
  blocked: readonly Lane[],
  now: number,
  reservations?: Reservations,
): readonly Preemption[] {
  const isKept = ({ reservation }: Hold): boolean =>
    reservation !== undefined && reservations !== undefined && reservations.excessOf(reservation) <= 0;
  const taken = new Set<string>();
  const preemptions: Preemption[] = [];
  for (const lane of blocked) {
    const first = lane.queues[0];
    const waiting = first?.tasks.slice(first.next).filter((task) => demandsRoom(task, now)) ?? [];
    if (waiting.length === 0) continue;
    const holds = lane.candidates.all.flatMap(({ agent }) => Object.entries(agent.holds));
    const asked = holds.filter(([key, hold]) => isAsked(hold, now) || taken.has(key)).length;
    const chosen = victims(lane, taken, now);
    for (const task of waiting.slice(asked)) {
      const victim = chosen.find(({ key, hold }) => !taken.has(key) && !isKept(hold));
      if (victim === undefined) break;
      taken.add(victim.key);
      reservations?.count(victim.hold.reservation, -1);
      preemptions.push({ agent: victim.agent, key: victim.key, waiting: task.task_id });
    }
  }
  return preemptions;
}
