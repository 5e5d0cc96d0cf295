import type { Expansion, WorkflowDefinition, WorkflowEvent } from '../../contracts/workflow.ts';
import { graphOf, nodesInside, type WorkflowGraph } from './graph.ts';
import { hasEnded, type NodeLetter, type WorkflowState } from './state.ts';

/** A state that is being worked on: letters in an array, so that a batch of events costs one copy. */
export interface Draft {
  readonly definition: WorkflowDefinition;
  status: WorkflowState['status'];
  cancelled: boolean;
  expansions: readonly Expansion[];
  graph: WorkflowGraph;
  readonly letters: string[];
  /** Nodes that have not ended. */
  open: number;
}

/** A draft of a state. */
export function draftOf(definition: WorkflowDefinition, state: WorkflowState): Draft {
  const letters = Array.from(state.nodes);
  return {
    definition,
    status: state.status,
    cancelled: state.cancelled,
    expansions: state.expansions,
    graph: graphOf(definition, state.expansions),
    letters,
    open: letters.reduce((open, letter) => (hasEnded(letter) ? open : open + 1), 0),
  };
}

/** The state that a draft has become. */
export function stateOfDraft({ status, cancelled, expansions, letters }: Draft): WorkflowState {
  return { status, nodes: letters.join(''), cancelled, expansions };
}

function setLetter(draft: Draft, index: number, letter: NodeLetter): void {
  if (!hasEnded(draft.letters[index]) && hasEnded(letter)) draft.open -= 1;
  draft.letters[index] = letter;
}

/** Stops a node that has not ended: it is skipped before it began, and stopped after. */
function stop(draft: Draft, index: number): void {
  if (!hasEnded(draft.letters[index])) setLetter(draft, index, draft.letters[index] === 'W' ? 'K' : 'X');
}

function stopInside(draft: Draft, index: number): void {
  if (!draft.graph.scopesIn.has(index)) return;
  for (const inner of nodesInside(draft.graph, index)) stop(draft, inner);
}

/** The end of a node is the end of whatever still goes on inside of it. */
function end(draft: Draft, index: number, letter: NodeLetter): void {
  setLetter(draft, index, letter);
  stopInside(draft, index);
}

function expand(draft: Draft, index: number, expansion: Expansion): void {
  // A fallback comes in place of what was inside; a further round comes after it, when nothing is left to stop.
  stopInside(draft, index);
  setLetter(draft, index, 'E');
  draft.expansions = [...draft.expansions, expansion];
  draft.graph = graphOf(draft.definition, draft.expansions);
  while (draft.letters.length < draft.graph.nodes.length) {
    draft.letters.push('W');
    draft.open += 1;
  }
}

function applyToNode(draft: Draft, event: Extract<WorkflowEvent, { node: string }>): void {
  const index = draft.graph.indexOf.get(event.node);
  if (index === undefined) return;
  switch (event.type) {
    case 'NodeStarted':
      setLetter(draft, index, 'S');
      break;
    case 'NodeExpanded':
      expand(draft, index, event);
      break;
    case 'NodeCompleted':
      end(draft, index, 'C');
      break;
    case 'NodeFailed':
      end(draft, index, event.ignored === true ? 'H' : 'F');
      break;
    case 'NodeSkipped':
      end(draft, index, event.not_taken === true ? 'N' : 'K');
      break;
  }
}

/** What an event changes. */
export function apply(draft: Draft, event: WorkflowEvent): void {
  switch (event.type) {
    case 'WorkflowStarted':
      draft.status = 'In Progress';
      break;
    case 'WorkflowCancelled':
      draft.cancelled = true;
      for (const index of draft.letters.keys()) stop(draft, index);
      break;
    case 'WorkflowFinished':
      draft.status = event.status;
      break;
    default:
      applyToNode(draft, event);
  }
}
