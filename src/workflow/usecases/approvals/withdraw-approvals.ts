import { CadreError } from '../../../contracts/errors.ts';
import type { WorkflowHead } from '../../../contracts/workflow/rows.ts';
import { withdrawn } from '../../core/approvals/approval.ts';
import type { WorkflowDeps } from '../../ports.ts';

/** Times an approval is looked at again that people changed first. */
const racesMax = 5;

/**
 * Takes approvals out of all inboxes whose nodes were stopped by the advance `seq` or before: a node that was opened again since asks anew, and keeps its people. A repeat finds nothing to do. Throws `version-conflict` when one is changed by others too often:
 * it is still owed then.
 */
export async function withdrawApprovals(
  deps: Pick<WorkflowDeps, 'approvals' | 'sources'>,
  { workflow_id, seq }: Pick<WorkflowHead, 'workflow_id' | 'seq'>,
  paths: readonly string[],
): Promise<void> {
  await Promise.all(
    paths.map(async (path) => {
      for (let race = 0; race < racesMax; race += 1) {
        const row = await deps.approvals.get(workflow_id, path);
        if (row !== undefined && row.seq > seq) return;
        const next = row && withdrawn(row, deps.sources.now());
        if (row === undefined || next === undefined || (await deps.approvals.save(row, next))) return;
      }
      throw new CadreError('version-conflict', `the approval "${workflow_id}:${path}" is changed by too many at once`);
    }),
  );
}
