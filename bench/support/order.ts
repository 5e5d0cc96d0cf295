import { type Priority, priorities } from '../../src/contracts/distributor/task.ts';

/** When the dispatch of a task was decided, epoch milliseconds. */
export interface Dispatch {
  readonly priority: Priority;
  readonly decidedAt: number;
}

/**
 * How many tasks of a backlog were given out before one of strictly higher priority, by an earlier decision. The whole backlog must have waited before the first
 * decision, and all agents must be able to run all of it: then each of them is a mistake, and there is nothing to tolerate.
 */
export function orderViolations(backlog: readonly Dispatch[]): number {
  const last = priorities.map((level) =>
    Math.max(...backlog.filter(({ priority }) => priority === level).map(({ decidedAt }) => decidedAt)),
  );
  return backlog.filter(({ priority, decidedAt }) =>
    last.slice(0, priorities.indexOf(priority)).some((latest) => latest > decidedAt),
  ).length;
}
