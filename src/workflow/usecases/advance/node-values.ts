import { isTask } from '../../../contracts/workflow/nodes.ts';
import { nodeTaskId } from '../../../contracts/ids.ts';
import type { KeptSignal } from '../../../contracts/workflow/signal.ts';
import type { EndedTask, SignalRow } from '../../../contracts/workflow/rows.ts';
import { type WorkflowGraph } from '../../core/run/graph.ts';
import type { ExpressionValues } from '../../core/expressions/expression.ts';
import { type EndedNode, valuesOf } from '../../core/run/input.ts';
import { hasEnded } from '../../core/run/state.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { graphOfRun, type Run } from './load-run.ts';
import { loadJson } from './stored-json.ts';

/** Ends that are not stored yet, by path: those which the advance itself settles. */
export type KnownEnds = ReadonlyMap<string, EndedTask>;

/** A run in the middle of an advance: its graph and letters as they are by now. */
export interface Progress {
  readonly run: Run;
  readonly graph: WorkflowGraph;
  readonly letters: string;
  readonly known: KnownEnds;
  /** Events that no node has taken. */
  readonly signals: readonly KeptSignal[];
  /** Events that the advance itself receives, by their ids: they are not stored yet. */
  readonly received: ReadonlyMap<string, SignalRow>;
}

const nothing: ReadonlyMap<string, SignalRow> = new Map();

/** A run as it stands, before any step. */
export function progressOf(run: Run, known: KnownEnds = new Map()): Progress {
  const { nodes: letters, signals = [] } = run.head;
  return { run, graph: graphOfRun(run), letters, known, signals, received: nothing };
}

/** A task leaves its end in its row; what is more than a task, or never came to its task, leaves it in a result of the workflow. */
export async function storedEnds(
  deps: WorkflowDeps,
  { run, graph }: Pick<Progress, 'run' | 'graph'>,
  paths: readonly string[],
) {
  const { workflow_id } = run.head;
  const ends = new Map<string, EndedTask>();
  const plain = paths.filter((path) => {
    const index = graph.indexOf.get(path) ?? -1;
    return isTask(graph.nodes[index]) && !graph.scopesIn.has(index);
  });
  const rows = plain.length === 0 ? [] : await deps.tasks.get(plain.map((path) => nodeTaskId(workflow_id, path)));
  for (const [at, path] of plain.entries()) {
    const row = rows[at];
    if (row !== undefined) ends.set(path, row);
  }
  const others = paths.filter((path) => !ends.has(path));
  const results = others.length === 0 ? [] : await deps.workflows.results(workflow_id, others);
  for (const [at, path] of others.entries()) {
    const result = results[at];
    if (result !== undefined) ends.set(path, result);
  }
  return ends;
}

/** How these nodes ended: from the advance itself where it settles them, else from their rows. Nodes that have not ended are left out. */
export async function loadEnds(deps: WorkflowDeps, progress: Progress, indexes: readonly number[]) {
  const { graph, letters, known } = progress;
  const paths = indexes.flatMap((index) => (hasEnded(letters[index]) ? [graph.nodes[index]?.name ?? ''] : []));
  const missing = paths.filter((path) => !known.has(path));
  const stored = missing.length === 0 ? new Map<string, EndedTask>() : await storedEnds(deps, progress, missing);
  const ends = new Map<string, EndedNode>();
  await Promise.all(
    paths.map(async (path) => {
      const end = known.get(path) ?? stored.get(path);
      if (end === undefined) return;
      const output = await loadJson(deps, end.output);
      ends.set(path, { output, ...(end.error === undefined ? {} : { error: end.error }) });
    }),
  );
  return ends;
}

/** What the nodes around a node give it: the nearest `input`, `item`, `index`, `last` and `error`. `input` is the workflow's own. */
function surroundings({ run, graph }: Progress, index: number, input: unknown): ExpressionValues {
  const values: Record<string, unknown> = {};
  for (let scope = graph.scopeOf[index]; scope !== undefined; scope = graph.scopeOf[scope.parent]) {
    const row = run.expansions[scope.expansion];
    const { items, ...given } = row?.values ?? {};
    const own: Record<string, unknown> = { ...given };
    if (items !== undefined) own['item'] = items[scope.index];
    if (scope.kind === 'body') own['index'] = scope.index;
    if (row?.event.type === 'NodeExpanded' && row.event.error !== undefined) own['error'] = row.event.error;
    for (const [name, value] of Object.entries(own)) if (!Object.hasOwn(values, name)) values[name] = value;
  }
  return { input, ...values };
}

/**
 * What expressions of these nodes see: what is around each of them, and how its direct dependencies ended. Everything is read at once, the answer
 * gives the values of each.
 */
export async function valuesFor(
  deps: WorkflowDeps,
  progress: Progress,
  indexes: readonly number[],
): Promise<(index: number) => ExpressionValues> {
  if (indexes.length === 0) return () => ({ input: undefined });
  const { run, graph, letters } = progress;
  const needed = [...new Set(indexes.flatMap((index) => graph.dependencies[index] ?? []))];
  const [input, ends] = await Promise.all([loadJson(deps, run.pinned.input), loadEnds(deps, progress, needed)]);
  return (index) => ({
    ...surroundings(progress, index, input),
    ...valuesOf(graph, letters, graph.dependencies[index] ?? [], ends),
  });
}
