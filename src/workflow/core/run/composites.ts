import { isTask, type WorkflowNode } from '../../../contracts/workflow/nodes.ts';
import { type Scope, scopesNow, type WorkflowGraph } from './graph.ts';
import { hasEnded, isBroken } from './state.ts';

/** What a node that holds others has come to: it waits on, its next round is to be decided, or it ends. */
export type Judgement = 'wait' | 'round' | 'complete' | { readonly fail: string; readonly by?: number };

/** How a scope is: `waiting` before its first node, `running`, then `completed`, or `failed` when something in it went wrong. */
export function scopeStatus(
  letters: string | readonly string[],
  scope: Scope,
): 'waiting' | 'running' | 'completed' | 'failed' {
  let ended = true;
  let broken = false;
  let begun = false;
  for (let index = scope.first; index < scope.end; index += 1) {
    const letter = letters[index];
    if (letter !== 'W') begun = true;
    if (!hasEnded(letter)) ended = false;
    else if (isBroken(letter)) broken = true;
  }
  if (ended) return broken ? 'failed' : 'completed';
  return begun ? 'running' : 'waiting';
}

/** Names what went wrong in a scope, and the node that failed. */
function failureIn(
  graph: WorkflowGraph,
  letters: string | readonly string[],
  scope: Scope,
): { fail: string; by?: number } {
  for (let index = scope.first; index < scope.end; index += 1) {
    if (letters[index] === 'F') return { fail: `"${graph.nodes[index]?.name ?? ''}" failed`, by: index };
  }
  return { fail: `"${graph.nodes[scope.first]?.name ?? ''}" did not complete` };
}

function judgeOne(graph: WorkflowGraph, letters: string | readonly string[], scope: Scope): Judgement {
  const status = scopeStatus(letters, scope);
  if (status === 'failed') return failureIn(graph, letters, scope);
  return status === 'completed' ? 'complete' : 'wait';
}

function judgeMap(
  graph: WorkflowGraph,
  letters: string | readonly string[],
  scopes: readonly Scope[],
  tolerated: number,
): Judgement {
  let open = false;
  const failed: Scope[] = [];
  for (const scope of scopes) {
    const status = scopeStatus(letters, scope);
    if (status === 'failed') failed.push(scope);
    else if (status !== 'completed') open = true;
  }
  const [first] = failed;
  if (first !== undefined && failed.length > tolerated) {
    const { fail, ...who } = failureIn(graph, letters, first);
    return { ...who, fail: `${fail}: more than the ${tolerated} tolerated failures` };
  }
  return open ? 'wait' : 'complete';
}

function judgeGather(letters: string | readonly string[], { sinks }: Scope, need: 'all' | 'first' | number): Judgement {
  const wanted = need === 'all' ? sinks.length : need === 'first' ? 1 : need;
  const completed = sinks.filter((index) => letters[index] === 'C').length;
  if (completed >= wanted) return 'complete';
  const open = sinks.filter((index) => !hasEnded(letters[index])).length;
  return completed + open >= wanted
    ? 'wait'
    : { fail: `only ${completed} of ${sinks.length} completed, ${wanted} are needed` };
}

/** Nodes that wait for something which is no node. */
const waitKinds = ['wait', 'event', 'approval'];

/** Judges an expanded node by what it holds: its own rule for its body, all of it for a fallback or a plan. */
function judge(graph: WorkflowGraph, letters: string | readonly string[], index: number): Judgement {
  const node = graph.nodes[index] as WorkflowNode;
  const scopes = scopesNow(graph, index);
  const last = scopes.at(-1);
  if (last === undefined) return waitKinds.some((kind) => kind === node.kind) ? 'wait' : 'complete';
  if (last.kind === 'prepare') {
    const status = scopeStatus(letters, last);
    const refused = last.sinks.some((each) => isBroken(letters[each]));
    return refused || status === 'completed' ? 'round' : 'wait';
  }
  if (last.kind !== 'body') return judgeOne(graph, letters, last);
  switch (node.kind) {
    case 'map':
      return judgeMap(graph, letters, scopes, node.tolerated_failures);
    case 'gather':
      return judgeGather(letters, last, node.need);
    case 'loop': {
      const judgement = judgeOne(graph, letters, last);
      return judgement === 'complete' ? 'round' : judgement;
    }
    default:
      return judgeOne(graph, letters, last);
  }
}

/** A node that waits for Cadre itself: `start` when it has just started, else how it ends or goes on. */
export interface DueNode {
  readonly index: number;
  readonly due: 'start' | Exclude<Judgement, 'wait'>;
}

/** Nodes that the edge has to evaluate before the workflow can go on: they are neither tasks nor waiting for something inside them. */
export function dueNodes(graph: WorkflowGraph, letters: string | readonly string[]): DueNode[] {
  return graph.controls.flatMap((index): DueNode[] => {
    if (letters[index] === 'S') return isTask(graph.nodes[index]) ? [] : [{ index, due: 'start' }];
    if (letters[index] !== 'E') return [];
    const due = judge(graph, letters, index);
    return due === 'wait' ? [] : [{ index, due }];
  });
}
