import { type Outcome, refused } from '../../../contracts/errors.ts';
import { nodeTaskId, workflowOf } from '../../../contracts/ids.ts';
import type { TaskRow } from '../../../contracts/rows.ts';
import type { WorkflowHead } from '../../../contracts/workflow/rows.ts';
import { isTask } from '../../../contracts/workflow/nodes.ts';
import { cancelChange } from '../../../distributor/core/tasks/task.ts';
import { runsOf } from '../../../distributor/core/tasks/runs.ts';
import { tickDelays } from '../../../distributor/core/tasks/timers.ts';
import { isUndoing, mayBeStopped } from '../../core/run/draft.ts';
import { isDecided } from '../../core/run/graph.ts';
import { isFinished } from '../../core/run/state.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { commitStep } from '../advance/commit-advance.ts';
import { findRun, graphOfRun, type Run } from '../advance/load-run.ts';

/**
 * Who cancels what, and why. With `grace_ms` what runs may end by itself for so long; without it is stopped at once. `compensate` undoes what completed, or does not, whatever the definition's
 * `on_cancel` says.
 */
export interface CancelRequest {
  readonly workflow_id: string;
  readonly principal: string;
  readonly reason: string;
  readonly grace_ms?: number;
  readonly compensate?: boolean | undefined;
}

/** Transactions in a row that may be lost to results which arrive meanwhile. */
const racesMax = 12;

/** Tasks that have not ended, without those that carry a decision out: nothing stops these. */
async function openTasks(deps: WorkflowDeps, run: Run): Promise<readonly TaskRow[]> {
  const { nodes, scopeOf } = graphOfRun(run);
  const { workflow_id, nodes: letters } = run.head;
  const open = nodes.flatMap((node, index) =>
    letters[index] === 'S' && isTask(node) && !isDecided(scopeOf[index]) ? [nodeTaskId(workflow_id, node.name)] : [],
  );
  const rows = open.length === 0 ? [] : await deps.tasks.get(open);
  return rows.flatMap((row) => row ?? []);
}

/** Tells the agents of running tasks to end them by themselves. A lost message costs only time: it comes again, and the end is sure. */
async function askAgents(
  deps: WorkflowDeps,
  { pool, cancel_reason: reason = '' }: WorkflowHead,
  rows: readonly TaskRow[],
  until: string,
): Promise<void> {
  const byAgent = Map.groupBy(rows.flatMap(runsOf), (run) => run.agent_id);
  const messages = [...byAgent].map(async ([agent_id, list]) => {
    const agent = await deps.agents.get(pool, agent_id);
    return list.flatMap(({ task_id, attempt }) =>
      agent === undefined
        ? []
        : [{ inbox_url: agent.inbox_url, message: { kind: 'cancel' as const, task_id, attempt, reason, until } }],
    );
  });
  await deps.messenger.send((await Promise.all(messages)).flat());
}

const isRunning = ({ status }: TaskRow): boolean => status === 'Processing';

/** One look at the run; undefined: somebody else was first. */
async function tryCancel(deps: WorkflowDeps, run: Run, request: CancelRequest): Promise<WorkflowHead | undefined> {
  const { principal: by, reason, grace_ms = 0 } = request;
  const { cancel_reason, cancel_until, compensation } = run.head;
  const isAgain = cancel_reason !== undefined;
  const graph = graphOfRun(run);
  const compensate = request.compensate ?? (graph.definition.on_cancel === 'compensate' && !isAgain);
  const adds = compensate && compensation === undefined;
  // What is being undone goes on, unless somebody stops it at once.
  if (isAgain && compensation !== undefined && grace_ms > 0) return run.head;
  const running = grace_ms === 0 ? [] : (await openTasks(deps, run)).filter(isRunning);
  // Cancelled before: what was decided is carried out all the same, and what has time keeps it unless it is stopped now.
  const isOpen = mayBeStopped(graph, run.head.nodes) || isUndoing(compensation);
  if (isAgain && !adds && (running.length > 0 || !isOpen)) return run.head;
  const until = cancel_until ?? new Date(deps.sources.now() + grace_ms).toISOString();
  const nodes = running.flatMap(({ task_id }) => workflowOf(task_id)?.node ?? []);
  const committed = await commitStep(deps, run, {
    command: { type: 'cancel', by, reason, compensate, ...(nodes.length === 0 ? {} : { grace: { until, nodes } }) },
    changes: [],
    known: new Map(),
    patch: {
      ...(nodes.length === 0 ? {} : { cancel_until: until }),
    },
  });
  if (committed === undefined) return run.head;
  if ('conflict' in committed) return undefined;
  const { head } = committed;
  // Transactions that had not decided abort.
  await deps.messenger.hint(committed.hints);
  if (running.length > 0) {
    await askAgents(deps, head, running, until);
    await deps.messenger.ticks(head.pool, tickDelays([until], deps.sources.now()));
  }
  return head;
}

/**
 * Cancels a workflow: waiting nodes are skipped, queued tasks Cancelled. Running ones have `grace_ms` to end by themselves, and what they come to counts; then, or at once without it, they are Cancelled,
 * their agents told to stop and their slots freed. What has completed stays, or is undone with `compensate`: the workflow then ends when that is done. A second call without grace stops what the first one gave time. Refused with `already-finished` unless it was cancelled before.
 * A cancellation that breaks off is taken up by the pulse.
 */
export async function cancelWorkflow(deps: WorkflowDeps, request: CancelRequest): Promise<Outcome<WorkflowHead>> {
  const { workflow_id } = request;
  for (let races = 0; races < racesMax; races += 1) {
    const run = await findRun(deps, workflow_id);
    if (run === undefined) return refused('not-found', `there is no workflow "${workflow_id}"`, 'workflow_id');
    const { status, cancel_reason } = run.head;
    if (isFinished(status)) {
      if (cancel_reason !== undefined) return { ok: true, value: run.head };
      return refused('already-finished', `the workflow is ${status}`, 'workflow_id');
    }
    const head = await tryCancel(deps, run, request);
    if (head !== undefined) return { ok: true, value: head };
  }
  return refused('version-conflict');
}

/** True for a run that was cancelled and whose tasks still have time to end by themselves, or had it until now. */
export function windsDown(run: Run): boolean {
  const { cancel_until, status, nodes, compensation = 'requested' } = run.head;
  const hasTime = cancel_until !== undefined && compensation === 'requested' && !isFinished(status);
  return hasTime && mayBeStopped(graphOfRun(run), nodes);
}

/**
 * Looks after a run that was cancelled with a grace time: asks its agents again, cancels what was queued again meanwhile, and stops everything once the time is over. A repeat is harmless;
 * the attention mark stays until the workflow has ended.
 */
export async function windDown(deps: WorkflowDeps, run: Run): Promise<void> {
  const { workflow_id, cancel_until: until = '', cancel_reason: reason = '' } = run.head;
  const now = deps.sources.now();
  if (Date.parse(until) <= now) {
    const compensate = run.head.compensation === 'requested';
    await cancelWorkflow(deps, { workflow_id, principal: 'cadre', reason: 'the grace time is over', compensate });
    return;
  }
  const open = await openTasks(deps, run);
  await askAgents(deps, run.head, open.filter(isRunning), until);
  await deps.tasks.change(
    open.filter(({ status }) => status === 'Queued').map((row) => cancelChange(row, { now, reason })),
  );
}
