import type { WorkflowHead } from '../../contracts/rows.ts';
import type { NodeStatus, WorkflowDefinition, WorkflowStatus } from '../../contracts/workflow.ts';
import type { WorkflowGraph } from './graph.ts';

/** One letter a node: waiting, started, completed, failed, skipped. */
export type NodeLetter = 'W' | 'S' | 'C' | 'F' | 'K';

/** What the letters stand for. */
export const nodeStatusOf: Readonly<Record<NodeLetter, NodeStatus>> = {
  W: 'Waiting',
  S: 'Started',
  C: 'Completed',
  F: 'Failed',
  K: 'Skipped',
};

/** A workflow as the reducer sees it. `nodes` has one letter a node, in the definition's order. */
export interface WorkflowState {
  readonly status: WorkflowStatus;
  readonly nodes: string;
  readonly cancelled: boolean;
}

/** Before anything happened. */
export function initialState(definition: WorkflowDefinition): WorkflowState {
  return { status: 'Not Started', nodes: 'W'.repeat(definition.nodes.length), cancelled: false };
}

/** The reducer's part of a stored head. */
export function stateOf(head: Pick<WorkflowHead, 'status' | 'nodes' | 'cancel_reason'>): WorkflowState {
  return { status: head.status, nodes: head.nodes, cancelled: head.cancel_reason !== undefined };
}

/** True when nothing can change any more. */
export function isFinished(status: WorkflowStatus): boolean {
  return status !== 'Not Started' && status !== 'In Progress';
}

/** True for a node that neither runs nor will run. */
export function hasEnded(letter: string | undefined): boolean {
  return letter === 'C' || letter === 'F' || letter === 'K';
}

/** How many nodes are in each status. */
export function countNodes(nodes: string): Record<NodeStatus, number> {
  const counts: Record<NodeStatus, number> = { Waiting: 0, Started: 0, Completed: 0, Failed: 0, Skipped: 0 };
  for (const letter of nodes) counts[nodeStatusOf[letter as NodeLetter]] += 1;
  return counts;
}

/** Names of the started nodes, in the definition's order. */
export function startedNodes(definition: WorkflowDefinition, nodes: string): readonly string[] {
  return definition.nodes.filter((_, index) => nodes[index] === 'S').map((node) => node.name);
}

/**
 * The one place that computes a workflow's final status, when all nodes ended. Completed: every node did. Failed: no node that ends the graph
 * completed, or it was cancelled before any node completed. Partially Complete: anything between.
 */
export function finalStatus(graph: WorkflowGraph, letters: readonly string[], cancelled: boolean): WorkflowStatus {
  if (letters.every((letter) => letter === 'C')) return 'Completed';
  const achieved = cancelled ? letters.includes('C') : graph.sinks.some((index) => letters[index] === 'C');
  return achieved ? 'Partially Complete' : 'Failed';
}
