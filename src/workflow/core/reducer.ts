import type { TaskError } from '../../contracts/task.ts';
import type { WorkflowDefinition, WorkflowEvent } from '../../contracts/workflow.ts';
import { graphOf, type WorkflowGraph } from './graph.ts';
import { finalStatus, hasEnded, initialState, isFinished, type NodeLetter, type WorkflowState } from './state.ts';

/** How a node's task ended. */
export type NodeOutcome = { readonly node: string; readonly attempt: number; readonly agent_id?: string } & (
  { readonly outcome: 'completed' } | { readonly outcome: 'failed'; readonly error: TaskError }
);

/** What may be asked of a workflow. `cancel` names the started nodes whose tasks are cancelled with it; the others follow with further commands. */
export type WorkflowCommand =
  | { readonly type: 'begin' }
  | { readonly type: 'settle'; readonly outcomes: readonly NodeOutcome[] }
  | {
      readonly type: 'cancel';
      readonly by: string;
      readonly reason: string;
      readonly nodes: readonly { readonly node: string; readonly attempt: number; readonly agent_id?: string }[];
    };

/** A state that is being worked on: letters in an array, so that a batch of events costs one copy. */
interface Draft {
  status: WorkflowState['status'];
  cancelled: boolean;
  readonly letters: string[];
  open: number;
}

function draftOf(state: WorkflowState): Draft {
  const letters = Array.from(state.nodes);
  return {
    status: state.status,
    cancelled: state.cancelled,
    letters,
    open: letters.reduce((open, letter) => (hasEnded(letter) ? open : open + 1), 0),
  };
}

/** The letter that an event gives its node. */
const letterOf = { NodeStarted: 'S', NodeCompleted: 'C', NodeFailed: 'F', NodeSkipped: 'K' } as const;

function setLetter(graph: WorkflowGraph, draft: Draft, node: string, letter: NodeLetter): void {
  const index = graph.indexOf.get(node);
  if (index === undefined) return;
  if (!hasEnded(draft.letters[index]) && hasEnded(letter)) draft.open -= 1;
  draft.letters[index] = letter;
}

function apply(graph: WorkflowGraph, draft: Draft, event: WorkflowEvent): void {
  switch (event.type) {
    case 'WorkflowStarted':
      draft.status = 'In Progress';
      break;
    case 'WorkflowCancelled':
      draft.cancelled = true;
      break;
    case 'WorkflowFinished':
      draft.status = event.status;
      break;
    default:
      setLetter(graph, draft, event.node, letterOf[event.type]);
  }
}

/** What the ends of its dependencies mean for a waiting node: start it, skip it for a reason, or wait on. */
function verdictOn(graph: WorkflowGraph, draft: Draft, index: number): 'start' | 'wait' | { readonly skip: string } {
  const dependencies = graph.dependencies[index] ?? [];
  if (graph.nodes[index]?.trigger_rule === 'all_success') {
    const broken = dependencies.find((each) => draft.letters[each] === 'F' || draft.letters[each] === 'K');
    if (broken !== undefined) {
      const how = draft.letters[broken] === 'F' ? 'failed' : 'was skipped';
      return { skip: `its dependency "${graph.nodes[broken]?.name ?? ''}" ${how}` };
    }
  }
  return dependencies.every((each) => hasEnded(draft.letters[each])) ? 'start' : 'wait';
}

/** Follows the edges from nodes that ended: starts or skips what waited for them, wave after wave, since a skipped node has ended too. */
function propagate(graph: WorkflowGraph, draft: Draft, ended: readonly number[], emit: (event: WorkflowEvent) => void) {
  for (let wave = ended; wave.length > 0;) {
    const touched = new Set(wave.flatMap((index) => graph.dependents[index] ?? []));
    const skipped: number[] = [];
    for (const index of touched) {
      if (draft.letters[index] !== 'W') continue;
      const verdict = verdictOn(graph, draft, index);
      const node = graph.nodes[index]?.name ?? '';
      if (verdict === 'start') emit({ type: 'NodeStarted', node });
      else if (verdict !== 'wait') {
        emit({ type: 'NodeSkipped', node, reason: verdict.skip });
        skipped.push(index);
      }
    }
    wave = skipped;
  }
}

function settleNodes(
  graph: WorkflowGraph,
  draft: Draft,
  outcomes: readonly NodeOutcome[],
  emit: (event: WorkflowEvent) => void,
) {
  const ended: number[] = [];
  for (const each of outcomes) {
    const index = graph.indexOf.get(each.node);
    // A repeated or late outcome finds the node ended: nothing happens twice.
    if (index === undefined || draft.letters[index] !== 'S') continue;
    const who = {
      node: each.node,
      attempt: each.attempt,
      ...(each.agent_id === undefined ? {} : { agent_id: each.agent_id }),
    };
    emit(
      each.outcome === 'completed'
        ? { type: 'NodeCompleted', ...who }
        : { type: 'NodeFailed', ...who, error: each.error },
    );
    ended.push(index);
  }
  propagate(graph, draft, ended, emit);
}

function cancelNodes(
  graph: WorkflowGraph,
  draft: Draft,
  command: Extract<WorkflowCommand, { type: 'cancel' }>,
  emit: (event: WorkflowEvent) => void,
) {
  if (!draft.cancelled) {
    emit({ type: 'WorkflowCancelled', by: command.by, reason: command.reason });
    for (const [index, node] of graph.nodes.entries()) {
      if (draft.letters[index] === 'W')
        emit({ type: 'NodeSkipped', node: node.name, reason: 'the workflow was cancelled' });
    }
  }
  const error = { code: 'cancelled', message: command.reason, retryable: false };
  settleNodes(
    graph,
    draft,
    command.nodes.map((each) => ({ ...each, outcome: 'failed', error })),
    emit,
  );
}

/**
 * What a command makes happen, as events in their order. Nothing when it was done before or comes too late, so a repeat is harmless. Pure:
 * linear in the nodes plus the edges of what ended.
 */
export function decide(
  definition: WorkflowDefinition,
  state: WorkflowState,
  command: WorkflowCommand,
): WorkflowEvent[] {
  if (isFinished(state.status)) return [];
  const graph = graphOf(definition);
  const draft = draftOf(state);
  const events: WorkflowEvent[] = [];
  const emit = (event: WorkflowEvent): void => {
    apply(graph, draft, event);
    events.push(event);
  };
  if (command.type === 'begin') {
    if (state.status !== 'Not Started') return [];
    emit({ type: 'WorkflowStarted' });
    for (const [index, node] of graph.nodes.entries()) {
      if (graph.dependencies[index]?.length === 0) emit({ type: 'NodeStarted', node: node.name });
    }
  } else if (command.type === 'settle') settleNodes(graph, draft, command.outcomes, emit);
  else cancelNodes(graph, draft, command, emit);
  if (events.length > 0 && draft.open === 0) {
    emit({ type: 'WorkflowFinished', status: finalStatus(graph, draft.letters, draft.cancelled) });
  }
  return events;
}

/** The state after events that happened. Copies the letters once, however many events there are. */
export function evolveAll(
  definition: WorkflowDefinition,
  state: WorkflowState,
  events: Iterable<WorkflowEvent>,
): WorkflowState {
  const graph = graphOf(definition);
  const draft = draftOf(state);
  for (const event of events) apply(graph, draft, event);
  return { status: draft.status, nodes: draft.letters.join(''), cancelled: draft.cancelled };
}

/** The state after one event. */
export function evolve(definition: WorkflowDefinition, state: WorkflowState, event: WorkflowEvent): WorkflowState {
  return evolveAll(definition, state, [event]);
}

/** Folds the whole log: it must give the stored head's state again. */
export function replay(definition: WorkflowDefinition, events: Iterable<WorkflowEvent>): WorkflowState {
  return evolveAll(definition, initialState(definition), events);
}
