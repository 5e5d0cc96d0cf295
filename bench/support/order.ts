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

/** A task that went through a running pool: when its row was written and its dispatch decided, epoch milliseconds. */
export interface Passage extends Dispatch {
  readonly acceptedAt: number;
}

/**
 * For each task how long it had been accepted when a decision gave out one of strictly lower priority before it (ms), at the last of these; 0 where none did. All agents must be able to run all tasks,
 * and none may come due. What was accepted after such a decision cannot have been seen by it.
 */
export function overtakenMs(passages: readonly Passage[]): readonly number[] {
  const decisions = priorities.map((level) =>
    passages.flatMap(({ priority, decidedAt }) => (priority === level ? [decidedAt] : [])),
  );
  return passages.map(({ priority, acceptedAt, decidedAt }) => {
    const lower = decisions.slice(priorities.indexOf(priority) + 1).flat();
    return lower.reduce((longest, at) => (at < decidedAt ? Math.max(longest, at - acceptedAt) : longest), 0);
  });
}
