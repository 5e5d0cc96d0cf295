import type { Fault } from '../../../contracts/errors.ts';
import { branchesOf } from '../../../contracts/workflow/nodes.ts';
import type { WorkflowGraph } from './graph.ts';
import { isCompleted, type NodeLetter, nodeStatusOf } from './state.ts';

/** What a branching node that is taken over went on with, by its name. */
export type Taken = ReadonlyMap<string, readonly string[]>;

/** The nodes that run again: those to begin at, with everything after them. */
function downstream(graph: WorkflowGraph, from: readonly number[]): ReadonlySet<number> {
  const again = new Set(from);
  for (const index of again) for (const next of graph.dependents[index] ?? []) again.add(next);
  return again;
}

/** True for a node that a choice or an event which is taken over did not go on with. */
function isPassedOver(graph: WorkflowGraph, index: number, again: ReadonlySet<number>, taken: Taken): boolean {
  const name = graph.nodes[index]?.name ?? '';
  return (graph.dependencies[index] ?? []).some((each) => {
    if (again.has(each)) return false;
    const named = branchesOf(graph.nodes[each]).flatMap(([, names]) => names);
    const went = taken.get(graph.nodes[each]?.name ?? '');
    return went !== undefined && named.includes(name) && !went.includes(name);
  });
}

/**
 * The letters that a new run begins with, one for each node of the definition (`graph` is its own, without what joined): what completed is taken over, as is
 * what failed where that did not matter and what no choice went on with; the nodes to begin at and everything after them wait. Refused with every reason why not.
 */
export function keptLetters(
  graph: WorkflowGraph,
  letters: string,
  from: readonly string[],
  taken: Taken,
): { readonly kept: string } | { readonly faults: readonly Fault[] } {
  const begin = from.map((name) => graph.indexOf.get(name));
  const unknown = from.flatMap((name, at): Fault[] => {
    if (begin[at] !== undefined) return [];
    const message = `the definition has no node "${name}"`;
    return [{ code: 'unknown-dependency', path: `from[${at}]`, message, fix: 'name a node of the definition itself' }];
  });
  if (unknown.length > 0) return { faults: unknown };
  const again = downstream(
    graph,
    begin.flatMap((index) => index ?? []),
  );
  const faults: Fault[] = [];
  const kept = graph.nodes.map((node, index): NodeLetter => {
    const letter = letters[index] as NodeLetter;
    const isPassed = isPassedOver(graph, index, again, taken);
    if (isPassed && from.includes(node.name)) {
      const message = `"${node.name}" was not taken by the node before it`;
      faults.push({
        code: 'not-reusable',
        path: 'from',
        message,
        fix: 'begin at the choice or the event that decides',
      });
    }
    if (isPassed) return 'N';
    if (again.has(index)) return 'W';
    if (isCompleted(letter)) return 'R';
    if (letter === 'H' || letter === 'N') return letter;
    const message = `"${node.name}", which is not after the nodes to begin at, is ${nodeStatusOf[letter]}`;
    faults.push({ code: 'not-reusable', path: 'from', message, fix: `begin at "${node.name}" as well` });
    return 'W';
  });
  return faults.length > 0 ? { faults } : { kept: kept.join('') };
}
