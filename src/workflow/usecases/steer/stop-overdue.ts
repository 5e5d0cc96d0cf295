import { CadreError } from '../../../contracts/errors.ts';
import { runMsMax } from '../../../contracts/limits.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { cancelWorkflow } from './cancel-workflow.ts';

const daysMax = runMsMax / 86_400_000;

/**
 * Stops a run at the longest time that one may last, while all of its outputs are still at hand: a cancellation by Cadre whose reason says `run-too-long`. What completed stays, or is undone where
 * the definition says so. One that has ended stays as it is. Throws `version-conflict` when others changed it too often: it must then be asked again.
 */
export async function stopOverdue(deps: WorkflowDeps, workflow_id: string): Promise<void> {
  const reason = `run-too-long: it had not ended ${daysMax} days after its execution began`;
  const outcome = await cancelWorkflow(deps, { workflow_id, principal: 'cadre', reason });
  if (!outcome.ok && outcome.error.code !== 'already-finished')
    throw new CadreError(outcome.error.code, outcome.error.message);
}
