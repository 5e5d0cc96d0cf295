import type { TaskRow } from '../../../contracts/rows.ts';
import { type Escalation, isAbove } from '../../../contracts/distributor/task.ts';

type Escalating = Pick<TaskRow, 'priority' | 'escalated_from' | 'created_at' | 'deadline' | 'escalation'>;

/** What an escalation changes of a task: its level. When it is due stays as it was, so nobody's bound on waiting moves. */
type Raised = Required<Pick<TaskRow, 'priority' | 'escalated_from'>>;

/** The steps that a task has still before it, the next one first, with their times (epoch ms). A deadline that had passed before the task came hurries nothing. */
function stepsOf({ priority, created_at, deadline, escalation = [] }: Escalating) {
  if (deadline === undefined || deadline <= created_at) return [];
  return escalation
    .filter((step) => isAbove(step.priority, priority))
    .map((step) => ({ ...step, at: Date.parse(deadline) - step.within_ms }));
}

/** The level in which a task stands that waits at this time (epoch ms); undefined: the one in which it stands already. */
export function escalated(row: Escalating, now: number): Raised | undefined {
  const step = stepsOf(row).findLast(({ at }) => at <= now);
  return step && { priority: step.priority, escalated_from: row.escalated_from ?? row.priority };
}

/** The next step of a task that still waits then: its rule, and when it applies (RFC 3339). */
export function nextEscalation(row: Escalating): (Escalation & { readonly at: string }) | undefined {
  const [next] = stepsOf(row);
  return next && { ...next, at: new Date(next.at).toISOString() };
}
