import type { HedgeRun, TaskRow } from '../../src/contracts/rows.ts';
import type { Check, Item } from './oracle.ts';

const row = (item: Item): TaskRow => item as unknown as TaskRow;

/** The second lease of a task that runs, by its row; told apart from the code under test. */
export function secondRunOf(item: Item): HedgeRun | undefined {
  const { status, hedge } = row(item);
  return status === 'Processing' ? hedge : undefined;
}

/**
 * What is promised of tasks that are hedged: two runs at most, on two agents, each with a token of its own that no run had before; while one of them goes on, the end of the other one
 * neither fails the task nor counts.
 */
export function createHedgeOracle(check: Check): (before: Item, after: Item, at: number) => void {
  const newest = new Map<string, number>();
  return (before, after, at) => {
    const { task_id: id, attempt, assigned_agent } = row(after);
    const was = secondRunOf(before);
    const is = secondRunOf(after);
    if (is !== undefined) {
      check(is.agent_id !== assigned_agent, at, 'HedgedApart', () => `${id} runs twice on ${is.agent_id}`);
      check(row(after).distribution_rules?.hedge !== undefined, at, 'HedgedByRule', () => id);
    }
    const claimed = [
      ...(row(before).status === 'Queued' && row(after).status === 'Processing' ? [attempt] : []),
      ...(is !== undefined && is.attempt !== was?.attempt ? [is.attempt] : []),
    ];
    for (const token of claimed) {
      check(token > (newest.get(id) ?? 0), at, 'TokenOnce', () => `${id}: ${token} after ${String(newest.get(id))}`);
      newest.set(id, token);
    }
    if (was === undefined) return;
    const { status, error } = row(after);
    const goesOn = status === 'Processing' || status === 'Completed';
    const isStopped = status === 'Cancelled' || error?.code === 'killed';
    check(goesOn || isStopped, at, 'OtherRunGoesOn', () => `${id} is ${status} (${error?.code ?? ''})`);
    const [countWas, count] = [before, after].map((item) => item['retry_count'] ?? 0);
    check(!goesOn || count === countWas, at, 'CountedAlone', () => id);
  };
}
