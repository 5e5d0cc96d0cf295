import type { WorkflowGraph } from '../run/graph.ts';

/** A shortest way from `start` back to itself inside its component, as indexes, `start` first. Breadth first. */
function shortestCycle(graph: WorkflowGraph, start: number, component: ReadonlySet<number>): number[] {
  const cameFrom = new Map<number, number>();
  const queue = [start];
  for (let head = 0; head < queue.length; head += 1) {
    const at = queue[head] as number;
    for (const next of graph.dependencies[at] ?? []) {
      if (next === start) {
        const cycle = [at];
        for (let step = at; step !== start;) {
          step = cameFrom.get(step) as number;
          cycle.push(step);
        }
        return cycle.reverse();
      }
      if (!component.has(next) || cameFrom.has(next)) continue;
      cameFrom.set(next, at);
      queue.push(next);
    }
  }
  return [start];
}

/** Tarjan's strongly connected components, with a stack of its own so that a chain of 10,000 nodes cannot exhaust the real one. */
function components(graph: WorkflowGraph): number[][] {
  const size = graph.nodes.length;
  const order = new Int32Array(size).fill(-1);
  const low = new Int32Array(size);
  const onPath = new Uint8Array(size);
  const path: number[] = [];
  const found: number[][] = [];
  let counter = 0;
  const enter = (index: number): { index: number; edge: number } => {
    order[index] = low[index] = counter;
    counter += 1;
    path.push(index);
    onPath[index] = 1;
    return { index, edge: 0 };
  };
  const lower = (index: number, value: number | undefined): void => {
    low[index] = Math.min(low[index] as number, value as number);
  };
  const leave = (index: number): void => {
    if (low[index] !== order[index]) return;
    const members = path.splice(path.lastIndexOf(index));
    for (const member of members) onPath[member] = 0;
    found.push(members);
  };
  for (let root = 0; root < size; root += 1) {
    if (order[root] !== -1) continue;
    const calls = [enter(root)];
    for (let call = calls.at(-1); call !== undefined; call = calls.at(-1)) {
      const next = graph.dependencies[call.index]?.[call.edge];
      call.edge += 1;
      if (next === undefined) {
        calls.pop();
        leave(call.index);
        const parent = calls.at(-1);
        if (parent !== undefined) lower(parent.index, low[call.index]);
      } else if (order[next] === -1) calls.push(enter(next));
      else if (onPath[next] === 1) lower(call.index, order[next]);
    }
  }
  return found;
}

/** One shortest cycle for each knot of the graph, as node indexes; empty when the graph can be run. Linear in nodes and edges. */
export function findCycles(graph: WorkflowGraph): readonly (readonly number[])[] {
  return components(graph)
    .filter(
      (members) =>
        members.length > 1 || members.some((member) => graph.dependencies[member]?.includes(member) === true),
    )
    .map((members) =>
      shortestCycle(
        graph,
        members.reduce((least, member) => Math.min(least, member)),
        new Set(members),
      ),
    );
}
