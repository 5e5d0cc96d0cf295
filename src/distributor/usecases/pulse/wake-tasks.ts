import type { TaskRow } from '../../../contracts/rows.ts';
import { isHedgeDue } from '../../core/tasks/runs.ts';
import { promoteChange } from '../../core/tasks/task.ts';
import type { TaskStore, Sources, Woken } from '../../ports.ts';

/** What the waker of tasks is given. `hedge` gives tasks that run a second run. */
export interface WakeTaskDeps {
  readonly tasks: TaskStore;
  readonly sources: Sources;
  readonly hedge: (rows: readonly TaskRow[]) => Promise<Woken>;
}

/** Moves tasks whose retry time has come into the ready order, and hedges those that have run long enough. A task that went on meanwhile, or waits for another time now, stays as it is. */
export async function wakeTasks(deps: WakeTaskDeps, pool: string, ids: readonly string[]): Promise<Woken> {
  const at = deps.sources.now();
  const now = new Date(at).toISOString();
  const rows = await deps.tasks.get(ids);
  const due = rows.flatMap((row) =>
    row?.status === 'Queued' && row.not_before !== undefined && row.not_before <= now ? [row] : [],
  );
  const changed = await deps.tasks.change(due.map(promoteChange));
  const slow = rows.flatMap((row) => (row !== undefined && isHedgeDue(row, at) ? [row] : []));
  const hedged = slow.length === 0 ? { count: 0 } : await deps.hedge(slow);
  return {
    ...hedged,
    count: hedged.count + changed.filter(({ applied }) => applied).length,
    hints: due.map(({ route }) => ({ pool, routes: [route] })),
  };
}
