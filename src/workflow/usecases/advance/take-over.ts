import type { EndedTask } from '../../../contracts/workflow/rows.ts';
import { graphOf } from '../../core/run/graph.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { graphOfRun, loadRun, type Run } from './load-run.ts';
import { storedEnds } from './node-values.ts';

/** How these nodes of a run ended, as it is stored. */
export function endsOf(
  deps: WorkflowDeps,
  run: Run,
  paths: readonly string[],
): Promise<ReadonlyMap<string, EndedTask>> {
  return storedEnds(deps, { run, graph: graphOfRun(run) }, paths);
}

/**
 * Copies what nodes came to that a new run takes over from another one, as far as anything will ask for it: what a node that still waits depends on, and what ends the
 * graph. The copies expire with the new run. A repeat writes the same.
 */
export async function takeOver(deps: WorkflowDeps, { head, pinned }: Run): Promise<void> {
  const { rerun, definition } = pinned;
  if (rerun === undefined) return;
  const graph = graphOf(definition);
  const needed = graph.nodes.flatMap(({ name }, index) => {
    const after = graph.dependents[index] ?? [];
    const isAsked = after.length === 0 || after.some((each) => rerun.nodes[each] === 'W');
    return isAsked && (rerun.nodes[index] === 'R' || rerun.nodes[index] === 'H') ? [name] : [];
  });
  const ends = await endsOf(deps, await loadRun(deps, rerun.of), needed);
  const { workflow_id } = head;
  await deps.workflows.putResults(
    [...ends].map(([path, { output, error }]) => ({
      workflow_id,
      path,
      ...(output === undefined ? {} : { output }),
      ...(error === undefined ? {} : { error }),
    })),
  );
}
