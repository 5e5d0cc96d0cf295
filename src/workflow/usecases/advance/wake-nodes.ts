import { workflowOf } from '../../../contracts/ids.ts';
import type { DispatchHint } from '../../../contracts/messages.ts';
import { succeeded } from '../../../distributor/core/tasks/succeeded.ts';
import type { Woken } from '../../../distributor/ports.ts';
import { isFinished } from '../../core/run/state.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { commitStep } from './commit-advance.ts';
import { findRun, type Run } from './load-run.ts';
import { progressOf } from './node-values.ts';
import type { Resolved } from './resolved.ts';
import { runOut } from './resolve-nodes.ts';
import { isHeld, timeIsUp } from './resolve-waits.ts';

/** Transactions in a row that may be lost to results which arrive meanwhile; the next pulse tries again. */
const racesMax = 12;

/** The ends of those of these nodes that still wait, for a time or for what runs inside them. */
async function overdue(deps: WorkflowDeps, run: Run, paths: readonly string[]): Promise<readonly Resolved[]> {
  const progress = progressOf(run);
  const { graph } = progress;
  const ends = paths.map(async (path) => {
    const index = graph.indexOf.get(path) ?? -1;
    const node = graph.nodes[index];
    if (progress.letters[index] === 'P') return { outcome: { node: path, attempt: 0, outcome: 'woken' as const } };
    if (node?.kind !== 'wait' && node?.kind !== 'event') return runOut(deps, progress, index);
    return isHeld(progress, index) ? timeIsUp(deps, progress, node) : undefined;
  });
  return (await Promise.all(ends)).filter((end) => end !== undefined);
}

/** Those of these timers whose time has come. The index that named them may lag behind a row which has another time by now. */
async function fired(deps: WorkflowDeps, workflow_id: string, paths: readonly string[]) {
  const timers = await deps.workflows.timers(workflow_id, paths);
  return timers.filter(({ until }) => Date.parse(until) <= deps.sources.now());
}

/** Ends the waits of one workflow whose time has come, and takes their timers away. One that nobody waits for any more only loses its timer. */
async function wakeRun(
  deps: WorkflowDeps,
  workflow_id: string,
  paths: readonly string[],
): Promise<readonly DispatchHint[]> {
  for (let race = 0; race < racesMax; race += 1) {
    // The run first: a timer that is set after it was read is that of an advance which its commit loses to.
    const run = await findRun(deps, workflow_id);
    const timers = await fired(deps, workflow_id, paths);
    const isOpen = run !== undefined && !isFinished(run.head.status);
    const resolved = isOpen
      ? await overdue(
          deps,
          run,
          timers.map(({ path }) => path),
        )
      : [];
    const outcomes = resolved.map(({ outcome }) => outcome);
    const committed =
      isOpen && outcomes.length > 0
        ? await commitStep(deps, run, {
            command: { type: 'resolve', outcomes },
            changes: [],
            known: new Map(),
            resolved,
          })
        : undefined;
    if (committed !== undefined && 'conflict' in committed) continue;
    await Promise.all(timers.map((timer) => deps.workflows.clearTimer(timer)));
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
