import type { Announcement } from '../../../contracts/events.ts';
import { workflowOf } from '../../../contracts/ids.ts';
import { orphanTimerMs } from '../../../contracts/limits.ts';
import type { TaskRow } from '../../../contracts/rows.ts';
import { escalated } from '../../core/tasks/escalation.ts';
import { deadlineTimerOf, isPastDeadline, rerouted } from '../../core/tasks/expiry.ts';
import { escalatedNews, failedNews } from '../../core/tasks/task-news.ts';
import { expiryChange } from '../../core/tasks/expire.ts';
import { escalationChange } from '../../core/tasks/task.ts';
import type { TaskChange } from '../../core/tasks/task-change.ts';
import { tickDelays } from '../../core/tasks/timers.ts';
import type { Messenger, Sources, TaskStore, Woken } from '../../ports.ts';

/** What the waker of deadlines is given. `failTask` ends a waiting task of a workflow with its node, if the change still is to be made then. */
export interface DeadlineDeps {
  readonly tasks: TaskStore;
  readonly messenger: Messenger;
  readonly sources: Sources;
  readonly failTask: (
    task_id: string,
    decide: (row: TaskRow, now: number) => TaskChange | undefined,
  ) => Promise<TaskRow | undefined>;
}

function newsOf(row: TaskRow, { patch }: TaskChange, now: number): readonly Announcement[] {
  const story = { correlation_id: row.correlation_id, causation_id: row.task_id };
  if (patch.status === 'Failed') return [failedNews(row, patch, story)];
  return typeof patch.priority === 'string' ? [escalatedNews(row, patch.priority, now, story)] : [];
}

/** Changes of rows that are nobody else's business: own tasks, what is only rerouted, and levels. Answers whose changes were made, and the news of it. */
async function changeAlone(deps: DeadlineDeps, rows: readonly TaskRow[], now: number) {
  const changes = rows.flatMap((row) => {
    const change = isPastDeadline(row, now) ? expiryChange(row, now) : escalationChange(row, now);
    return change === undefined ? [] : [{ row, change }];
  });
  const changed = await deps.tasks.change(changes.map(({ change }) => change));
  const made = changes.filter((_, index) => changed[index]?.applied === true);
  return {
    made: made.map(({ row }) => row),
    overtaken: new Set(changes.flatMap((each) => (made.includes(each) ? [] : [each.row.task_id]))),
    news: made.flatMap(({ row, change }) => newsOf(row, change, now)),
  };
}

/** Sets the timers of these tasks to what their deadlines ask for after this time; answers which of them are asked for something. */
async function setNext(deps: DeadlineDeps, pool: string, rows: readonly TaskRow[], now: number) {
  const later = rows
    .filter((row) => row.status === 'Queued' || row.status === 'Processing')
    .map((row) => ({ ...row, ...escalated(row, now) }))
    .filter((row) => Date.parse(deadlineTimerOf(row) ?? '') > now);
  await deps.tasks.moveDeadlinesOn(later, now);
  const delays = tickDelays(
    later.flatMap((row) => deadlineTimerOf(row) ?? []),
    now,
  );
  if (delays.length > 0) await deps.messenger.ticks(pool, delays);
  return later.map(({ task_id }) => task_id);
}

/**
 * Lets the level of tasks that still wait rise as their deadlines come nearer, and those that still wait at their deadline follow their policy. One that runs is left alone: should
 * it come back, its settlement asks for both. A timer goes once nothing is left to do for it, so that whatever breaks off or is overtaken is done with the next tick.
 */
export async function wakeDeadlines(deps: DeadlineDeps, pool: string, ids: readonly string[]): Promise<Woken> {
  const now = deps.sources.now();
  const rows = (await deps.tasks.get(ids)).flatMap((row) => row ?? []);
  const waiting = rows.filter(({ status }) => status === 'Queued');
  const endsNode = (row: TaskRow): boolean =>
    isPastDeadline(row, now) && workflowOf(row.task_id) !== undefined && typeof row.on_expiry !== 'object';
  const alone = waiting.filter((row) => !endsNode(row));
  const ending = waiting.filter(endsNode);
  const { made, overtaken, news } = await changeAlone(deps, alone, now);
  for (const { task_id } of ending) {
    await deps.failTask(task_id, (row, at) =>
      row.status === 'Queued' && isPastDeadline(row, at) ? expiryChange(row, at) : undefined,
    );
  }
  const next = await setNext(
    deps,
    pool,
    rows.filter(({ task_id }) => !overtaken.has(task_id)),
    now,
  );
  const kept = new Set([...overtaken, ...next]);
  const gone = ids.filter((id) => !kept.has(id));
  const there = new Set(rows.map(({ task_id }) => task_id));
  await deps.tasks.forgetDeadlines(
    gone.filter((id) => there.has(id)),
    now,
  );
  // A timer is written before its task: one without a task may be about to get it.
  await deps.tasks.forgetDeadlines(
    gone.filter((id) => !there.has(id)),
    now - orphanTimerMs,
  );
  const routes = made.flatMap((row) => (isPastDeadline(row, now) ? (rerouted(row)?.route ?? []) : row.route));
  const hints = routes.length === 0 ? [] : [{ pool, routes: [...new Set(routes)] }];
  return { count: ending.length + made.length + overtaken.size, hints, announcements: news };
}
