import { CadreError } from '../../contracts/errors.ts';
import type { WorkflowHead } from '../../contracts/rows.ts';
import type { PinnedDefinition, WorkflowDeps } from '../ports.ts';

/** A run as an advance sees it: its head now, and the definition that was pinned when it was submitted. */
export interface Run {
  readonly head: WorkflowHead;
  readonly pinned: PinnedDefinition;
}

/** Loads a run; undefined when there is none (or its rows have expired). */
export async function findRun(deps: WorkflowDeps, workflow_id: string): Promise<Run | undefined> {
  const [head, pinned] = await Promise.all([deps.workflows.head(workflow_id), deps.workflows.definition(workflow_id)]);
  return head === undefined || pinned === undefined ? undefined : { head, pinned };
}

/** Loads a run. Throws `not-found`. */
export async function loadRun(deps: WorkflowDeps, workflow_id: string): Promise<Run> {
  const run = await findRun(deps, workflow_id);
  if (run === undefined) throw new CadreError('not-found', `there is no workflow "${workflow_id}"`);
  return run;
}
