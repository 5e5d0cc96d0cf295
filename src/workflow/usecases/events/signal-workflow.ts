import { CadreError, type Outcome, refused } from '../../../contracts/errors.ts';
import { canonicalJson } from '../../../contracts/json.ts';
import { keptSignalsMax } from '../../../contracts/limits.ts';
import type { SignalRow } from '../../../contracts/workflow/rows.ts';
import type { SignalView, WorkflowSignal } from '../../../contracts/workflow/signal.ts';
import { storeText } from '../../../distributor/core/tasks/stored-json.ts';
import { isFinished } from '../../core/run/state.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { commitStep } from '../advance/commit-advance.ts';
import { findRun, type Run } from '../advance/load-run.ts';
import { progressOf } from '../advance/node-values.ts';
import { takerOf } from '../advance/resolve-waits.ts';

/** An event for a workflow, and who sends it. */
export interface SignalWorkflowRequest {
  readonly signal: WorkflowSignal & { readonly id: string };
  readonly principal: string;
}

/** Transactions in a row that may be lost to results which arrive meanwhile. */
const racesMax = 12;

function viewOf({ workflow_id, id, name, key, received_at }: SignalRow, kept: boolean): SignalView {
  return { workflow_id, id, name, ...(key === undefined ? {} : { key }), received_at, kept };
}

async function toRow(deps: WorkflowDeps, { signal, principal }: SignalWorkflowRequest): Promise<SignalRow> {
  const { workflow_id, id, name, key, data } = signal;
  return {
    workflow_id,
    id,
    name,
    ...(key === undefined ? {} : { key }),
    ...(data === undefined ? {} : { data: await storeText(deps, workflow_id, JSON.stringify(data)) }),
    body_hash: deps.sources.hash(canonicalJson(signal)),
    by: principal,
    received_at: new Date(deps.sources.now()).toISOString(),
  };
}

/** What became of an event: a node took it, the workflow keeps it, it had come before, or no node waits for it and nobody wanted it kept. */
type Fate = { readonly fate: 'taken' | 'kept' | 'over' } | { readonly fate: 'repeated'; readonly first: SignalRow };

/** One look: a repeat is told apart, else the event and the end of the node that takes it are one transaction. Undefined: somebody else was first. */
async function receive(
  deps: WorkflowDeps,
  run: Run,
  row: SignalRow,
  isKept: (run: Run) => boolean,
): Promise<Outcome<Fate> | undefined> {
  const { workflow_id, id, name, key, by } = row;
  const { status, signals = [] } = run.head;
  const [first] = await deps.workflows.signals(workflow_id, [id]);
  if (first !== undefined && first.body_hash !== row.body_hash)
    return refused('signal-conflict', `"${workflow_id}" received "${id}" before with another body`, 'id');
  if (first !== undefined) return { ok: true, value: { fate: 'repeated', first } };
  if (isFinished(status)) return refused('already-finished', `the workflow is ${status}`, 'workflow_id');
  const taker = await takerOf(deps, progressOf(run), row);
  if (taker === undefined && !isKept(run)) return { ok: true, value: { fate: 'over' } };
  if (taker === undefined && signals.length >= keptSignalsMax)
    return refused(
      'too-many-signals',
      `"${workflow_id}" keeps ${signals.length} events, and no node waits for "${name}"`,
    );
  const signal = { id, name, ...(key === undefined ? {} : { key }) };
  const committed = await commitStep(deps, run, {
    command: { type: 'signal', by, signal, ...(taker === undefined ? {} : { taken_by: taker.outcome }) },
    changes: [],
    known: new Map(),
    signal: row,
    resolved: taker === undefined ? [] : [taker],
  });
  if (committed === undefined || 'conflict' in committed) return undefined;
  await deps.messenger.hint(committed.hints);
  return { ok: true, value: { fate: taker === undefined ? 'kept' : 'taken' } };
}

/** Looks until nobody else was faster. */
async function give(
  deps: WorkflowDeps,
  row: SignalRow,
  isKept: (run: Run) => boolean,
): Promise<Outcome<Fate & { readonly run: Run }>> {
  const { workflow_id } = row;
  for (let race = 0; race < racesMax; race += 1) {
    const run = await findRun(deps, workflow_id);
    if (run === undefined) return refused('not-found', `there is no workflow "${workflow_id}"`, 'workflow_id');
    const outcome = await receive(deps, run, row, isKept);
    if (outcome !== undefined) return outcome.ok ? { ok: true, value: { ...outcome.value, run } } : outcome;
  }
  return refused('version-conflict');
}

/**
 * Gives an event to the first node that waits for it, or keeps it until one does; either way it is an advance of the workflow, so that it is neither lost nor taken
 * twice, whatever dies meanwhile. The same id with the same body is a repeat. Refused with `already-finished`, `signal-conflict`, or `too-many-signals`.
 */
export async function signalWorkflow(deps: WorkflowDeps, request: SignalWorkflowRequest): Promise<Outcome<SignalView>> {
  const row = await toRow(deps, request);
  const given = await give(deps, row, () => true);
  if (!given.ok) return given;
  const { value } = given;
  if (value.fate !== 'repeated') return { ok: true, value: viewOf(row, value.fate === 'kept') };
  const isKept = value.run.head.signals?.some(({ id }) => id === row.id) === true;
  return { ok: true, value: viewOf(value.first, isKept) };
}

/**
 * Brings a published event to a workflow whose wait for it was told at the head `seq`. `over`: no node waits for it. As long as that head is the newest, the advance which
 * begins to wait is not committed: the event is kept, so that this advance fails and decides again. Throws when it could not be brought now.
 */
export async function bringEvent(
  deps: WorkflowDeps,
  row: SignalRow,
  seq: number,
): Promise<'taken' | 'kept' | 'repeated' | 'over'> {
  const given = await give(deps, row, ({ head }) => head.seq <= seq);
  if (given.ok) return given.value.fate;
  const { code, message } = given.error;
  if (code === 'not-found' || code === 'already-finished') return 'over';
  if (code !== 'signal-conflict') throw new CadreError(code, message);
  // Somebody sent the workflow an event of its own under this very id.
  deps.log.warn('a published event came under an id that its workflow knows', {
    workflow_id: row.workflow_id,
    id: row.id,
  });
  return 'repeated';
}
