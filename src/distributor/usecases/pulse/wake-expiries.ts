import type { Announcement } from '../../../contracts/events.ts';
import { workflowOf } from '../../../contracts/ids.ts';
import type { TaskRow } from '../../../contracts/rows.ts';
import { expiresAt, isPastDeadline, rerouted } from '../../core/tasks/expiry.ts';
import { failedNews } from '../../core/tasks/task-news.ts';
import { expiryChange } from '../../core/tasks/expire.ts';
import type { TaskChange } from '../../core/tasks/task-change.ts';
import type { Sources, TaskStore, Woken } from '../../ports.ts';

/** What the waker of deadlines is given. `failTask` ends a waiting task of a workflow with its node, if the change still is to be made then. */
export interface ExpiryDeps {
  readonly tasks: TaskStore;
  readonly sources: Sources;
  readonly failTask: (
    task_id: string,
    decide: (row: TaskRow, now: number) => TaskChange | undefined,
  ) => Promise<TaskRow | undefined>;
}

/** Changes of rows that are nobody else's business: own tasks, and what is only rerouted. Answers which were made, and the news of it. */
async function changeAlone(deps: ExpiryDeps, rows: readonly TaskRow[], now: number) {
  const changes = rows.map((row) => expiryChange(row, now));
  const changed = await deps.tasks.change(changes);
  const news = rows.flatMap((row, index): Announcement[] => {
    const { patch } = changes[index] ?? {};
    if (changed[index]?.applied !== true || patch?.status !== 'Failed') return [];
    return [failedNews(row, patch, { correlation_id: row.correlation_id, causation_id: row.task_id })];
  });
  return { made: changed.map(({ applied }) => applied), news };
}

/**
 * Lets tasks that still wait at their deadline follow their policy. One that runs is left alone: should it come back, its settlement asks the policy. A timer goes
 * once nothing is left to do for it, so that whatever breaks off or is overtaken is done with the next tick.
 */
export async function wakeExpiries(deps: ExpiryDeps, pool: string, ids: readonly string[]): Promise<Woken> {
  const now = deps.sources.now();
  const rows = await deps.tasks.get(ids);
  const late = rows.flatMap((row) => (row?.status === 'Queued' && isPastDeadline(row, now) ? [row] : []));
  const ending = late.filter((row) => workflowOf(row.task_id) !== undefined && typeof row.on_expiry !== 'object');
  const alone = late.filter((row) => !ending.includes(row));
  const { made, news } = await changeAlone(deps, alone, now);
  for (const { task_id } of ending) {
    await deps.failTask(task_id, (row, at) =>
      row.status === 'Queued' && isPastDeadline(row, at) ? expiryChange(row, at) : undefined,
    );
  }
  const overtaken = new Set(alone.flatMap(({ task_id }, index) => (made[index] === true ? [] : [task_id])));
  // Their deadlines were moved while they waited.
  const early = rows.flatMap((row) => (row?.status === 'Queued' && !late.includes(row) && expiresAt(row) ? [row] : []));
  await deps.tasks.setExpiries(early);
  const kept = new Set([...overtaken, ...early.map(({ task_id }) => task_id)]);
  await deps.tasks.forgetExpiries(ids.filter((id) => !kept.has(id)));
  const moved = alone.flatMap((row) => rerouted(row)?.route ?? []);
  const hints = moved.length === 0 ? [] : [{ pool, routes: [...new Set(moved)] }];
  return { count: late.length, hints, announcements: news };
}
