import { startsPerTransactionMax } from '../../contracts/limits.ts';
import type { DispatchHint } from '../../contracts/messages.ts';
import type { TaskRow, WorkflowHead } from '../../contracts/rows.ts';
import type { WorkflowEvent } from '../../contracts/workflow.ts';
import { routeRow } from '../../distributor/core/route.ts';
import type { TaskChange } from '../../distributor/core/task-change.ts';
import { decide, evolveAll, type WorkflowCommand } from '../core/reducer.ts';
import { isFinished, stateOf, type WorkflowState } from '../core/state.ts';
import type { Advance, AdvanceConflict, WorkflowDeps } from '../ports.ts';
import type { Run } from './load-run.ts';
import { type EndedTask, type KnownEnds, prepareNodes, workflowOutput } from './prepare-nodes.ts';

/** Payload bytes of the successor rows in one transaction. More: with the settled outputs it would pass DynamoDB's 4 MB. */
const startBytesPerTransactionMax = 1_500_000;

/** A command with the task changes that must happen together with it. */
export interface Step {
  readonly command: WorkflowCommand;
  readonly changes: readonly TaskChange[];
  /** How the changed tasks end, by node: their rows do not say it yet. */
  readonly known: KnownEnds;
  /** Set on the head besides what the events say. */
  readonly patch?: Pick<WorkflowHead, 'task_token' | 'cancel_reason'>;
  /** More steps of this kind follow (a long cancellation): the pulse must not forget them. */
  readonly more?: boolean;
}

/** What a committed step led to. */
export interface Committed {
  readonly head: WorkflowHead;
  readonly events: readonly WorkflowEvent[];
  readonly hints: readonly DispatchHint[];
}

/** Decides until no started node's input fails any more: a failing input is one more outcome to decide about. */
async function unfold(deps: WorkflowDeps, run: Run, step: Step) {
  const { definition } = run.pinned;
  const events: WorkflowEvent[] = [];
  const rows: TaskRow[] = [];
  let state: WorkflowState = stateOf(run.head);
  for (let command: WorkflowCommand | undefined = step.command; command !== undefined;) {
    const decided = decide(definition, state, command);
    state = evolveAll(definition, state, decided);
    for (const event of decided) events.push(event);
    const started = decided.flatMap((event) => (event.type === 'NodeStarted' ? [event.node] : []));
    const prepared = await prepareNodes(deps, run, state.nodes, started, withFailures(step.known, events));
    rows.push(...prepared.rows);
    const outcomes = prepared.failures.map((each) => ({ ...each, outcome: 'failed' as const, attempt: 0 }));
    command = outcomes.length === 0 ? undefined : { type: 'settle', outcomes };
  }
  return { events, rows, state };
}

/** Nodes whose input failed have no row, so their error is known only from the events. */
function withFailures(known: KnownEnds, events: readonly WorkflowEvent[]): KnownEnds {
  const failed = events.flatMap((event): [string, EndedTask][] =>
    event.type === 'NodeFailed' && !known.has(event.node) ? [[event.node, { error: event.error }]] : [],
  );
  return failed.length === 0 ? known : new Map([...known, ...failed]);
}

function fits(rows: readonly TaskRow[]): boolean {
  if (rows.length > startsPerTransactionMax) return false;
  const bytes = rows.reduce((sum, row) => sum + Buffer.byteLength(row.payload.text ?? ''), 0);
  return bytes <= startBytesPerTransactionMax;
}

function attentionOf(step: Step, state: WorkflowState, wide: boolean): Pick<Advance, 'attention'> {
  if (wide || step.more === true || isFinished(state.status)) return { attention: true };
  // The beginning pays the debt that the creation left.
  return step.command.type === 'begin' ? { attention: false } : {};
}

/** Rows are only found through their route, so the route is written first. */
export async function writeRoutes(deps: WorkflowDeps, rows: readonly TaskRow[]): Promise<void> {
  if (rows.length > 0) await deps.agents.addRoutes(rows.map((row) => routeRow(row.pool, row)));
}

/** Where the dispatcher should look for these rows. */
export function hintsOf(rows: readonly TaskRow[]): readonly DispatchHint[] {
  return [...Map.groupBy(rows, (row) => row.pool)].map(([pool, list]) => ({
    pool,
    routes: [...new Set(list.map((row) => row.route))],
  }));
}

/** Ends the Run state of the execution. A failure is left to the pulse: the finishing advance has left its mark. */
async function announceEnd(deps: WorkflowDeps, head: WorkflowHead): Promise<void> {
  if (head.task_token === undefined) return;
  await deps.executions
    .complete(head.task_token, { workflow_id: head.workflow_id, status: head.status })
    .catch((error: unknown) => {
      const { workflow_id } = head;
      deps.log.warn('an execution could not be told of its end', { workflow_id, reason: String(error) });
    });
}

/** The head after the events, with what the end of the workflow adds. */
async function nextHead(
  deps: WorkflowDeps,
  run: Run,
  step: Step,
  unfolded: Awaited<ReturnType<typeof unfold>>,
  at: string,
) {
  const { events, state } = unfolded;
  const started = events.some((event) => event.type === 'WorkflowStarted');
  const head: WorkflowHead = {
    ...run.head,
    ...step.patch,
    seq: run.head.seq + 1,
    status: state.status,
    nodes: state.nodes,
    ...(started ? { started_at: at } : {}),
  };
  if (!isFinished(state.status)) return head;
  const output = await workflowOutput(deps, run, state.nodes, withFailures(step.known, events));
  return { ...head, ...output, completed_at: at };
}

/**
 * Decides a step and commits it: task changes, events, head and successors in one transaction. Answers with the conflict when somebody else was
 * first, and with undefined when there is nothing to do. A fan-out too wide for the transaction is inserted after it, under an attention mark.
 */
export async function commitStep(
  deps: WorkflowDeps,
  run: Run,
  step: Step,
): Promise<Committed | { readonly conflict: AdvanceConflict } | undefined> {
  const unfolded = await unfold(deps, run, step);
  const { events, rows, state } = unfolded;
  if (events.length === 0 && step.changes.length === 0) return undefined;
  const at = new Date(deps.sources.now()).toISOString();
  const wide = !fits(rows);
  const head = await nextHead(deps, run, step, unfolded, at);
  await writeRoutes(deps, rows);
  const conflict = await deps.workflows.advance({
    head,
    event: { workflow_id: head.workflow_id, seq: head.seq, at, events },
    changes: step.changes,
    started: wide ? [] : rows,
    ...attentionOf(step, state, wide),
  });
  if (conflict !== undefined) return { conflict };
  if (wide) {
    await deps.tasks.insert(rows);
    const from = step.command.type === 'begin' ? 0 : head.seq;
    if (step.more !== true) await deps.workflows.clearAttention(head.workflow_id, { from, to: head.seq });
  }
  if (isFinished(head.status)) await announceEnd(deps, head);
  return { head, events, hints: hintsOf(rows) };
}
