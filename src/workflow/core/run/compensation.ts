import { nodesInside, type WorkflowGraph } from './graph.ts';

type Letters = string | readonly string[];

/** True for a node that completed by itself and says how it is undone. Where its fallback did the work, that is undone instead. */
function undoesItself(graph: WorkflowGraph, letters: Letters, index: number): boolean {
  const byFallback = graph.scopesIn.get(index)?.at(-1)?.kind === 'fallback';
  return letters[index] === 'C' && !byFallback && graph.nodes[index]?.compensate_with !== undefined;
}

/** True when a node around this one is undone as a whole. */
function isCovered(graph: WorkflowGraph, letters: Letters, index: number): boolean {
  for (let scope = graph.scopeOf[index]; scope !== undefined; scope = graph.scopeOf[scope.parent]) {
    if (undoesItself(graph, letters, scope.parent)) return true;
  }
  return false;
}

/** Paths of everything that completed and says how it is undone. What lies inside a node that is undone as a whole is left to that. */
export function completedWork(graph: WorkflowGraph, letters: Letters): string[] {
  return graph.nodes.flatMap((node, index) =>
    undoesItself(graph, letters, index) && !isCovered(graph, letters, index) ? [node.name] : [],
  );
}

/** True when a compensation is done, or a human said that it is. */
function isUndone(letters: Letters, index: number): boolean {
  return letters[index] === 'C' || letters[index] === 'H';
}

/** Every node that ran before one of these: its dependencies with all inside them, what is before the nodes around it, and earlier rounds of the same loop. */
function before(graph: WorkflowGraph, nodes: readonly number[]): ReadonlySet<number> {
  const earlier = new Set<number>();
  const queue = [...nodes];
  const queued = new Set(queue);
  const visit = (index: number): void => {
    if (queued.has(index)) return;
    queued.add(index);
    queue.push(index);
  };
  const add = (index: number): void => {
    earlier.add(index);
    visit(index);
    for (const inner of nodesInside(graph, index)) earlier.add(inner);
  };
  for (let at = 0; at < queue.length; at += 1) {
    const index = queue[at] as number;
    for (const dependency of graph.dependencies[index] ?? []) add(dependency);
    const scope = graph.scopeOf[index];
    if (scope === undefined) continue;
    visit(scope.parent);
    for (const other of graph.scopesIn.get(scope.parent) ?? []) {
      const inOrder =
        graph.nodes[scope.parent]?.kind === 'loop' || other.kind !== scope.kind || other.attempt !== scope.attempt;
      if (!inOrder || other.first >= scope.first) continue;
      for (let inner = other.first; inner < other.end; inner += 1) add(inner);
    }
  }
  return earlier;
}

/** Where a compensation stands: what may start now, and whether all of it is done. Linear in the graph. */
export function compensationOf(graph: WorkflowGraph, letters: Letters) {
  const open = [...graph.undoes].filter(([index]) => !isUndone(letters, index));
  const blocked = before(
    graph,
    open.map(([, undone]) => undone),
  );
  return {
    /** In reverse order of the dependencies: nothing that ran after it is still to be undone. */
    startable: open.flatMap(([index, undone]) => (letters[index] === 'W' && !blocked.has(undone) ? [index] : [])),
    isRunning: open.some(([index]) => letters[index] === 'S'),
    isDone: open.length === 0,
  };
}
