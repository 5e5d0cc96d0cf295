import type { Decision } from '../../contracts/approval-decision.ts';
import type { WorkflowUpdate } from '../../contracts/repair.ts';
import type { TaskError } from '../../contracts/task.ts';
import type { ScopeKind, WorkflowDefinition, WorkflowEvent } from '../../contracts/workflow.ts';
import type { KeptSignal } from '../../contracts/signal.ts';
import { branchesOf, type WorkflowBody } from '../../contracts/workflow-nodes.ts';
import { completedWork, compensationOf } from './compensation.ts';
import { scopeStatus } from './composites.ts';
import { versionOf } from './graph.ts';
import { apply, type Draft, draftOf, mayBeStopped, stateOfDraft } from './draft.ts';
import { finalStatus, hasEnded, initialState, isFinished, type WorkflowState } from './state.ts';
import { verdictOn } from './triggers.ts';

/**
 * How a node ended or went on. `taken` are the dependents that a branching node goes on with, `signal` is the event that it took, `received` says that the workflow has not
 * received that before; without `until` it waits for one.
 */
export type NodeOutcome = { readonly node: string; readonly attempt: number; readonly agent_id?: string } & (
  | {
      readonly outcome: 'completed';
      readonly taken?: readonly string[];
      readonly signal?: string;
      readonly received?: KeptSignal & { readonly by: string };
      readonly decisions?: readonly Decision[];
    }
  | { readonly outcome: 'failed'; readonly error: TaskError; readonly decisions?: readonly Decision[] }
  | { readonly outcome: 'held'; readonly until?: string }
  | {
      readonly outcome: 'expanded';
      readonly scope: Exclude<ScopeKind, 'fallback'>;
      readonly from: number;
      readonly count: number;
      readonly body?: WorkflowBody;
      readonly until?: string;
    }
);

/** What may be asked of a workflow. `settle`: tasks ended; `resolve`: nodes without a task were evaluated. */
export type WorkflowCommand =
  | { readonly type: 'begin'; readonly rerun?: { readonly of: string; readonly nodes: string } | undefined }
  | { readonly type: 'settle' | 'resolve'; readonly outcomes: readonly NodeOutcome[] }
  /** An event came; `taken_by` is the node that waits for it. */
  | { readonly type: 'signal'; readonly by: string; readonly signal: KeptSignal; readonly taken_by?: NodeOutcome }
  /** `grace` names running tasks that have time to end by themselves; a second one without it stops them. */
  | {
      readonly type: 'cancel';
      readonly by: string;
      readonly reason: string;
      readonly grace?: { readonly until: string; readonly nodes: readonly string[] };
    }
  /** Nothing new starts until it is resumed. */
  | { readonly type: 'pause' | 'resume'; readonly by: string }
  | ({ readonly type: 'update'; readonly by: string } & WorkflowUpdate)
  /** It goes on by a newer version of its definition, which was found compatible with the run as it is. */
  | { readonly type: 'migrate'; readonly by: string; readonly definition: WorkflowDefinition }
  /** Opens what failed in a workflow that has ended. */
  | { readonly type: 'redrive'; readonly by: string }
  /** A human lets a failed compensation go on; `skip` names the compensations that count as done. */
  | { readonly type: 'resume-compensation'; readonly by: string; readonly skip: readonly string[] };

type Emit = (event: WorkflowEvent) => void;

function nameOf(draft: Draft, index: number): string {
  return draft.graph.nodes[index]?.name ?? '';
}

/** Follows the edges from nodes that ended: starts or skips what waited for them, wave after wave, since a skipped node has ended too. */
function propagate(draft: Draft, ended: readonly number[], emit: Emit): void {
  // What may start now starts when the workflow is resumed.
  if (draft.paused) return;
  for (let wave = ended; wave.length > 0;) {
    const touched = new Set(wave.flatMap((index) => draft.graph.dependents[index] ?? []));
    const skipped: number[] = [];
    for (const index of touched) {
      if (draft.letters[index] !== 'W') continue;
      const verdict = verdictOn(draft.graph, draft.letters, index);
      const node = nameOf(draft, index);
      if (verdict === 'start') emit({ type: 'NodeStarted', node });
      else if (verdict !== 'wait') {
        const not_taken = verdict.not_taken === true ? { not_taken: true as const } : {};
        emit({ type: 'NodeSkipped', node, reason: verdict.skip, ...not_taken });
        skipped.push(index);
      }
    }
    for (const index of wave) tend(draft, draft.graph.scopeOf[index]?.parent, emit);
    wave = skipped;
  }
}

/** Begins the waiting scopes of a node, as many at a time as it allows. */
function tend(draft: Draft, parent: number | undefined, emit: Emit): void {
  if (parent === undefined || draft.letters[parent] !== 'E' || draft.paused) return;
  const node = draft.graph.nodes[parent];
  const allowed = node?.kind === 'map' ? (node.max_concurrency ?? Infinity) : Infinity;
  const scopes = (draft.graph.scopesIn.get(parent) ?? []).map(
    (scope) => [scope, scopeStatus(draft.letters, scope)] as const,
  );
  let running = scopes.filter(([, status]) => status === 'running').length;
  for (const [scope, status] of scopes) {
    if (running >= allowed) return;
    if (status !== 'waiting') continue;
    for (const root of scope.roots) emit({ type: 'NodeStarted', node: nameOf(draft, root) });
    running += 1;
  }
}

/** Marks what a branching node does not go on with. */
function passOver(draft: Draft, choice: number, taken: readonly string[], emit: Emit): number[] {
  const node = draft.graph.nodes[choice];
  const named = new Set(branchesOf(node).flatMap(([, names]) => names));
  if (node === undefined || named.size === 0) return [];
  for (const name of taken) named.delete(name);
  const reason = `${node.kind === 'choice' ? 'the choice ' : ''}"${node.name}" went another way`;
  return (draft.graph.dependents[choice] ?? []).filter((index) => {
    const path = nameOf(draft, index);
    if (draft.letters[index] !== 'W' || !named.has(path.slice(path.lastIndexOf(':') + 1))) return false;
    emit({ type: 'NodeSkipped', node: path, reason, not_taken: true });
    return true;
  });
}

const decided = (decisions?: readonly Decision[]) => (decisions === undefined ? {} : { decisions: [...decisions] });

/** A failure, by the node's `on_error`. True when the node has ended with it. */
function failNode(
  draft: Draft,
  index: number,
  { node, attempt, agent_id, error, decisions }: Extract<NodeOutcome, { outcome: 'failed' }>,
  emit: Emit,
): boolean {
  const { on_error } = draft.graph.nodes[index] ?? {};
  const scopes = draft.graph.scopesIn.get(index) ?? [];
  const parent = draft.graph.scopeOf[index]?.parent;
  // A transaction that is told to abort because it was stopped: nobody waits for what would come in its place.
  const isStopped = draft.cancelled || (parent !== undefined && hasEnded(draft.letters[parent]));
  const isWinding = draft.compensation !== undefined || isStopped;
  if (typeof on_error === 'object' && !isWinding && scopes.at(-1)?.kind !== 'fallback') {
    emit({ type: 'NodeExpanded', node, scope: 'fallback', from: 0, count: 1, error });
    tend(draft, index, emit);
    return false;
  }
  const who = agent_id === undefined ? {} : { agent_id };
  const ignored = on_error === 'ignore' ? { ignored: true as const } : {};
  emit({ type: 'NodeFailed', node, attempt, ...who, error, ...decided(decisions), ...ignored });
  if (on_error === 'compensate' && !isWinding) emit({ type: 'CompensationRequested', node });
  return true;
}

function settleNodes(draft: Draft, outcomes: readonly NodeOutcome[], from: string, emit: Emit): void {
  const ended: number[] = [];
  const received = new Set<string>();
  for (const each of outcomes) {
    const { node, attempt, agent_id } = each;
    const index = draft.graph.indexOf.get(node);
    // A repeated or late outcome finds the node ended: nothing happens twice.
    if (index === undefined || !from.includes(draft.letters[index] ?? '-')) continue;
    // What a task returns to be done next is not begun any more where nothing new starts; the task has done its own part.
    const isPlanOnly =
      each.outcome === 'expanded' && each.scope === 'plan' && (draft.cancelled || draft.compensation !== undefined);
    if (isPlanOnly) {
      emit({ type: 'NodeCompleted', node, attempt, ...(agent_id === undefined ? {} : { agent_id }) });
      ended.push(index);
    } else if (each.outcome === 'expanded') {
      const { scope, count, body, until } = each;
      const more = { ...(body === undefined ? {} : { body }), ...(until === undefined ? {} : { until }) };
      emit({ type: 'NodeExpanded', node, scope, from: each.from, count, ...more });
      tend(draft, index, emit);
    } else if (each.outcome === 'held') {
      emit({ type: 'NodeHeld', node, ...(each.until === undefined ? {} : { until: each.until }) });
    } else if (each.outcome === 'failed') {
      if (failNode(draft, index, each, emit)) ended.push(index);
    } else {
      const { signal } = each;
      if (each.received !== undefined && !received.has(each.received.id)) {
        received.add(each.received.id);
        emit({ type: 'SignalReceived', ...each.received });
      }
      // Another node of the same batch has taken it: this one waits on.
      if (signal !== undefined && !draft.signals.some(({ id }) => id === signal)) continue;
      const took = signal === undefined ? {} : { signal };
      const who = agent_id === undefined ? {} : { agent_id };
      emit({ type: 'NodeCompleted', node, attempt, ...who, ...took, ...decided(each.decisions) });
      ended.push(index, ...passOver(draft, index, each.taken ?? [], emit));
    }
  }
  propagate(draft, ended, emit);
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

/** True for a workflow that has ended and may be opened again: it was neither cancelled nor undone. */
export function isRedrivable({ status, cancelled, compensation }: WorkflowState): boolean {
  return (status === 'Failed' || status === 'Partially Complete') && !cancelled && compensation === undefined;
}

/** Undoes what completed, once nothing runs any more: the last first, and what is independent at the same time. */
function compensate(draft: Draft, emit: Emit): void {
  if (draft.cancelled) return;
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
    if (draft.graph.scopesIn.get(index)?.at(-1)?.kind !== 'prepare') continue;
    emit({ type: 'NodeExpanded', node: node.name, scope: 'abort', from: 0, count: 1 });
    tend(draft, index, emit);
  }
}

/** True when nothing can happen any more. A compensation that failed waits for a human. */
function isOver({ open, cancelled, compensation }: Draft): boolean {
  return open === 0 && (cancelled || compensation === undefined || compensation === 'completed');
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
      emit({ type: 'WorkflowStarted' });
      takeOver(draft, command.rerun, emit);
      for (const [index, node] of draft.graph.nodes.entries()) {
        const isRoot = draft.graph.dependencies[index]?.length === 0 && draft.letters[index] === 'W';
        if (isRoot) emit({ type: 'NodeStarted', node: node.name });
      }
      propagate(
        draft,
        draft.letters.flatMap((letter, index) => (hasEnded(letter) ? [index] : [])),
        emit,
      );
      break;
    case 'settle':
      settleNodes(draft, command.outcomes, 'S', emit);
      break;
    case 'resolve':
      settleNodes(draft, command.outcomes, 'SE', emit);
      break;
    case 'signal':
      if (draft.signals.some(({ id }) => id === command.signal.id)) break;
      emit({ type: 'SignalReceived', ...command.signal, by: command.by });
      if (command.taken_by !== undefined) settleNodes(draft, [command.taken_by], 'E', emit);
      break;
    case 'cancel':
      if (draft.cancelled && (command.grace !== undefined || !mayBeStopped(draft.graph, draft.letters))) break;
      emit({
        type: 'WorkflowCancelled',
        by: command.by,
        reason: command.reason,
        ...(command.grace === undefined ? {} : { grace: { ...command.grace, nodes: [...command.grace.nodes] } }),
      });
      // What was decided while it was paused is carried out now.
      if (state.paused) catchUp(draft, emit);
      break;
    case 'pause':
      if (!draft.paused && state.status === 'In Progress') emit({ type: 'WorkflowPaused', by: command.by });
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
      const { by, definition: next } = command;
      emit({ type: 'WorkflowMigrated', by, version: versionOf(draft.expansions) + 1, definition: next });
      if (!draft.paused) catchUp(draft, emit);
      break;
    }
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
