import { CadreError } from '../../contracts/errors.ts';
import { isFinished } from '../core/state.ts';
import type { WorkflowDeps } from '../ports.ts';
import { commitStep } from './commit-advance.ts';
import { loadRun } from './load-run.ts';
import { takeOver } from './take-over.ts';

/** What the execution's Run state sends; the pulse begins without a token when no execution came. */
export interface BeginRequest {
  readonly workflow_id: string;
  readonly task_token?: string;
}

/** Attempts to win a race against another beginning, which can only be lost once. */
const beginTriesMax = 3;

/**
 * Stores the callback token and starts the nodes without dependencies, in one advance. Called again, it only replaces the token; for a workflow
 * that has ended meanwhile it ends the Run state at once.
 */
export async function beginWorkflow(deps: WorkflowDeps, request: BeginRequest): Promise<void> {
  const { workflow_id, task_token } = request;
  const token = task_token === undefined ? {} : { task_token };
  for (let attempt = 0; attempt < beginTriesMax; attempt += 1) {
    const run = await loadRun(deps, workflow_id);
    if (run.head.status !== 'Not Started') {
      if (task_token === undefined) return;
      await deps.workflows.setToken(workflow_id, task_token);
      // Read again after the token is stored: whoever finishes later sees the token, whoever finished before is seen here.
      const head = (await deps.workflows.head(workflow_id)) ?? run.head;
      if (isFinished(head.status)) await deps.executions.complete(task_token, { workflow_id, status: head.status });
      return;
    }
    await takeOver(deps, run);
    const committed = await commitStep(deps, run, {
      command: { type: 'begin', rerun: run.pinned.rerun },
      changes: [],
      known: new Map(),
      patch: { ...token, ...(run.pinned.rerun === undefined ? {} : { results: true as const }) },
    });
    if (committed === undefined || 'conflict' in committed) continue;
    await deps.messenger.hint(committed.hints);
    const { correlation_id, name } = run.head;
    await deps.messenger.announce([
      { type: 'WorkflowStarted', data: { workflow_id, name }, correlation_id, causation_id: workflow_id },
    ]);
    return;
  }
  throw new CadreError('version-conflict', `the workflow "${workflow_id}" was changed by others while it began`);
}
