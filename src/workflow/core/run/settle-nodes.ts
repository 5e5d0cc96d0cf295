import type { Decision } from '../../../contracts/workflow/approval-decision.ts';
import type { TaskError } from '../../../contracts/distributor/task.ts';
import type { KeptSignal } from '../../../contracts/workflow/signal.ts';
import type { ScopeKind, WorkflowEvent } from '../../../contracts/workflow/workflow.ts';
import { branchesOf, type WorkflowBody } from '../../../contracts/workflow/nodes.ts';
import { scopeStatus } from './composites.ts';
import type { Draft } from './draft.ts';
import { hasEnded } from './state.ts';
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
  /** It failed and may be tried again, at that time or at once. */
  | { readonly outcome: 'retried'; readonly error: TaskError; readonly until?: string }
  /** Its next try has come. */
  | { readonly outcome: 'woken' }
  | {
      readonly outcome: 'expanded';
      readonly scope: Exclude<ScopeKind, 'fallback'>;
      readonly from: number;
      readonly count: number;
      /** Which try of the node it is. */
      readonly turn?: number;
      readonly body?: WorkflowBody;
      readonly until?: string;
    }
);

/** Takes an event: it happens at once. */
export type Emit = (event: WorkflowEvent) => void;

/** The path of a node. */
export function nameOf(draft: Draft, index: number): string {
  return draft.graph.nodes[index]?.name ?? '';
}

/** Follows the edges from nodes that ended: starts or skips what waited for them, wave after wave, since a skipped node has ended too. */
export function propagate(draft: Draft, ended: readonly number[], emit: Emit): void {
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
export function tend(draft: Draft, parent: number | undefined, emit: Emit): void {
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

type Outcome<O extends NodeOutcome['outcome']> = Extract<NodeOutcome, { outcome: O }>;

const decided = (decisions?: readonly Decision[]) => (decisions === undefined ? {} : { decisions: [...decisions] });
const whoOf = (agent_id?: string) => (agent_id === undefined ? {} : { agent_id });

/** True where nothing new starts any more. */
const isWinding = ({ cancelled, compensation }: Draft): boolean => cancelled || compensation !== undefined;

/** A failure, by the node's `on_error`. True when the node has ended with it. */
function failNode(
  draft: Draft,
  index: number,
  { node, attempt, agent_id, error, decisions }: Omit<Outcome<'failed'>, 'outcome'>,
  emit: Emit,
): boolean {
  const { on_error } = draft.graph.nodes[index] ?? {};
  const scopes = draft.graph.scopesIn.get(index) ?? [];
  const parent = draft.graph.scopeOf[index]?.parent;
  // A transaction that is told to abort because it was stopped: nobody waits for what would come in its place.
  const isStopped = isWinding(draft) || (parent !== undefined && hasEnded(draft.letters[parent]));
  if (typeof on_error === 'object' && !isStopped && scopes.at(-1)?.kind !== 'fallback') {
    emit({ type: 'NodeExpanded', node, scope: 'fallback', from: 0, count: 1, error });
    tend(draft, index, emit);
    return false;
  }
  const ignored = on_error === 'ignore' ? { ignored: true as const } : {};
  emit({ type: 'NodeFailed', node, attempt, ...whoOf(agent_id), error, ...decided(decisions), ...ignored });
  if (on_error === 'compensate' && !isStopped) emit({ type: 'CompensationRequested', node });
  return true;
}

/** A further try, or the failure where nothing new starts. True when the node has ended with it. */
function retryNode(draft: Draft, index: number, each: Outcome<'retried'>, emit: Emit): boolean {
  const { node, error, until } = each;
  if (isWinding(draft)) return failNode(draft, index, each, emit);
  emit({ type: 'NodeRetried', node, error, ...(until === undefined ? {} : { until }) });
  return false;
}

/** What is inside a node joins. True when the node has ended instead: what a task returned to be done next is not begun where nothing new starts, and the task has done its own part. */
function expandNode(draft: Draft, index: number, each: Outcome<'expanded'>, emit: Emit): boolean {
  const { node, attempt, agent_id, scope, from, count, body, until, turn = 1 } = each;
  if (scope === 'plan' && isWinding(draft)) {
    emit({ type: 'NodeCompleted', node, attempt, ...whoOf(agent_id) });
    return true;
  }
  const more = {
    ...(body === undefined ? {} : { body }),
    ...(until === undefined ? {} : { until }),
    ...(turn === 1 ? {} : { attempt: turn }),
  };
  emit({ type: 'NodeExpanded', node, scope, from, count, ...more });
  tend(draft, index, emit);
  return false;
}

/** A completion, with the event that the node took. Answers with the nodes that have ended by it: none where another node of the same batch has taken that event, and this one waits on. */
function completeNode(draft: Draft, index: number, each: Outcome<'completed'>, emit: Emit): readonly number[] {
  const { node, attempt, agent_id, signal, decisions, taken = [] } = each;
  if (signal !== undefined && !draft.signals.some(({ id }) => id === signal)) return [];
  const took = signal === undefined ? {} : { signal };
  emit({ type: 'NodeCompleted', node, attempt, ...whoOf(agent_id), ...took, ...decided(decisions) });
  return [index, ...passOver(draft, index, taken, emit)];
}

/** Applies outcomes to the nodes that are in one of the states `from` (their letters), and follows what they lead to. */
export function settleNodes(draft: Draft, outcomes: readonly NodeOutcome[], from: string, emit: Emit): void {
  const ended: number[] = [];
  const received = new Set<string>();
  for (const each of outcomes) {
    const index = draft.graph.indexOf.get(each.node);
    // A repeated or late outcome finds the node ended: nothing happens twice.
    if (index === undefined || !from.includes(draft.letters[index] ?? '-')) continue;
    switch (each.outcome) {
      case 'expanded':
        if (expandNode(draft, index, each, emit)) ended.push(index);
        break;
      case 'held':
        emit({ type: 'NodeHeld', node: each.node, ...(each.until === undefined ? {} : { until: each.until }) });
        break;
      case 'woken':
        if (draft.letters[index] === 'P') emit({ type: 'NodeStarted', node: each.node });
        break;
      case 'retried':
        if (retryNode(draft, index, each, emit)) ended.push(index);
        break;
      case 'failed':
        if (failNode(draft, index, each, emit)) ended.push(index);
        break;
      case 'completed':
        if (each.received !== undefined && !received.has(each.received.id)) {
          received.add(each.received.id);
          emit({ type: 'SignalReceived', ...each.received });
        }
        ended.push(...completeNode(draft, index, each, emit));
        break;
    }
  }
  propagate(draft, ended, emit);
}
