import { type Outcome, refused } from '../../../contracts/errors.ts';
import { nodeTaskId, workflowOf } from '../../../contracts/ids.ts';
import { runMsMax } from '../../../contracts/limits.ts';
import type { TaskRow } from '../../../contracts/rows.ts';
import type { WorkflowHead } from '../../../contracts/workflow/rows.ts';
import { isTask } from '../../../contracts/workflow/nodes.ts';
import { redriveChange } from '../../../distributor/core/tasks/task.ts';
import { isRedrivable, type WorkflowCommand } from '../../core/run/reducer.ts';
import { isBroken, isFinished } from '../../core/run/state.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { commitStep, hintsOf } from '../advance/commit-advance.ts';
import type { Step } from '../advance/unfold-step.ts';
import { findRun, graphOfRun, type Run, stateOfRun } from '../advance/load-run.ts';
import { resumeWorkflow } from '../advance/resume-workflow.ts';

/** Who steers which workflow. */
export interface SteerRequest {
  readonly workflow_id: string;
  readonly principal: string;
}

/** Transactions in a row that may be lost to results which arrive meanwhile. */
const racesMax = 12;

/** Commits a command that `prepare` makes out of the run as it is, or answers with its refusal; without a command there is nothing to do. */
export async function steer(
  deps: WorkflowDeps,
  workflow_id: string,
  prepare: (run: Run) => Promise<Outcome<Partial<Step> | undefined>>,
): Promise<Outcome<WorkflowHead>> {
  for (let race = 0; race < racesMax; race += 1) {
    const run = await findRun(deps, workflow_id);
    if (run === undefined) return refused('not-found', `there is no workflow "${workflow_id}"`, 'workflow_id');
    const prepared = await prepare(run);
    if (!prepared.ok) return prepared;
    if (prepared.value?.command === undefined) return { ok: true, value: run.head };
    const step = { changes: [], known: new Map(), ...prepared.value, command: prepared.value.command };
    const committed = await commitStep(deps, run, step);
    if (committed === undefined) return { ok: true, value: run.head };
    if ('conflict' in committed) continue;
    await deps.messenger.hint(committed.hints);
    return { ok: true, value: committed.head };
  }
  return refused('version-conflict');
}

/** The refusal of a command that only a run which goes on can take. */
export function finished({ head }: Pick<Run, 'head'>): Outcome<undefined> {
  return refused('already-finished', `the workflow is ${head.status}`, 'workflow_id');
}

/** Lets nothing new start until it is resumed; tasks that are queued or run go on. Refused with `already-finished`. A repeat changes nothing. */
export function pauseWorkflow(deps: WorkflowDeps, { workflow_id, principal }: SteerRequest) {
  return steer(deps, workflow_id, async (run) => {
    if (isFinished(run.head.status)) return finished(run);
    if (run.head.status === 'Not Started')
      return refused('not-started', 'the workflow has not started yet', 'workflow_id');
    return { ok: true, value: { command: { type: 'pause', by: principal } } };
  });
}

/** Starts what became ready while it was paused. Refused with `already-finished`. A repeat changes nothing. */
export function unpauseWorkflow(deps: WorkflowDeps, { workflow_id, principal }: SteerRequest) {
  return steer(deps, workflow_id, async (run) =>
    isFinished(run.head.status) ? finished(run) : { ok: true, value: { command: { type: 'resume', by: principal } } },
  );
}

/** Queues ended tasks of these nodes again; answers with the rows that are open now. Each is a write of its own: whatever they do before the workflow is opened is noticed then. */
async function revive(deps: WorkflowDeps, { head }: Run, paths: readonly string[]): Promise<readonly TaskRow[]> {
  const rows = await deps.tasks.get(paths.map((path) => nodeTaskId(head.workflow_id, path)));
  const ended = rows.flatMap((row) => (row?.status === 'Failed' || row?.status === 'Cancelled' ? [row] : []));
  await deps.tasks.change(ended.map((row) => redriveChange(row, deps.sources.now())));
  return rows.flatMap((row) => (row === undefined ? [] : [row]));
}

/** The rows of a workflow that has ended expire. Before it is opened again they get the time of the longest run there may be; its new end gives them theirs. */
async function keep(deps: WorkflowDeps, { head }: Run): Promise<void> {
  const latestEnd = new Date(deps.sources.now() + runMsMax).toISOString();
  await deps.workflows.retire({ ...head, completed_at: latestEnd });
}

/** The command that opens a workflow again, with the paths of the tasks that run again. */
function reopening(
  run: Run,
  { principal: by, skip }: SteerRequest & { readonly skip: readonly string[] },
): { readonly command: WorkflowCommand; readonly paths: readonly string[] } | undefined {
  const graph = graphOfRun(run);
  const state = stateOfRun(run);
  const { nodes } = run.head;
  if (state.compensation === 'failed' && !isFinished(state.status)) {
    const failed = [...graph.undoes.keys()].filter((index) => nodes[index] === 'F');
    const names = failed.map((index) => graph.nodes[index]?.name ?? '');
    return { command: { type: 'resume-compensation', by, skip }, paths: names.filter((name) => !skip.includes(name)) };
  }
  if (!isRedrivable(state)) return undefined;
  // A superset of what is opened: nodes of a scope that counts no more keep their letters, and their tasks stay as they are.
  const broken = graph.nodes.flatMap((node, index) => {
    if (!isTask(node) || graph.scopesIn.has(index) || nodes[index] === 'K' || !isBroken(nodes[index])) return [];
    for (let scope = graph.scopeOf[index]; scope !== undefined; scope = graph.scopeOf[scope.parent]) {
      const last = graph.scopesIn.get(scope.parent)?.at(-1);
      if (!isBroken(nodes[scope.parent]) || last?.kind !== scope.kind || last.attempt !== scope.attempt) return [];
    }
    return [node.name];
  });
  return { command: { type: 'redrive', by }, paths: broken };
}

/**
 * Runs what failed again: the failed nodes of a workflow that has ended, with everything that was skipped because of them, or the failed compensations of one that
 * waits for a human, of which `skip` names those that count as done. What completed stays. Refused with `already-finished` where there is nothing to redrive.
 */
export async function redriveWorkflow(
  deps: WorkflowDeps,
  request: SteerRequest & { readonly skip?: readonly string[] },
): Promise<Outcome<WorkflowHead>> {
  const { workflow_id } = request;
  const outcome = await steer(deps, workflow_id, async (run) => {
    const open = reopening(run, { ...request, skip: request.skip ?? [] });
    if (open === undefined)
      return refused('already-finished', 'nothing of it has failed that could run again', 'workflow_id');
    if (isFinished(run.head.status)) await keep(deps, run);
    const rows = await revive(deps, run, open.paths);
    await deps.messenger.hint(hintsOf(rows));
    const revived = new Set(rows.map(({ task_id }) => workflowOf(task_id)?.node ?? ''));
    return { ok: true, value: { command: open.command, revived } };
  });
  if (!outcome.ok) return outcome;
  // Starts its execution, and notices tasks that ended between the two writes. The pulse does it where this dies.
  await resumeWorkflow(deps, workflow_id);
  return { ok: true, value: (await deps.workflows.head(workflow_id)) ?? outcome.value };
}
