import type { WorkflowBudget } from '../../../contracts/distributor/budget.ts';
import type { WorkflowUpdate } from '../../../contracts/workflow/repair.ts';
import type { WorkflowDefinition, WorkflowEvent } from '../../../contracts/workflow/workflow.ts';
import type { KeptSignal } from '../../../contracts/workflow/signal.ts';
import { type Account, reachedBy, spentEvents } from './account.ts';
import { completedWork, compensationOf } from './compensation.ts';
import { scopeStatus } from './composites.ts';
import { versionOf } from './graph.ts';
import { apply, type Draft, draftOf, isUndoing, mayBeStopped, stateOfDraft } from './draft.ts';
import { type Emit, nameOf, type NodeOutcome, propagate, settleNodes, tend } from './settle-nodes.ts';
import { finalStatus, hasEnded, initialState, isFinished, type WorkflowState } from './state.ts';

/** What may be asked of a workflow. `settle`: tasks ended; `resolve`: nodes without a task were evaluated. */
export type WorkflowCommand =
  | { readonly type: 'begin'; readonly rerun?: { readonly of: string; readonly nodes: string } | undefined }
  | { readonly type: 'resolve'; readonly outcomes: readonly NodeOutcome[] }
  /** `account`: what this costs, where there is a budget. */
  | { readonly type: 'settle'; readonly outcomes: readonly NodeOutcome[]; readonly account?: Account }
  /** An event came; `taken_by` is the node that waits for it. */
  | { readonly type: 'signal'; readonly by: string; readonly signal: KeptSignal; readonly taken_by?: NodeOutcome }
  /** `grace` names running tasks that have time to end by themselves; a second one without it stops them. */
  | {
      readonly type: 'cancel';
      readonly by: string;
      readonly reason: string;
      readonly grace?: { readonly until: string; readonly nodes: readonly string[] };
      /** What completed is undone. */
      readonly compensate?: boolean;
    }
  | { readonly type: 'set-budget'; readonly by: string; readonly budget: WorkflowBudget }
  /** Nothing new starts until it is resumed. */
  | { readonly type: 'pause' | 'resume'; readonly by: string }
  | ({ readonly type: 'update'; readonly by: string } & WorkflowUpdate)
  /** It goes on by a newer version of its definition, which was found compatible with the run as it is. */
  | {
      readonly type: 'migrate';
      readonly by: string;
      readonly definition: WorkflowDefinition;
      readonly registered?: string | undefined;
      /** Of the newer version, where it is another than that of the one before. */
      readonly budget?: WorkflowBudget | undefined;
    }
  /** Opens what failed in a workflow that has ended. */
  | { readonly type: 'redrive'; readonly by: string }
  /** A human lets a failed compensation go on; `skip` names the compensations that count as done. */
  | { readonly type: 'resume-compensation'; readonly by: string; readonly skip: readonly string[] };

/**
 * Charges what ended to the budget, then settles it. What passes the hard limit stops the rest, in the same step, unless that was the end or work is being undone: then
 * tasks that run go on to their end.
 */
function settleCharged(
  draft: Draft,
  { outcomes, account }: Extract<WorkflowCommand, { type: 'settle' }>,
  emit: Emit,
): void {
  if (account === undefined) {
    settleNodes(draft, outcomes, 'S', emit);
    return;
  }
  for (const event of spentEvents(account.charges)) emit(event);
  const reached = reachedBy(account, draft);
  if (reached?.level === 'soft') emit({ type: 'BudgetReached', ...reached });
  const isOver = reached?.level === 'hard' && !draft.cancelled && draft.compensation === undefined;
  const { paused } = draft;
  // What would start now would be stopped at once.
  draft.paused = paused || isOver;
  settleNodes(draft, outcomes, 'S', emit);
  draft.paused = paused;
  // An end that was reached all the same needs no stop.
  if (!isOver || (draft.open === 0 && account.reached === undefined)) return;
  emit({ type: 'BudgetReached', ...reached });
  // The failure of the node that had no room may have asked for everything to be undone.
  if (draft.compensation !== undefined) return;
  const undone = draft.graph.definition.on_cancel === 'compensate' ? { compensate: true as const } : {};
  emit({ type: 'WorkflowCancelled', by: 'budget', reason: `the budget is used up: ${reached.reason}`, ...undone });
  // What was decided is carried out.
  catchUp(draft, emit);
}

/** Starts everything that may start by now, wherever it waits: after a pause or a redrive nobody has followed the edges. */
function catchUp(draft: Draft, emit: Emit): void {
  const all = draft.letters.flatMap((letter, index) => (hasEnded(letter) ? [index] : []));
  for (const [index] of draft.graph.scopesIn) tend(draft, index, emit);
  for (const index of draft.graph.dependencies.keys()) {
    const scope = draft.graph.scopeOf[index];
    const isRoot = draft.graph.dependencies[index]?.length === 0 && draft.letters[index] === 'W';
    const isOpen = scope === undefined || scopeStatus(draft.letters, scope) === 'running';
    if (isRoot && isOpen) emit({ type: 'NodeStarted', node: nameOf(draft, index) });
  }
  propagate(draft, all, emit);
}

function redrive(draft: Draft, by: string, emit: Emit): void {
  const before = [...draft.letters];
  emit({ type: 'WorkflowRedriven', by });
  for (const [index, letter] of before.entries()) {
    if (hasEnded(letter) && draft.letters[index] === 'S') emit({ type: 'NodeStarted', node: nameOf(draft, index) });
  }
  catchUp(draft, emit);
}

/** Takes nodes over from another run, before anything of this one starts. */
function takeOver(draft: Draft, rerun: { readonly of: string; readonly nodes: string } | undefined, emit: Emit): void {
  if (rerun === undefined) return;
  const source = rerun.of;
  for (const [index, { name: node }] of draft.graph.nodes.entries()) {
    const letter = rerun.nodes[index];
    if (letter === 'R') emit({ type: 'NodeReused', node, source, as: 'completed' });
    if (letter === 'H') emit({ type: 'NodeReused', node, source, as: 'ignored' });
    if (letter === 'N') emit({ type: 'NodeReused', node, source, as: 'not taken' });
  }
}

function begin(draft: Draft, rerun: Parameters<typeof takeOver>[1], emit: Emit): void {
  emit({ type: 'WorkflowStarted' });
  takeOver(draft, rerun, emit);
  for (const [index, node] of draft.graph.nodes.entries()) {
    const isRoot = draft.graph.dependencies[index]?.length === 0 && draft.letters[index] === 'W';
    if (isRoot) emit({ type: 'NodeStarted', node: node.name });
  }
  const ended = draft.letters.flatMap((letter, index) => (hasEnded(letter) ? [index] : []));
  propagate(draft, ended, emit);
}

/** True for a workflow that has ended and may be opened again: it was neither cancelled nor undone. */
export function isRedrivable({ status, cancelled, compensation }: WorkflowState): boolean {
  return (status === 'Failed' || status === 'Partially Complete') && !cancelled && compensation === undefined;
}

/** Undoes what completed, once nothing runs any more: the last first, and what is independent at the same time. */
function compensate(draft: Draft, emit: Emit): void {
  if (draft.compensation === 'requested' && draft.open === 0)
    emit({ type: 'CompensationStarted', nodes: completedWork(draft.graph, draft.letters) });
  if (draft.compensation !== 'running') return;
  const { startable, isRunning, isDone } = compensationOf(draft.graph, draft.letters);
  for (const index of startable) emit({ type: 'NodeStarted', node: nameOf(draft, index) });
  if (isDone) emit({ type: 'CompensationEnded', outcome: 'completed' });
  else if (!isRunning && startable.length === 0) emit({ type: 'CompensationEnded', outcome: 'failed' });
}

/** A transaction that was stopped before its decision is thereby decided: whoever has prepared is told to abort. */
function abortStopped(draft: Draft, emit: Emit): void {
  for (const index of draft.graph.controls) {
    const node = draft.graph.nodes[index];
    if (draft.letters[index] !== 'X' || node?.kind !== 'transaction') continue;
    const scope = draft.graph.scopesIn.get(index)?.at(-1);
    if (scope?.kind !== 'prepare') continue;
    const { attempt } = scope;
    const tried = attempt === 1 ? {} : { attempt };
    emit({ type: 'NodeExpanded', node: node.name, scope: 'abort', from: 0, count: 1, ...tried });
    tend(draft, index, emit);
  }
}

/** True when nothing can happen any more. A compensation that failed waits for a human. */
function isOver({ open, compensation }: Draft): boolean {
  return open === 0 && !isUndoing(compensation);
}

/** True for a cancellation that changes nothing: it was cancelled before and nothing is left to stop or to undo, or what it asks to be undone is being undone. */
function isCancelledSo(
  { cancelled, compensation, graph, letters }: Draft,
  { grace, compensate: undoes = false }: Extract<WorkflowCommand, { type: 'cancel' }>,
): boolean {
  if (undoes && compensation !== undefined && compensation !== 'requested') return true;
  if (!cancelled || (undoes && compensation === undefined)) return false;
  const stopsUndoing = !undoes && grace === undefined && isUndoing(compensation);
  return !stopsUndoing && (grace !== undefined || !mayBeStopped(graph, letters));
}

type Steering = Extract<WorkflowCommand, { type: 'set-budget' | 'pause' | 'resume' | 'update' | 'migrate' }>;

/** How a run goes on from here: whether anything starts, by which definition, with which priority and money. */
function steer(draft: Draft, command: Steering, emit: Emit): void {
  switch (command.type) {
    case 'set-budget':
      emit({ type: 'BudgetSet', by: command.by, budget: command.budget });
      break;
    case 'pause':
      if (!draft.paused && draft.status === 'In Progress') emit({ type: 'WorkflowPaused', by: command.by });
      break;
    case 'resume':
      if (!draft.paused) break;
      emit({ type: 'WorkflowResumed', by: command.by });
      catchUp(draft, emit);
      break;
    case 'update': {
      const { type: _type, ...change } = command;
      emit({ type: 'WorkflowUpdated', ...change });
      break;
    }
    case 'migrate': {
      if (draft.cancelled || draft.compensation !== undefined) break;
      const { by, definition: next, registered, budget } = command;
      emit({
        type: 'WorkflowMigrated',
        by,
        version: versionOf(draft.expansions) + 1,
        definition: next,
        ...(registered === undefined ? {} : { registered }),
      });
      if (budget !== undefined) emit({ type: 'BudgetSet', by, budget });
      if (!draft.paused) catchUp(draft, emit);
      break;
    }
  }
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
  if (isFinished(state.status) && !(command.type === 'redrive' && isRedrivable(state))) return [];
  const draft = draftOf(definition, state);
  const events: WorkflowEvent[] = [];
  const emit: Emit = (event) => {
    apply(draft, event);
    events.push(event);
  };
  switch (command.type) {
    case 'begin':
      if (state.status !== 'Not Started') return [];
      begin(draft, command.rerun, emit);
      break;
    case 'settle':
      settleCharged(draft, command, emit);
      break;
    case 'resolve':
      settleNodes(draft, command.outcomes, 'SEP', emit);
      break;
    case 'signal':
      if (draft.signals.some(({ id }) => id === command.signal.id)) break;
      emit({ type: 'SignalReceived', ...command.signal, by: command.by });
      if (command.taken_by !== undefined) settleNodes(draft, [command.taken_by], 'E', emit);
      break;
    case 'cancel':
      if (isCancelledSo(draft, command)) break;
      emit({
        type: 'WorkflowCancelled',
        by: command.by,
        reason: command.reason,
        ...(command.grace === undefined ? {} : { grace: { ...command.grace, nodes: [...command.grace.nodes] } }),
        ...(command.compensate === true ? { compensate: true as const } : {}),
      });
      // What was decided while it was paused is carried out now.
      if (state.paused) catchUp(draft, emit);
      break;
    case 'set-budget':
    case 'pause':
    case 'resume':
    case 'update':
    case 'migrate':
      steer(draft, command, emit);
      break;
    case 'redrive':
      if (isRedrivable(state)) redrive(draft, command.by, emit);
      break;
    case 'resume-compensation':
      if (draft.compensation === 'failed')
        emit({ type: 'CompensationResumed', by: command.by, skip: [...command.skip] });
  }
  if (events.length > 0) abortStopped(draft, emit);
  if (events.length > 0) compensate(draft, emit);
  if (events.length > 0 && isOver(draft))
    emit({ type: 'WorkflowFinished', status: finalStatus(draft.graph, draft.letters, draft) });
  return events;
}

/** The state after events that happened. Copies the letters once, however many events there are. */
export function evolveAll(
  definition: WorkflowDefinition,
  state: WorkflowState,
  events: Iterable<WorkflowEvent>,
): WorkflowState {
  const draft = draftOf(definition, state);
  for (const event of events) apply(draft, event);
  return stateOfDraft(draft);
}

/** The state after one event. */
export function evolve(definition: WorkflowDefinition, state: WorkflowState, event: WorkflowEvent): WorkflowState {
  return evolveAll(definition, state, [event]);
}

/** Folds the whole log: it must give the stored head's state again. */
export function replay(definition: WorkflowDefinition, events: Iterable<WorkflowEvent>): WorkflowState {
  return evolveAll(definition, initialState(definition), events);
}
