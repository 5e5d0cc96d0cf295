import { CadreError } from '../../../contracts/errors.ts';
import { nodeTaskId } from '../../../contracts/ids.ts';
import type { WorkflowHead } from '../../../contracts/workflow/rows.ts';
import { isTask } from '../../../contracts/workflow/nodes.ts';
import { runsOf } from '../../../distributor/core/tasks/runs.ts';
import { stopRuns } from '../../../distributor/core/tasks/stop-runs.ts';
import { cancelChange } from '../../../distributor/core/tasks/task.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { graphOfRun, type Run } from './load-run.ts';
import { withdrawApprovals } from '../approvals/withdraw-approvals.ts';

/** Rows cancelled at a time. More: a function that dies leaves more of them to be read again. */
const sweepSizeMax = 100;
/** Times a task is looked at again that its agent or the dispatcher changed first. */
const racesMax = 5;

/** Cancels those of these tasks that have not ended; answers which were changed by somebody else first. */
async function sweep(deps: WorkflowDeps, head: WorkflowHead, ids: readonly string[], reason: string) {
  const rows = (await deps.tasks.get(ids)).flatMap((row) => (row === undefined ? [] : [row]));
  const open = rows.filter(({ status }) => status === 'Queued' || status === 'Processing');
  const now = deps.sources.now();
  const changed = await deps.tasks.change(open.map((row) => cancelChange(row, { now, reason })));
  const cancelled = open.filter((_, index) => changed[index]?.applied === true);
  // Those that were cancelled before as well: whoever did it may have died before it freed their slots.
  await stopRuns(deps, [...cancelled, ...rows.filter(({ status }) => status === 'Cancelled')].flatMap(runsOf), reason);
  await deps.messenger.announce(
    cancelled.map((row) => ({
      type: 'TaskCancelled' as const,
      data: { task_id: row.task_id, by: head.submitted_by, cancelled_at: new Date(now).toISOString() },
      correlation_id: row.correlation_id,
      causation_id: head.workflow_id,
    })),
  );
  return open.flatMap(({ task_id }, index) => (changed[index]?.applied === true ? [] : [task_id]));
}

/**
 * Cancels the tasks of nodes that were stopped: the workflow was cancelled, or what they were part of has ended without them. The graph is done with them, so
 * each is a write of its own; a repeat finds nothing to do. Throws `version-conflict` when a task is changed by others too often: it is still owed then.
 */
export async function sweepStopped(deps: WorkflowDeps, head: WorkflowHead, paths: readonly string[]): Promise<void> {
  const reason = head.cancel_reason ?? 'it is not needed any more';
  for (let at = 0; at < paths.length; at += sweepSizeMax) {
    let left: readonly string[] = paths.slice(at, at + sweepSizeMax).map((path) => nodeTaskId(head.workflow_id, path));
    for (let race = 0; race < racesMax && left.length > 0; race += 1) left = await sweep(deps, head, left, reason);
    if (left.length > 0)
      throw new CadreError('version-conflict', `the task "${left[0] ?? ''}" is changed by too many at once`);
  }
}

/** Stops the tasks, and withdraws the approvals, of all nodes that were stopped so far, should whoever stopped them have died before it told them. */
export async function sweepRun(deps: WorkflowDeps, run: Run): Promise<void> {
  const { head } = run;
  if (!head.nodes.includes('X')) return;
  const stopped = graphOfRun(run).nodes.filter((_, index) => head.nodes[index] === 'X');
  const named = (nodes: typeof stopped) => nodes.map(({ name }) => name);
  await sweepStopped(deps, head, named(stopped.filter(isTask)));
  await withdrawApprovals(deps, head, named(stopped.filter(({ kind }) => kind === 'approval')));
}
