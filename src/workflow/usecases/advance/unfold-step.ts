import { workflowOf } from '../../../contracts/ids.ts';
import { resultsPerTransactionMax, startsPerTransactionMax } from '../../../contracts/limits.ts';
import type { TaskRow } from '../../../contracts/rows.ts';
import type {
  ApprovalRow,
  EndedTask,
  ExpansionRow,
  SignalRow,
  WorkflowHead,
} from '../../../contracts/workflow/rows.ts';
import type { Expansion, WorkflowEvent } from '../../../contracts/workflow/workflow.ts';
import type { TaskChange } from '../../../distributor/core/tasks/task-change.ts';
import { dueNodes } from '../../core/run/composites.ts';
import { graphOf } from '../../core/run/graph.ts';
import { decide, evolveAll, type WorkflowCommand } from '../../core/run/reducer.ts';
import type { NodeOutcome } from '../../core/run/settle-nodes.ts';
import { isFinished, type WorkflowState } from '../../core/run/state.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { type Run, stateOfRun } from './load-run.ts';
import type { KnownEnds, Progress } from './node-values.ts';
import { prepareNodes } from './prepare-nodes.ts';
import type { Resolved } from './resolved.ts';
import { resolveNodes } from './resolve-nodes.ts';

/** Payload bytes of the successor rows in one transaction. More: with the settled outputs it would pass DynamoDB's 4 MB. */
const startBytesPerTransactionMax = 1_500_000;
/** Actions of one transaction (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html), without head, event and mark. */
const actionsMax = 97;

/** A command with the task changes that must happen together with it. */
export interface Step {
  readonly command: WorkflowCommand;
  readonly changes: readonly TaskChange[];
  /** How the changed tasks end, by node: their rows do not say it yet. */
  readonly known: KnownEnds;
  /** What the command's own outcomes bring along. */
  readonly resolved?: readonly Resolved[];
  /** The event that came. */
  readonly signal?: SignalRow;
  /** The workflow's execution is still to be started: whoever does it takes back the mark of the creation. */
  readonly owesExecution?: boolean;
  /** Nodes that start again: their rows are there and queued already. */
  readonly revived?: ReadonlySet<string>;
  /** Set on the head besides what the events say. */
  readonly patch?: Pick<WorkflowHead, 'budget' | 'cancel_until' | 'priority' | 'deadline' | 'updated' | 'results'>;
}

/** A step with all that follows from it at once. */
export interface Unfolded {
  readonly events: WorkflowEvent[];
  readonly rows: TaskRow[];
  readonly results: Map<string, EndedTask>;
  readonly approvals: ApprovalRow[];
  /** Events that the workflow receives with it, by their ids. */
  readonly signals: Map<string, SignalRow>;
  readonly progress: Progress;
  readonly state: WorkflowState;
  /** Nodes that Cadre itself evaluates are left for the next transaction. */
  readonly unfinished: boolean;
}

/** What an answer of the edge brings along, by node, until the reducer has accepted it. */
type Brought = Map<string, Pick<Resolved, 'result' | 'values' | 'approval' | 'signal'>>;

function broughtBy(resolved: readonly Resolved[]): Brought {
  return new Map(resolved.map((each) => [each.outcome.node, each]));
}

/** Keeps what the accepted outcomes brought along: results of nodes that ended, values of those that expanded, what people are asked. */
function keep(
  decided: readonly WorkflowEvent[],
  before: readonly ExpansionRow[],
  brought: Brought,
  unfolded: Pick<Unfolded, 'results' | 'approvals' | 'signals'>,
): ExpansionRow[] {
  // The reducer itself lets a stopped transaction abort: who is told sees what it was given to prepare.
  const given = ({ node, scope }: Extract<Expansion, { type: 'NodeExpanded' }>) =>
    scope === 'abort'
      ? before.findLast(({ event }) => event.type === 'NodeExpanded' && event.node === node)?.values
      : undefined;
  return decided.flatMap((event): ExpansionRow[] => {
    if (event.type === 'CompensationStarted' || event.type === 'WorkflowMigrated') return [{ event }];
    if (event.type === 'NodeExpanded') {
      const values = event.scope === 'fallback' ? undefined : (brought.get(event.node)?.values ?? given(event));
      return [{ event, ...(values === undefined ? {} : { values }) }];
    }
    if (event.type === 'NodeHeld') {
      const approval = brought.get(event.node)?.approval;
      if (approval !== undefined) unfolded.approvals.push(approval);
    }
    if (event.type === 'NodeCompleted' || event.type === 'NodeFailed') {
      const { result, signal } = brought.get(event.node) ?? {};
      if (result !== undefined) unfolded.results.set(event.node, result);
      if (signal !== undefined) unfolded.signals.set(signal.id, signal);
    }
    return [];
  });
}

/** What was begun and is still open: a node that was stopped in the step that started it asks nobody for anything. */
function begunNow(
  { graph, letters }: Progress,
  { rows, approvals }: Pick<Unfolded, 'rows' | 'approvals'>,
): Pick<Unfolded, 'rows' | 'approvals'> {
  const stopped = new Set(graph.nodes.flatMap(({ name }, index) => (letters[index] === 'X' ? [name] : [])));
  if (stopped.size === 0) return { rows, approvals };
  return {
    rows: rows.filter(({ task_id }) => !stopped.has(workflowOf(task_id)?.node ?? '')),
    approvals: approvals.filter(({ path }) => !stopped.has(path)),
  };
}

/**
 * Decides until nothing is left for Cadre itself to evaluate, or the transaction is full: an input that fails, a choice, a loop's next round are one more outcome
 * to decide about, so that a chain of such nodes commits at once.
 */
export async function unfold(deps: WorkflowDeps, run: Run, step: Step): Promise<Unfolded> {
  const { definition } = run.pinned;
  const events: WorkflowEvent[] = [];
  const rows: TaskRow[] = [];
  const results = new Map<string, EndedTask>();
  const approvals: ApprovalRow[] = [];
  const signals = new Map(step.signal === undefined ? [] : [[step.signal.id, step.signal]]);
  let { expansions } = run;
  let state = stateOfRun(run);
  let known = step.known;
  let brought = broughtBy(step.resolved ?? []);
  let command = step.command;
  for (let room = resultsPerTransactionMax; ;) {
    const decided = decide(definition, state, command);
    state = evolveAll(definition, state, decided);
    for (const event of decided) events.push(event);
    const joined = keep(decided, expansions, brought, { results, approvals, signals });
    if (joined.length > 0) expansions = [...expansions, ...joined];
    if (results.size > 0) known = new Map([...known, ...results]);
    const graph = graphOf(definition, state.expansions);
    const progress: Progress = {
      ...{ run: { ...run, expansions }, graph, letters: state.nodes, known },
      ...{ signals: state.signals, received: new Map(signals) },
    };
    const started = decided.flatMap((event) =>
      event.type === 'NodeStarted' && step.revived?.has(event.node) !== true ? [event.node] : [],
    );
    const prepared = await prepareNodes(deps, progress, started);
    rows.push(...prepared.rows);
    const due = isFinished(state.status) || state.paused ? [] : dueNodes(graph, state.nodes);
    const resolved = await resolveNodes(deps, progress, due.slice(0, Math.max(0, room)));
    room -= resolved.length + prepared.failures.length;
    const failed = prepared.failures.map(({ node, error }): NodeOutcome => ({
      node,
      attempt: 0,
      outcome: 'failed',
      error,
    }));
    const outcomes = [...failed, ...resolved.map(({ outcome }) => outcome)];
    if (outcomes.length === 0) {
      const begun = begunNow(progress, { rows, approvals });
      return { events, results, signals, progress, state, unfinished: due.length > 0, ...begun };
    }
    brought = broughtBy(resolved);
    for (const { node, error } of prepared.failures) brought.set(node, { result: { error } });
    command = { type: 'resolve', outcomes };
  }
}

/** Whether it all fits into one transaction. Started tasks may be inserted after the transaction, in batches; everything else has to be in it. */
export function fits(step: Step, { events, rows, results, progress: { run } }: Unfolded, joined: number): boolean {
  if (rows.length > startsPerTransactionMax) return false;
  // Timers, and the events that came.
  const more = events.filter((event) => 'until' in event || event.type === 'SignalReceived').length;
  if (rows.length + step.changes.length + results.size + joined + more > actionsMax) return false;
  const texts = [
    ...rows.map(({ payload }) => payload.text),
    ...[...results.values()].map(({ output }) => output?.text),
  ];
  const values = run.expansions.slice(run.expansions.length - joined).map((row) => JSON.stringify(row.values ?? null));
  const bytes = [...texts, ...values].reduce((sum, text) => sum + Buffer.byteLength(text ?? ''), 0);
  return bytes <= startBytesPerTransactionMax;
}
