import { depthMax, nodesMax, pathCharactersMax } from '../../../contracts/limits.ts';
import type { WorkflowBody } from '../../../contracts/workflow/nodes.ts';
import { depthOf } from '../../core/run/graph.ts';
import type { Progress } from './node-values.ts';

/** Says why nodes may not join the graph: too many of them, too deep, or with names that have become too long. */
export function refusal(
  { graph }: Progress,
  index: number,
  body: WorkflowBody,
  prefix: string,
  count: number,
): string | undefined {
  const grown = graph.nodes.length + body.nodes.length * count;
  if (grown > nodesMax) return `the workflow would grow to ${grown} nodes, more than ${nodesMax}`;
  if (depthOf(graph, index) >= depthMax) return `its nodes would lie more than ${depthMax} deep`;
  const longest = Math.max(...body.nodes.map(({ name }) => name.length)) + prefix.length;
  return longest > pathCharactersMax
    ? `a path inside would have ${longest} characters, more than ${pathCharactersMax}`
    : undefined;
}

/** Which try of a node goes on, or begins now. */
export function turnOf({ graph, letters }: Progress, index: number): number {
  const attempt = graph.scopesIn.get(index)?.at(-1)?.attempt ?? 0;
  return letters[index] === 'S' ? attempt + 1 : attempt;
}
