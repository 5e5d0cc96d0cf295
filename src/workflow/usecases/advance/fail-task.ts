import { CadreError } from '../../../contracts/errors.ts';
import { workflowOf } from '../../../contracts/ids.ts';
import type { TaskRow } from '../../../contracts/rows.ts';
import { failedNews } from '../../../distributor/core/tasks/task-news.ts';
import type { TaskChange } from '../../../distributor/core/tasks/task-change.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { chargesOfStopped, commitStep } from './commit-advance.ts';
import { findRun, graphOfRun } from './load-run.ts';

/** Times a failure looks again after the workflow or the task was changed first. */
const racesMax = 12;

/** Makes the change of an open task; false when somebody else was first. */
async function tryFail(deps: WorkflowDeps, row: TaskRow, change: TaskChange): Promise<boolean> {
  const { workflow_id = '', node = '' } = workflowOf(row.task_id) ?? {};
  const error = change.patch.error ?? { code: 'task-failed', message: 'no reason was given', retryable: false };
  const run = await findRun(deps, workflow_id);
  const index = run && graphOfRun(run).indexOf.get(node);
  if (run === undefined || index === undefined || run.head.nodes[index] !== 'S') {
    // Its workflow is done with this node, as after a cancellation: the change is the row's alone.
    const [changed] = await deps.tasks.change([change]);
    return changed?.applied === true;
  }
  const who = row.assigned_agent === undefined ? {} : { agent_id: row.assigned_agent };
  const { budget: limits } = run.head;
  const account = limits === undefined ? {} : { account: { limits, charges: chargesOfStopped(row) } };
  const committed = await commitStep(deps, run, {
    command: {
      type: 'settle',
      outcomes: [{ node, attempt: row.attempt, ...who, outcome: 'failed', error }],
      ...account,
    },
    changes: [change],
    known: new Map([[node, { error }]]),
  });
  if (committed === undefined || 'conflict' in committed) return false;
  await deps.messenger.hint(committed.hints);
  const story = { correlation_id: row.correlation_id, causation_id: row.task_id };
  await deps.messenger.announce([failedNews(row, change.patch, story)]);
  return true;
}

/**
 * Fails a task of a workflow that waits or runs, over its agent's head: the task, the node's failure and what follows commit together. `decide` says how, by the row as it is
 * then; undefined leaves it. Answers the row as it was before; one that had ended stays as it is. Undefined when there is none. Throws `version-conflict` after too many lost races.
 */
export async function failWorkflowTask(
  deps: WorkflowDeps,
  task_id: string,
  decide: (row: TaskRow, now: number) => TaskChange | undefined,
): Promise<TaskRow | undefined> {
  for (let race = 0; race < racesMax; race += 1) {
    const [row] = await deps.tasks.get([task_id]);
    if (row === undefined || (row.status !== 'Queued' && row.status !== 'Processing')) return row;
    const change = decide(row, deps.sources.now());
    if (change === undefined || (await tryFail(deps, row, change))) return row;
  }
  throw new CadreError('version-conflict', `the task "${task_id}" is changed by too many at once`);
}
