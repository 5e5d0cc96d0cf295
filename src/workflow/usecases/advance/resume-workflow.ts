import { succeeded } from '../../../distributor/core/tasks/succeeded.ts';
import { workflowOf } from '../../../contracts/ids.ts';
import type { TaskRow } from '../../../contracts/rows.ts';
import type { NodeOutcome } from '../../core/run/settle-nodes.ts';
import { isFinished } from '../../core/run/state.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { windDown, windsDown } from '../steer/cancel-workflow.ts';
import { beginWorkflow } from '../submit/begin-workflow.ts';
import { commitStep } from './commit-advance.ts';
import { finishWorkflow } from './finish-workflow.ts';
import { insertMissing } from './insert-missing.ts';
import { findRun, type Run } from './load-run.ts';
import { moveTasks } from './move-tasks.ts';
import { sweepRun } from './sweep-stopped.ts';

/** A step owed for less than this is probably under way. Shorter: work is done twice; longer: a lost step costs more time. */
const graceMs = 10_000;
/** Marks looked at in one pulse. More: the pulse may time out; the rest comes with the next one. */
const marksMax = 25;

/** Starts what has not started. The graph lives in the table, so it begins even when the execution never calls. */
async function resumeStart(deps: WorkflowDeps, workflow_id: string): Promise<void> {
  await deps.executions.start(workflow_id);
  await beginWorkflow(deps, { workflow_id });
}

/** Ends the execution; where none waits any more, another one shows the end, which is published from here. */
async function resumeFinish(deps: WorkflowDeps, run: Run): Promise<void> {
  const { workflow_id, status, task_token } = run.head;
  if (task_token !== undefined && (await deps.executions.complete(task_token, { workflow_id, status }))) return;
  await deps.executions.start(workflow_id);
  await finishWorkflow(deps, workflow_id);
}

/** Outcomes of nodes whose task has ended although the head does not know it. */
function unnoticed(rows: readonly TaskRow[]): NodeOutcome[] {
  return rows.flatMap((row): NodeOutcome[] => {
    if (row.status === 'Queued' || row.status === 'Processing') return [];
    const who = {
      node: workflowOf(row.task_id)?.node ?? '',
      attempt: row.attempt,
      ...(row.assigned_agent === undefined ? {} : { agent_id: row.assigned_agent }),
    };
    if (row.status === 'Completed') return [{ ...who, outcome: 'completed' }];
    const error = row.error ?? { code: 'task-failed', message: 'no reason was given', retryable: false };
    return [{ ...who, outcome: 'failed', error }];
  });
}

async function resumeProgress(deps: WorkflowDeps, run: Run): Promise<void> {
  const { workflow_id, seq } = run.head;
  if (windsDown(run)) await windDown(deps, run);
  const rows = await insertMissing(deps, run);
  await sweepRun(deps, run);
  await moveTasks(deps, run);
  const outcomes = unnoticed(rows);
  // Also without outcomes: nodes that Cadre itself evaluates may be left from a full transaction.
  const committed = await commitStep(deps, run, {
    command: { type: 'settle', outcomes },
    changes: [],
    known: new Map(rows.map((row) => [workflowOf(row.task_id)?.node ?? '', row])),
  });
  if (committed !== undefined) {
    if ('conflict' in committed) return;
    await deps.messenger.hint(committed.hints);
  }
  if (windsDown(run)) return;
  // Whoever began it, or opened it again, may have died before it started an execution.
  await deps.executions.start(workflow_id);
  await deps.workflows.clearAttention(workflow_id, { from: 0, to: seq });
}

/** Repeats whatever step a workflow owes: its start, the rows of a wide fan-out, a cancellation, its end. Harmless when nothing is owed. */
export async function resumeWorkflow(deps: WorkflowDeps, workflow_id: string): Promise<void> {
  const run = await findRun(deps, workflow_id);
  // Without rows there is nothing to resume, and nothing to mark: they expired.
  if (run === undefined) return deps.workflows.clearAttention(workflow_id, { from: 0, to: Number.MAX_SAFE_INTEGER });
  if (run.head.status === 'Not Started') return resumeStart(deps, workflow_id);
  return isFinished(run.head.status) ? resumeFinish(deps, run) : resumeProgress(deps, run);
}

/**
 * Resumes the workflows that have owed a step for longer than a moment. Answers how many owe one, also those that are left in peace for now, so that
 * the pulse comes back for them. One that fails does not keep the others waiting.
 */
export async function resumeWorkflows(deps: WorkflowDeps, _pool: string): Promise<number> {
  const marks = await deps.workflows.attention(marksMax);
  const due = marks.filter(({ at }) => deps.sources.now() - Date.parse(at) > graceMs).slice(0, marksMax);
  const resumed = await Promise.allSettled(due.map(({ workflow_id }) => resumeWorkflow(deps, workflow_id)));
  succeeded(resumed, (index, reason) => {
    deps.log.warn('a workflow could not be resumed', { workflow_id: due[index]?.workflow_id, reason });
  });
  return marks.length;
}
