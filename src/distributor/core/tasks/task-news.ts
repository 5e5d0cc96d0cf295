import type { Announcement } from '../../../contracts/events.ts';
import type { Priority } from '../../../contracts/distributor/task.ts';
import type { TaskRow } from '../../../contracts/rows.ts';
import type { Settlement, TaskPatch } from './task-change.ts';
import { holdKey } from '../agents/hold.ts';
import type { EndedAttempt } from './settle.ts';

/** The news of a task that failed for good, from the change that failed it. */
export function failedNews(
  task: { readonly task_id: string; readonly attempt: number },
  patch: TaskPatch,
  story: Pick<Announcement, 'correlation_id' | 'causation_id'>,
): Announcement {
  const { code = 'task-failed', message = '' } = patch.error ?? {};
  const { task_id, attempt } = task;
  return {
    type: 'TaskFailed',
    data: { task_id, attempt, code, message, failed_at: patch.completed_at ?? '' },
    ...story,
  };
}

/** The news of a waiting task whose level was raised at this time (epoch ms). */
export function escalatedNews(
  { task_id, priority: from, deadline = '' }: Pick<TaskRow, 'task_id' | 'priority' | 'deadline'>,
  to: Priority,
  now: number,
  story: Pick<Announcement, 'correlation_id' | 'causation_id'>,
): Announcement {
  const data = { task_id, from, to, deadline, escalated_at: new Date(now).toISOString() };
  return { type: 'TaskEscalated', data, ...story };
}

/** The news of a settled attempt: its task completed or failed; none when it is tried again, or another run of it goes on. */
export function settledNews(
  task_id: string,
  { agent_id, attempt }: Pick<EndedAttempt, 'agent_id' | 'attempt'>,
  { kind, change }: Settlement,
  correlation_id: string,
): readonly Announcement[] {
  if (kind === 'retry' || kind === 'left') return [];
  const story = { correlation_id, causation_id: holdKey(task_id, attempt) };
  if (kind === 'failed') return [failedNews({ task_id, attempt }, change.patch, story)];
  const completed_at = change.patch.completed_at ?? '';
  return [{ type: 'TaskCompleted', data: { task_id, agent_id, attempt, completed_at }, ...story }];
}
