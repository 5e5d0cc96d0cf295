import { type Outcome, refused } from '../../contracts/errors.ts';
import type { WorkflowHead } from '../../contracts/rows.ts';
import { isFinished } from '../core/state.ts';
import type { WorkflowDeps } from '../ports.ts';
import { commitStep } from './commit-advance.ts';
import { findRun } from './load-run.ts';

/** Who cancels what, and why. */
export interface CancelRequest {
  readonly workflow_id: string;
  readonly principal: string;
  readonly reason: string;
}

/** Transactions in a row that may be lost to results which arrive meanwhile. */
const racesMax = 12;

/**
 * Cancels a workflow: waiting nodes are skipped, queued and running tasks Cancelled, agents told to stop and their slots freed. What has completed
 * stays. Refused with `already-finished` unless it was cancelled before. A cancellation that breaks off is taken up by the pulse.
 */
export async function cancelWorkflow(deps: WorkflowDeps, request: CancelRequest): Promise<Outcome<WorkflowHead>> {
  const { workflow_id, principal, reason } = request;
  for (let races = 0; races < racesMax; races += 1) {
    const run = await findRun(deps, workflow_id);
    if (run === undefined) return refused('not-found', `there is no workflow "${workflow_id}"`, 'workflow_id');
    const { status, cancel_reason } = run.head;
    if (isFinished(status)) {
      if (cancel_reason !== undefined) return { ok: true, value: run.head };
      return refused('already-finished', `the workflow is ${status}`, 'workflow_id');
    }
    // Cancelled before: a transaction that was decided is still carried out.
    if (cancel_reason !== undefined) return { ok: true, value: run.head };
    const committed = await commitStep(deps, run, {
      command: { type: 'cancel', by: principal, reason },
      changes: [],
      known: new Map(),
      patch: { cancel_reason: reason },
    });
    if (committed !== undefined && 'head' in committed) return { ok: true, value: committed.head };
  }
  return refused('version-conflict');
}
