import { workflowOf } from '../../contracts/ids.ts';
import type { DispatchHint } from '../../contracts/messages.ts';
import { succeeded } from '../../distributor/core/succeeded.ts';
import type { Woken } from '../../distributor/ports.ts';
import { isFinished } from '../core/state.ts';
import type { WorkflowDeps } from '../ports.ts';
import { commitStep } from './commit-advance.ts';
import { findRun, graphOfRun } from './load-run.ts';

/** Transactions in a row that may be lost to results which arrive meanwhile; the next pulse tries again. */
const racesMax = 12;

/** Ends the waits of one workflow whose time has come, and takes their timers away. One that nobody waits for any more only loses its timer. */
async function wakeRun(
  deps: WorkflowDeps,
  workflow_id: string,
  paths: readonly string[],
): Promise<readonly DispatchHint[]> {
  for (let race = 0; race < racesMax; race += 1) {
    const run = await findRun(deps, workflow_id);
    const graph = run === undefined ? undefined : graphOfRun(run);
    const waiting = paths.filter((path) => {
      const index = graph?.indexOf.get(path) ?? -1;
      return graph?.nodes[index]?.kind === 'wait' && run?.head.nodes[index] === 'E';
    });
    const outcomes = waiting.map((node) => ({ node, attempt: 0, outcome: 'completed' as const }));
    const isOpen = run !== undefined && !isFinished(run.head.status) && outcomes.length > 0;
    const committed = isOpen
      ? await commitStep(deps, run, { command: { type: 'resolve', outcomes }, changes: [], known: new Map() })
      : undefined;
    if (committed !== undefined && 'conflict' in committed) continue;
    await Promise.all(paths.map((path) => deps.workflows.clearTimer(workflow_id, path)));
    return committed?.hints ?? [];
  }
  return [];
}

/** Ends waits whose time has come. Those of one workflow end together; a workflow that fails keeps no other waiting. */
export async function wakeNodes(deps: WorkflowDeps, ids: readonly string[]): Promise<Woken> {
  const nodes = ids.flatMap((id) => workflowOf(id) ?? []);
  const runs = [...Map.groupBy(nodes, ({ workflow_id }) => workflow_id)];
  const woken = await Promise.allSettled(
    runs.map(([workflow_id, list]) =>
      wakeRun(
        deps,
        workflow_id,
        list.map(({ node }) => node),
      ),
    ),
  );
  const done = succeeded(woken, (index, reason) => {
    deps.log.warn('the waits of a workflow could not be ended', { workflow_id: runs[index]?.[0], reason });
  });
  return { count: done.length, hints: done.flat() };
}
