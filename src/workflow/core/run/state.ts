import { isTask } from '../../../contracts/workflow/nodes.ts';
import type { WorkflowHead } from '../../../contracts/workflow/rows.ts';
import type { KeptSignal } from '../../../contracts/workflow/signal.ts';
import type {
  CompensationStatus,
  Expansion,
  NodeStatus,
  WorkflowDefinition,
  WorkflowStatus,
} from '../../../contracts/workflow/workflow.ts';
import type { Spending } from './account.ts';
import { graphOf, noExpansions, type WorkflowGraph } from './graph.ts';

/**
 * One letter a node: Waiting; Started; Expanded (it goes on inside, or waits for something that is no task); Paused until it is tried again; Completed; Failed; failed and Handled (it does
 * not matter); Reused: it completed in another run, whose output this one took over; sKipped because something went wrong; Not taken by a choice; stopped (X) because nobody needs it any more.
 */
export type NodeLetter = 'W' | 'S' | 'E' | 'P' | 'C' | 'F' | 'H' | 'K' | 'N' | 'R' | 'X';

/** What the letters stand for. */
export const nodeStatusOf: Readonly<Record<NodeLetter, NodeStatus>> = {
  W: 'Waiting',
  S: 'Started',
  E: 'Started',
  P: 'Started',
  C: 'Completed',
  F: 'Failed',
  H: 'Failed',
  K: 'Skipped',
  N: 'Skipped',
  R: 'Completed',
  X: 'Cancelled',
};

/** A workflow as the reducer sees it. `nodes` has one letter a node, in the graph's order: the definition's, then those of each expansion. */
export interface WorkflowState extends Spending {
  readonly status: WorkflowStatus;
  readonly nodes: string;
  readonly cancelled: boolean;
  readonly compensation: CompensationStatus | undefined;
  readonly paused: boolean;
  /** Events that no node has taken yet, in the order in which they came. */
  readonly signals: readonly KeptSignal[];
  readonly expansions: readonly Expansion[];
}

const noSignals: readonly KeptSignal[] = [];

/** Before anything happened. */
export function initialState(definition: WorkflowDefinition): WorkflowState {
  return {
    status: 'Not Started',
    nodes: 'W'.repeat(definition.nodes.length),
    cancelled: false,
    compensation: undefined,
    paused: false,
    signals: noSignals,
    expansions: noExpansions,
    spent: undefined,
    warned: false,
  };
}

/** The reducer's part of a stored head. */
export function stateOf(
  head: Pick<
    WorkflowHead,
    'status' | 'nodes' | 'cancel_reason' | 'compensation' | 'paused' | 'signals' | 'spent' | 'warned'
  >,
  expansions: readonly Expansion[] = noExpansions,
): WorkflowState {
  const {
    status,
    nodes,
    cancel_reason,
    compensation,
    paused = false,
    signals = noSignals,
    spent,
    warned = false,
  } = head;
  const cancelled = cancel_reason !== undefined;
  return { status, nodes, cancelled, compensation, paused, signals, expansions, spent, warned };
}

/** True when nothing can change any more. */
export function isFinished(status: WorkflowStatus): boolean {
  return status !== 'Not Started' && status !== 'In Progress';
}

/** True for a node that neither runs nor will run. */
export function hasEnded(letter: string | undefined): boolean {
  return letter !== 'W' && letter !== 'S' && letter !== 'E' && letter !== 'P';
}

/** True for a node that ended in a way which keeps what depends on it from running. */
export function isBroken(letter: string | undefined): boolean {
  return letter === 'F' || letter === 'K' || letter === 'X';
}

/** True for a node that completed, in this run or in the one that it was taken over from. */
export function isCompleted(letter: string | undefined): boolean {
  return letter === 'C' || letter === 'R';
}

/** How many nodes are in each status. */
export function countNodes(nodes: string): Record<NodeStatus, number> {
  const counts: Record<NodeStatus, number> = {
    Waiting: 0,
    Started: 0,
    Completed: 0,
    Failed: 0,
    Skipped: 0,
    Cancelled: 0,
  };
  for (const letter of nodes) counts[nodeStatusOf[letter as NodeLetter]] += 1;
  return counts;
}

/** Paths of the started nodes that have a task, in the graph's order. */
export function startedNodes(
  definition: WorkflowDefinition,
  nodes: string,
  expansions: readonly Expansion[] = noExpansions,
): readonly string[] {
  return graphOf(definition, expansions)
    .nodes.filter((node, index) => nodes[index] === 'S' && isTask(node))
    .map((node) => node.name);
}

/**
 * The one place that computes a workflow's final status, when all nodes ended. Completed: every node of the definition did, was not taken, or failed where that
 * does not matter. Failed: no node that ends the graph completed, its work was undone, or it was cancelled before any node completed. Partially Complete: anything
 * between.
 */
export function finalStatus(
  graph: WorkflowGraph,
  letters: readonly string[],
  { cancelled, compensation }: Pick<WorkflowState, 'cancelled' | 'compensation'>,
): WorkflowStatus {
  if (compensation === 'completed') return 'Failed';
  const own = letters.slice(0, graph.definition.nodes.length);
  if (!cancelled && !own.some(isBroken)) return 'Completed';
  const achieved = cancelled ? letters.includes('C') : graph.sinks.some((index) => isCompleted(letters[index]));
  return achieved ? 'Partially Complete' : 'Failed';
}
