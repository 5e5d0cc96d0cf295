import { type Priority, priorities } from '../../src/contracts/distributor/task.ts';

/** When a task was accepted and when its dispatch was decided, epoch milliseconds. */
export interface Dispatch {
  readonly priority: Priority;
  readonly acceptedAt: number;
  readonly decidedAt: number;
}

/**
 * Tasks that were started while one of strictly higher priority, which the same agents could run, had been waiting: accepted more than
 * `toleranceMs` before the decision, and started by a later one.
 */
export function orderViolations(tasks: readonly Dispatch[], toleranceMs: number): number {
  const byAcceptance = [...tasks].sort((one, other) => one.acceptedAt - other.acceptedAt);
  const byDecision = [...tasks].sort((one, other) => one.decidedAt - other.decidedAt);
  // The latest decision among the tasks accepted so far, by priority: if even that one is not later, none is.
  const latest = priorities.map(() => -Infinity);
  let violations = 0;
  let next = 0;
  for (const { priority, decidedAt } of byDecision) {
    for (; next < byAcceptance.length; next += 1) {
      const accepted = byAcceptance[next];
      if (accepted === undefined || accepted.acceptedAt + toleranceMs >= decidedAt) break;
      const rank = priorities.indexOf(accepted.priority);
      latest[rank] = Math.max(latest[rank] ?? -Infinity, accepted.decidedAt);
    }
    if (latest.slice(0, priorities.indexOf(priority)).some((decision) => decision > decidedAt)) violations += 1;
  }
  return violations;
}
