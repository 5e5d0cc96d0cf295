import { promoteChange } from '../core/task.ts';
import type { TaskStore, Sources, Woken } from '../ports.ts';

/** Moves tasks whose retry time has come into the ready order. A task that went on meanwhile, or waits for another time now, stays as it is. */
export async function wakeTasks(
  deps: { readonly tasks: TaskStore; readonly sources: Sources },
  pool: string,
  ids: readonly string[],
): Promise<Woken> {
  const now = new Date(deps.sources.now()).toISOString();
  const rows = await deps.tasks.get(ids);
  const due = rows.flatMap((row) =>
    row?.status === 'Queued' && row.not_before !== undefined && row.not_before <= now ? [row] : [],
  );
  const changed = await deps.tasks.change(due.map(promoteChange));
  return {
    count: changed.filter(({ applied }) => applied).length,
    hints: due.map(({ route }) => ({ pool, routes: [route] })),
  };
}
