import { type Outcome, refused } from '../../../contracts/errors.ts';
import { workflowOf } from '../../../contracts/ids.ts';
import type { TaskRow } from '../../../contracts/rows.ts';
import type { TaskError } from '../../../contracts/distributor/task.ts';
import { failedNews } from '../../core/tasks/task-news.ts';
import { runsOf } from '../../core/tasks/runs.ts';
import { stopRuns } from '../../core/tasks/stop-runs.ts';
import { failChange } from '../../core/tasks/settle.ts';
import type { DistributorDeps } from '../../ports.ts';

/** Times a kill looks again after somebody else changed the task first. */
const racesMax = 5;

const isOpen = ({ status }: TaskRow): boolean => status === 'Queued' || status === 'Processing';

/** Fails a task of its own; answers its row as it was before, undefined when there is none. */
async function failOwn(
  deps: DistributorDeps,
  task_id: string,
  error: TaskError,
): Promise<TaskRow | 'raced' | undefined> {
  for (let race = 0; race < racesMax; race += 1) {
    const [row] = await deps.tasks.get([task_id]);
    if (row === undefined || !isOpen(row)) return row;
    const change = failChange(row, error, deps.sources.now());
    const [changed] = await deps.tasks.change([change]);
    if (changed?.applied !== true) continue;
    const story = { correlation_id: row.correlation_id, causation_id: row.task_id };
    await deps.messenger.announce([failedNews(row, change.patch, story)]);
    return row;
  }
  return 'raced';
}

/**
 * Kills a task that waits or runs: it fails now with `killed`, is not tried again, and becomes a dead letter with the reason; its workflow goes on as after any
 * failure. Its agent is told to stop, and what it still reports is late. A repeat finishes what broke off. Refused with `already-finished` when it ended otherwise.
 */
export async function killTask(
  deps: DistributorDeps,
  request: { readonly task_id: string; readonly principal: string; readonly reason: string },
): Promise<Outcome<TaskRow>> {
  const { task_id, principal, reason } = request;
  const error = { code: 'killed', message: `${reason} (killed by ${principal})`, retryable: false };
  const isOwn = workflowOf(task_id) === undefined;
  const before = isOwn ? await failOwn(deps, task_id, error) : await deps.workflowTasks.fail(task_id, error);
  if (before === undefined) return refused('not-found', `no task has the id ${task_id}`, 'task_id');
  if (before === 'raced') return refused('version-conflict');
  if (!isOpen(before) && before.error?.code !== 'killed')
    return refused('already-finished', `the task is ${before.status}`, 'task_id');
  await stopRuns(deps, runsOf(before), reason);
  const [row = before] = await deps.tasks.get([task_id]);
  return { ok: true, value: row };
}
