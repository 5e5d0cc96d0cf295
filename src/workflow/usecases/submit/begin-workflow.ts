import { CadreError } from '../../../contracts/errors.ts';
import { succeeded } from '../../../distributor/core/tasks/succeeded.ts';
import type { WorkflowHead } from '../../../contracts/workflow/rows.ts';
import { isFinished } from '../../core/run/state.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { commitStep, type Committed } from '../advance/commit-advance.ts';
import type { Run } from '../advance/load-run.ts';
import { takeOver } from '../advance/take-over.ts';

/** What the execution's Run state sends; the submission and the pulse begin without a token. */
export interface BeginRequest {
  readonly workflow_id: string;
  readonly task_token?: string;
  /** When the execution started, and how often its Run state was tried again. */
  readonly execution?: { readonly started_at: string; readonly retries: number };
}

/** Attempts to win a race against another beginning, which can only be lost once. */
const beginTriesMax = 3;

/** More than the tries of one Run state. */
const triesMax = 1_000;

/** Later executions, and later tries of one, have higher numbers. */
function orderOf({ execution }: BeginRequest): number {
  return execution === undefined ? 0 : Date.parse(execution.started_at) * triesMax + execution.retries;
}

/** The head, with this token on it if there is one and none of a later execution is there. */
async function headOf(deps: WorkflowDeps, request: BeginRequest): Promise<WorkflowHead> {
  const { workflow_id, task_token } = request;
  const head = await (task_token === undefined
    ? deps.workflows.head(workflow_id)
    : deps.workflows.setToken(workflow_id, task_token, orderOf(request)));
  if (head === undefined) throw new CadreError('not-found', `there is no workflow "${workflow_id}"`);
  return head;
}

/** Starts the nodes without dependencies, in one advance; undefined when somebody else was first. */
async function commitBegin(deps: WorkflowDeps, { head, pinned }: Pick<Run, 'head' | 'pinned'>, owesExecution: boolean) {
  const run: Run = { head, pinned, expansions: [] };
  await takeOver(deps, run);
  const committed = await commitStep(deps, run, {
    command: { type: 'begin', rerun: pinned.rerun },
    changes: [],
    known: new Map(),
    owesExecution,
    ...(pinned.rerun === undefined ? {} : { patch: { results: true } }),
  });
  return committed === undefined || 'conflict' in committed ? undefined : committed;
}

async function tell(deps: WorkflowDeps, begun: readonly Committed[]): Promise<void> {
  await deps.messenger.hint(begun.flatMap(({ hints }) => hints));
  await deps.messenger.announce(
    begun.map(({ head: { workflow_id, name, correlation_id } }) => ({
      type: 'WorkflowStarted',
      data: { workflow_id, name },
      correlation_id,
      causation_id: workflow_id,
    })),
  );
}

/**
 * Stores the callback token, if there is one, and begins a workflow that was not begun by its submission. Called again, it only replaces the token, never one of a later execution; for a
 * workflow that has ended meanwhile it ends the Run state at once.
 */
export async function beginWorkflow(deps: WorkflowDeps, request: BeginRequest): Promise<void> {
  const { workflow_id, task_token } = request;
  for (let attempt = 0; attempt < beginTriesMax; attempt += 1) {
    const head = await headOf(deps, request);
    if (head.status !== 'Not Started') {
      if (task_token !== undefined && isFinished(head.status))
        await deps.executions.complete(task_token, { workflow_id, status: head.status });
      return;
    }
    const pinned = await deps.workflows.definition(workflow_id);
    if (pinned === undefined) throw new CadreError('not-found', `"${workflow_id}" has no definition any more`);
    const begun = await commitBegin(deps, { head, pinned }, false);
    if (begun !== undefined) return tell(deps, [begun]);
  }
  throw new CadreError('version-conflict', `the workflow "${workflow_id}" was changed by others while it began`);
}

/**
 * Begins workflows that were just created, so that their first tasks need not wait for an execution; hints and events of all go out together. One that fails is
 * only warned of: its execution begins it, or the pulse does. Answers with the heads of those that begun. Their marks of the creation stay: their executions are still owed.
 */
export async function beginCreated(
  deps: WorkflowDeps,
  created: readonly Pick<Run, 'head' | 'pinned'>[],
): Promise<readonly WorkflowHead[]> {
  const settled = await Promise.allSettled(created.map((run) => commitBegin(deps, run, true)));
  const begun = succeeded(settled, (index, reason) => {
    deps.log.warn('a workflow is left to its execution to begin', {
      workflow_id: created[index]?.head.workflow_id,
      reason,
    });
  });
  const committed = begun.flatMap((each) => each ?? []);
  await tell(deps, committed);
  return committed.map(({ head }) => head);
}
