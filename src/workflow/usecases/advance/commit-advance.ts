import type { Announcement } from '../../../contracts/events.ts';
import { nodeTaskId, workflowOf } from '../../../contracts/ids.ts';
import type { DispatchHint } from '../../../contracts/messages.ts';
import type { HedgeRun, TaskRow } from '../../../contracts/rows.ts';
import type { NodeTimerRow, WorkflowHead } from '../../../contracts/workflow/rows.ts';
import type { WorkflowEvent } from '../../../contracts/workflow/workflow.ts';
import { noAmount, spentView } from '../../../distributor/core/dispatch/budget.ts';
import { deadlineTimerOf, routesOfTask } from '../../../distributor/core/tasks/expiry.ts';
import { tickDelays } from '../../../distributor/core/tasks/timers.ts';
import { type Charge, spentEvents } from '../../core/run/account.ts';
import { versionOf } from '../../core/run/graph.ts';
import { evolveAll } from '../../core/run/reducer.ts';
import { isFinished } from '../../core/run/state.ts';
import type { Advance, AdvanceConflict, WorkflowDeps } from '../../ports.ts';
import { graphOfRun, loadRun, type Run } from './load-run.ts';
import { withPlans } from './plan-nodes.ts';
import { workflowOutput } from './prepare-nodes.ts';
import { sweepStopped } from './sweep-stopped.ts';
import { fits, type Step, unfold, type Unfolded } from './unfold-step.ts';
import { withdrawApprovals } from '../approvals/withdraw-approvals.ts';

/** What a committed step led to. */
export interface Committed {
  readonly head: WorkflowHead;
  readonly events: readonly WorkflowEvent[];
  readonly hints: readonly DispatchHint[];
}

/** Rows are only found through their route, so the route is written first. */
export async function writeRoutes(deps: WorkflowDeps, rows: readonly TaskRow[]): Promise<void> {
  if (rows.length > 0) await deps.agents.addRoutes(rows.flatMap(routesOfTask));
}

/** Where the dispatcher should look for these rows. */
export function hintsOf(rows: readonly TaskRow[]): readonly DispatchHint[] {
  return [...Map.groupBy(rows, (row) => row.pool)].map(([pool, list]) => ({
    pool,
    routes: [...new Set(list.map((row) => row.route))],
  }));
}

/**
 * Ends the Run state of the execution. A failure is left to the pulse: the finishing advance has left its mark. It commits once, so a token that nobody
 * knows is no repeat here: the execution died, or was stopped, before its workflow ended.
 */
async function announceEnd(deps: WorkflowDeps, head: WorkflowHead): Promise<void> {
  const { workflow_id, status, task_token } = head;
  if (task_token === undefined) return;
  const reason = await deps.executions.complete(task_token, { workflow_id, status }).then(
    (told) => (told ? undefined : 'nothing waits for its token: it died, or was stopped'),
    (error: unknown) => String(error),
  );
  if (reason !== undefined) deps.log.warn('an execution could not be told of its end', { workflow_id, reason });
}

/** The head after the events, with what the end of the workflow adds. */
async function nextHead(deps: WorkflowDeps, run: Run, step: Step, unfolded: Unfolded, at: string) {
  const { events, state, progress } = unfolded;
  const started = events.some((event) => event.type === 'WorkflowStarted');
  const version = versionOf(state.expansions);
  const migrated = events.findLast((event) => event.type === 'WorkflowMigrated');
  const cancelled = events.find((event) => event.type === 'WorkflowCancelled');
  const head: WorkflowHead = {
    ...run.head,
    ...step.patch,
    seq: run.head.seq + 1,
    status: state.status,
    nodes: state.nodes,
    ...(state.expansions.length === 0 ? {} : { expansions: state.expansions.length }),
    ...(version === 1 ? {} : { version }),
    ...(migrated === undefined ? {} : { definition: migrated.registered }),
    ...(state.paused === run.head.paused || (!state.paused && run.head.paused === undefined)
      ? {}
      : { paused: state.paused }),
    ...(unfolded.signals.size === 0 && run.head.signals === undefined ? {} : { signals: state.signals }),
    ...(state.compensation === undefined ? {} : { compensation: state.compensation }),
    ...(unfolded.results.size === 0 ? {} : { results: true as const }),
    ...(unfolded.approvals.length === 0 ? {} : { approvals: true as const }),
    ...(started ? { started_at: at } : {}),
    ...(cancelled === undefined ? {} : { cancel_reason: run.head.cancel_reason ?? cancelled.reason }),
    ...(state.spent === undefined ? {} : { spent: state.spent }),
    ...(state.warned === (run.head.warned ?? false) ? {} : { warned: state.warned }),
  };
  if (!isFinished(state.status)) {
    const { completed_at: _end, output: _output, output_error: _error, ...open } = head;
    return open;
  }
  return { ...head, ...(await workflowOutput(deps, progress)), completed_at: at };
}

/** What a commit leaves to be done after it, under an attention mark. */
interface Debt {
  readonly rows: readonly TaskRow[];
  readonly stopped: readonly string[];
  /** Approvals that nobody needs any more. */
  readonly withdrawn: readonly string[];
}

function owesWork({ rows, stopped, withdrawn }: Debt): boolean {
  return rows.length > 0 || stopped.length > 0 || withdrawn.length > 0;
}

/** True for a cancellation that gave tasks time: its mark stays until the workflow has ended. */
function givesTime({ patch }: Step): boolean {
  return patch?.cancel_until !== undefined;
}

function attentionOf(step: Step, unfolded: Unfolded, debt: Debt): Pick<Advance, 'attention'> {
  const owes = owesWork(debt) || unfolded.unfinished;
  // Rows that were revived before it, or are moved after it; a cancellation that gave time has to be looked after.
  const isLeft = step.revived !== undefined || step.command.type === 'update' || givesTime(step);
  if (owes || isLeft || isFinished(unfolded.state.status)) return { attention: true };
  // A beginning pays the debt that the creation left, unless an execution is still owed.
  return step.command.type === 'begin' && step.owesExecution !== true ? { attention: false } : {};
}

/** Paths of the nodes that a step stops: their tasks and the people who were asked are still to be told. */
function stoppedBy(run: Run, { state, progress: { graph } }: Unfolded): Pick<Debt, 'stopped' | 'withdrawn'> {
  // By its path: in a newer version of the definition a node stands in another place.
  const { indexOf } = graphOfRun(run);
  const was = (letter: 'S' | 'E', index: number): boolean =>
    state.nodes[index] === 'X' && run.head.nodes[indexOf.get(graph.nodes[index]?.name ?? '') ?? -1] === letter;
  if (!state.nodes.includes('X')) return { stopped: [], withdrawn: [] };
  return {
    stopped: graph.nodes.flatMap(({ name }, index) => (was('S', index) ? [name] : [])),
    withdrawn: graph.nodes.flatMap(({ name, kind }, index) => (kind === 'approval' && was('E', index) ? [name] : [])),
  };
}

/**
 * Charges what is stopped while it runs with what was reserved for it: what its agent still reports is refused. Its row is cancelled after the commit, so an attempt that
 * starts in between goes uncharged.
 */
async function withStoppedCharged(
  deps: WorkflowDeps,
  { head, pinned }: Run,
  { changes }: Step,
  unfolded: Unfolded,
  stopped: readonly string[],
): Promise<Unfolded> {
  if (head.budget === undefined || stopped.length === 0) return unfolded;
  // An attempt that ends in this very step was charged with its end.
  const settled = new Set(changes.map(({ task_id }) => task_id));
  const ids = stopped.map((path) => nodeTaskId(head.workflow_id, path)).filter((id) => !settled.has(id));
  const rows = await deps.tasks.get(ids);
  const charges = rows.flatMap((row) => (row === undefined ? [] : chargesOfStopped(row)));
  const spent = spentEvents(charges);
  const state = evolveAll(pinned.definition, unfolded.state, spent);
  return { ...unfolded, events: [...unfolded.events, ...spent], state };
}

/** What an attempt is charged with that ends over its agent's head. */
export function chargesOfStopped({ task_id, status, attempt, reserved = noAmount, hedge }: TaskRow): Charge[] {
  if (status !== 'Processing') return [];
  const node = workflowOf(task_id)?.node ?? '';
  return [{ node, attempt, ...reserved }, ...chargesOfHedge({ task_id, hedge })];
}

/** What the other run of a hedged task is charged with that ends with it. */
export function chargesOfHedge({
  task_id,
  hedge,
}: {
  readonly task_id: string;
  readonly hedge?: HedgeRun | null | undefined;
}): Charge[] {
  return hedge === undefined || hedge === null
    ? []
    : [{ node: workflowOf(task_id)?.node ?? '', attempt: hedge.attempt, hedge: true, ...hedge.reserved }];
}

/** What is told of a budget: a hint, since the log has it for good. */
function budgetNews(head: WorkflowHead, events: readonly WorkflowEvent[]): readonly Announcement[] {
  const { workflow_id, name, budget, spent = noAmount, correlation_id } = head;
  if (budget === undefined) return [];
  return events.flatMap((event): Announcement[] => {
    if (event.type !== 'BudgetReached') return [];
    const { level, reason } = event;
    const data = { workflow_id, name, level, reason, budget, spent: spentView(spent) };
    return [{ type: 'BudgetReached', data, correlation_id, causation_id: workflow_id }];
  });
}

/** The timers that a step sets: one a node, the last, since a node with a body may fail and begin again within one step. */
function timersOf({ workflow_id, pool }: WorkflowHead, events: readonly WorkflowEvent[]): NodeTimerRow[] {
  const timers = new Map<string, NodeTimerRow>();
  for (const event of events)
    if ('until' in event && event.until !== undefined)
      timers.set(event.node, { workflow_id, path: event.node, pool, until: event.until });
  return [...timers.values()];
}

/**
 * Decides a step and commits it: task changes, events, head and successors in one transaction. Answers with the conflict when somebody else was
 * first, and with undefined when there is nothing to do. A fan-out too wide for the transaction is inserted after it, tasks that nobody needs any more are
 * stopped after it, and what is left to evaluate follows in further steps, all under an attention mark.
 */
export async function commitStep(
  deps: WorkflowDeps,
  run: Run,
  request: Step,
): Promise<Committed | { readonly conflict: AdvanceConflict } | undefined> {
  const step = await withPlans(deps, run, request);
  const decided = await unfold(deps, run, step);
  if (decided.events.length === 0 && step.changes.length === 0) return undefined;
  const ended = stoppedBy(run, decided);
  const unfolded = await withStoppedCharged(deps, run, step, decided, ended.stopped);
  const { events, rows, results, progress } = unfolded;
  const { workflow_id } = run.head;
  const at = new Date(deps.sources.now()).toISOString();
  const joined = progress.run.expansions.slice(run.expansions.length);
  const wide = !fits(step, unfolded, joined.length);
  const debt = { rows: wide ? rows : [], ...ended };
  const head = await nextHead(deps, run, step, unfolded, at);
  const timers = timersOf(head, events);
  await writeRoutes(deps, rows);
  const conflict = await deps.workflows.advance({
    head,
    event: { workflow_id, seq: head.seq, at, events },
    changes: step.changes,
    started: wide ? [] : rows,
    results: [...results].map(([path, result]) => ({ workflow_id, path, ...result })),
    expansions: joined,
    timers,
    signals: [...unfolded.signals.values()],
    approvals: unfolded.approvals,
    ...attentionOf(step, unfolded, debt),
  });
  if (conflict !== undefined) return { conflict };
  await deps.messenger.announce(budgetNews(head, events));
  // Only a hint: the watchdog reads ahead, and sets ticks for what is further away.
  const dues = [
    ...timers.map(({ until }) => until),
    ...unfolded.approvals.flatMap(({ wake_at }) => wake_at ?? []),
    ...rows.flatMap((row) => deadlineTimerOf(row) ?? []),
  ];
  const delays = tickDelays(dues, deps.sources.now());
  if (delays.length > 0) await deps.messenger.ticks(head.pool, delays);
  if (wide) await deps.tasks.insert(rows);
  if (debt.stopped.length > 0) await sweepStopped(deps, head, debt.stopped);
  if (debt.withdrawn.length > 0) await withdrawApprovals(deps, head, debt.withdrawn);
  const hints = [...hintsOf(rows)];
  if (unfolded.unfinished) hints.push(...(await continueRun(deps, workflow_id)));
  if (isFinished(head.status)) await announceEnd(deps, head);
  else if ((owesWork(debt) || unfolded.unfinished) && !givesTime(step) && step.owesExecution !== true) {
    const from = step.command.type === 'begin' ? 0 : head.seq;
    await deps.workflows.clearAttention(workflow_id, { from, to: head.seq });
  }
  return { head, events, hints };
}

/** Goes on with what a full transaction left to evaluate. Should somebody else advance the workflow meanwhile, that goes on with it. */
export async function continueRun(deps: WorkflowDeps, workflow_id: string): Promise<readonly DispatchHint[]> {
  const run = await loadRun(deps, workflow_id);
  const committed = await commitStep(deps, run, {
    command: { type: 'resolve', outcomes: [] },
    changes: [],
    known: new Map(),
  });
  return committed === undefined || 'conflict' in committed ? [] : committed.hints;
}
