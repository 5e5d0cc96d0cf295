import type {
  CompensationStatus,
  Expansion,
  WorkflowDefinition,
  WorkflowEvent,
} from '../../../contracts/workflow/workflow.ts';
import { spentAfter } from './account.ts';
import { graphOf, isDecided, nodesInside, scopesNow, type WorkflowGraph } from './graph.ts';
import { isTask } from '../../../contracts/workflow/nodes.ts';
import { hasEnded, isBroken, type NodeLetter, type WorkflowState } from './state.ts';

/** A state that is being worked on: letters in an array, so that a batch of events costs one copy. */
export interface Draft {
  /** The one that the run was submitted with. */
  readonly definition: WorkflowDefinition;
  status: WorkflowState['status'];
  cancelled: boolean;
  compensation: WorkflowState['compensation'];
  paused: boolean;
  signals: WorkflowState['signals'];
  spent: WorkflowState['spent'];
  warned: boolean;
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
    compensation: state.compensation,
    paused: state.paused,
    signals: state.signals,
    spent: state.spent,
    warned: state.warned,
    expansions: state.expansions,
    graph: graphOf(definition, state.expansions),
    letters,
    open: letters.reduce((open, letter) => (hasEnded(letter) ? open : open + 1), 0),
  };
}

/** The state that a draft has become. */
export function stateOfDraft({ letters, ...draft }: Draft): WorkflowState {
  const { status, cancelled, compensation, paused, signals, spent, warned, expansions } = draft;
  return { status, nodes: letters.join(''), cancelled, compensation, paused, signals, spent, warned, expansions };
}

function setLetter(draft: Draft, index: number, letter: NodeLetter): void {
  draft.open += Number(hasEnded(draft.letters[index])) - Number(hasEnded(letter));
  draft.letters[index] = letter;
}

/** Stops a node that has not ended: it is skipped before it began, and stopped after. A transaction that is decided is carried out. */
function stop(draft: Draft, index: number): void {
  if (isDecided(draft.graph.scopeOf[index]) || isDecided(draft.graph.scopesIn.get(index)?.at(-1))) return;
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

function join(draft: Draft, expansion: Expansion): void {
  draft.expansions = [...draft.expansions, expansion];
  draft.graph = graphOf(draft.definition, draft.expansions);
  while (draft.letters.length < draft.graph.nodes.length) {
    draft.letters.push('W');
    draft.open += 1;
  }
}

/** The newer graph has its nodes in other places: each keeps its letter by its path. */
function migrate(draft: Draft, expansion: Expansion): void {
  const before = draft.graph.indexOf;
  const was = draft.letters.splice(0);
  draft.expansions = [...draft.expansions, expansion];
  draft.graph = graphOf(draft.definition, draft.expansions);
  draft.open = 0;
  for (const { name } of draft.graph.nodes) {
    const letter = was[before.get(name) ?? -1] ?? 'W';
    draft.letters.push(letter);
    if (!hasEnded(letter)) draft.open += 1;
  }
}

function expand(draft: Draft, index: number, expansion: Expansion): void {
  // A fallback comes in place of what was inside; a further round comes after it, when nothing is left to stop.
  stopInside(draft, index);
  setLetter(draft, index, 'E');
  join(draft, expansion);
}

/** Stops everything but tasks that have time to end by themselves. */
function cancel(draft: Draft, spared: ReadonlySet<string>): void {
  for (const [index, letter] of draft.letters.entries()) {
    if (letter !== 'S' || !spared.has(draft.graph.nodes[index]?.name ?? '')) stop(draft, index);
  }
}

/** True when something has not ended that a cancellation would stop: it is no part of a decision which is carried out. */
export function mayBeStopped(graph: WorkflowGraph, letters: string | readonly string[]): boolean {
  return graph.nodes.some(
    (_, index) =>
      !hasEnded(letters[index]) && !isDecided(graph.scopeOf[index]) && !isDecided(graph.scopesIn.get(index)?.at(-1)),
  );
}

/** True while work is being undone, or waits for a human to go on with it. */
export function isUndoing(compensation: CompensationStatus | undefined): boolean {
  return compensation !== undefined && compensation !== 'completed' && compensation !== 'stopped';
}

/** Nothing more begins; tasks that run go on to their end, because what they have done by then is undone as well. */
function wind(draft: Draft): void {
  draft.compensation = 'requested';
  for (const index of draft.letters.keys()) {
    if (draft.letters[index] !== 'S' || !isTask(draft.graph.nodes[index])) stop(draft, index);
  }
}

/** A human lets a compensation go on: what failed is tried again, or taken as done. */
function resumeCompensation(draft: Draft, skip: readonly string[]): void {
  draft.compensation = 'running';
  for (const index of draft.graph.undoes.keys()) {
    if (draft.letters[index] !== 'F') continue;
    if (skip.includes(draft.graph.nodes[index]?.name ?? '')) draft.letters[index] = 'H';
    else {
      draft.letters[index] = 'W';
      draft.open += 1;
    }
  }
}

/** Opens what did not end well: a node that ran or holds others goes on, one that was skipped waits again. What completed stays. */
function reopen(draft: Draft, first: number, end: number): void {
  for (let index = first; index < end; index += 1) {
    const letter = draft.letters[index];
    if (!isBroken(letter)) continue;
    const scopes = scopesNow(draft.graph, index);
    draft.open += 1;
    draft.letters[index] = letter === 'K' ? 'W' : scopes.length > 0 ? 'E' : 'S';
    const kind = scopes.at(-1)?.kind;
    for (const scope of scopes) if (scope.kind === kind) reopen(draft, scope.first, scope.end);
  }
}

/** What a node is that was taken over. */
const reusedAs = { completed: 'R', ignored: 'H', 'not taken': 'N' } as const;

type NodeEvent = Exclude<Extract<WorkflowEvent, { node: string }>, { type: 'CompensationRequested' }>;

function applyToNode(draft: Draft, event: NodeEvent): void {
  const index = draft.graph.indexOf.get(event.node);
  if (index === undefined) return;
  switch (event.type) {
    case 'NodeStarted':
      setLetter(draft, index, 'S');
      break;
    case 'NodeHeld':
      setLetter(draft, index, 'E');
      break;
    case 'NodeExpanded':
      expand(draft, index, event);
      break;
    case 'NodeRetried':
      stopInside(draft, index);
      setLetter(draft, index, event.until === undefined ? 'S' : 'P');
      break;
    case 'NodeCompleted':
      if (event.signal !== undefined) draft.signals = draft.signals.filter(({ id }) => id !== event.signal);
      end(draft, index, 'C');
      break;
    case 'NodeFailed':
      end(draft, index, event.ignored === true ? 'H' : 'F');
      break;
    case 'NodeReused':
      setLetter(draft, index, reusedAs[event.as]);
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
      draft.paused = false;
      if (event.compensate === true) draft.compensation ??= 'requested';
      else if (isUndoing(draft.compensation)) draft.compensation = 'stopped';
      cancel(draft, new Set(event.grace?.nodes));
      break;
    case 'SignalReceived': {
      const { id, name, key } = event;
      draft.signals = [...draft.signals, { id, name, ...(key === undefined ? {} : { key }) }];
      break;
    }
    case 'WorkflowUpdated':
      // Where its tasks wait is no part of the graph.
      break;
    case 'WorkflowMigrated':
      migrate(draft, event);
      break;
    case 'BudgetSpent':
      draft.spent = spentAfter(draft.spent, event);
      break;
    case 'BudgetReached':
      draft.warned = true;
      break;
    case 'BudgetSet':
      draft.warned = false;
      break;
    case 'WorkflowPaused':
      draft.paused = true;
      break;
    case 'WorkflowResumed':
      draft.paused = false;
      break;
    case 'WorkflowRedriven':
      draft.status = 'In Progress';
      reopen(draft, 0, draft.graph.definition.nodes.length);
      break;
    case 'CompensationRequested':
      wind(draft);
      break;
    case 'CompensationStarted':
      draft.compensation = 'running';
      join(draft, event);
      break;
    case 'CompensationEnded':
      draft.compensation = event.outcome;
      break;
    case 'CompensationResumed':
      resumeCompensation(draft, event.skip);
      break;
    case 'WorkflowFinished':
      draft.status = event.status;
      break;
    default:
      applyToNode(draft, event);
  }
}
