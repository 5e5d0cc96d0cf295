import { nodeTaskId } from '../../../contracts/ids.ts';
import type { TaskRow } from '../../../contracts/rows.ts';
import { startedNodes } from '../../core/run/state.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { commitStep, hintsOf, writeRoutes } from './commit-advance.ts';
import { joinedIn, type Run } from './load-run.ts';
import { progressOf } from './node-values.ts';
import { prepareNodes } from './prepare-nodes.ts';

/**
 * Inserts the rows that started nodes still miss: what is left of a wide fan-out whose function died. Answers with the rows of all started nodes
 * that were there before. An input that fails this time fails its node.
 */
export async function insertMissing(deps: WorkflowDeps, run: Run): Promise<readonly TaskRow[]> {
  const { head, pinned } = run;
  const names = startedNodes(pinned.definition, head.nodes, joinedIn(run));
  const found = await deps.tasks.get(names.map((name) => nodeTaskId(head.workflow_id, name)));
  const missing = names.filter((_, index) => found[index] === undefined);
  if (missing.length > 0) {
    const { rows, failures } = await prepareNodes(deps, progressOf(run), missing);
    await writeRoutes(deps, rows);
    await deps.tasks.insert(rows);
    await deps.messenger.hint(hintsOf(rows));
    if (failures.length > 0) {
      const outcomes = failures.map((each) => ({ ...each, outcome: 'failed' as const, attempt: 0 }));
      await commitStep(deps, run, { command: { type: 'resolve', outcomes }, changes: [], known: new Map() });
    }
  }
  return found.flatMap((row) => (row === undefined ? [] : [row]));
}
