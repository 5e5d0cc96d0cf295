import { CadreError } from '../../../contracts/errors.ts';
import type { Announcement } from '../../../contracts/events.ts';
import { workflowOf } from '../../../contracts/ids.ts';
import { tasksPerMessageMax } from '../../../contracts/limits.ts';
import type { DispatchHint } from '../../../contracts/messages.ts';
import type { StoredJson, TaskRow } from '../../../contracts/rows.ts';
import type { Settlement } from '../../../distributor/core/tasks/task-change.ts';
import { chargeOf } from '../../../distributor/core/dispatch/budget.ts';
import { type HeldRun, loserOf } from '../../../distributor/core/tasks/runs.ts';
import { otherRunWon, stopRuns } from '../../../distributor/core/tasks/stop-runs.ts';
import { storeText } from '../../../distributor/core/tasks/stored-json.ts';
import { settledNews } from '../../../distributor/core/tasks/task-news.ts';
import { tickDelays } from '../../../distributor/core/tasks/timers.ts';
import { cancelChange } from '../../../distributor/core/tasks/task.ts';
import { holdKey } from '../../../distributor/core/agents/hold.ts';
import { completeChange, type EndedAttempt, settle } from '../../../distributor/core/tasks/settle.ts';
import type { WorkflowTasks } from '../../../distributor/ports.ts';
import { fateOf, type SentResult } from '../../../distributor/core/tasks/fate.ts';
import type { Charge } from '../../core/run/account.ts';
import { isDecided } from '../../core/run/graph.ts';
import type { NodeOutcome } from '../../core/run/settle-nodes.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { chargesOfHedge, commitStep } from './commit-advance.ts';
import type { Step } from './unfold-step.ts';
import { findRun, graphOfRun, type Run } from './load-run.ts';

type Settled = Awaited<ReturnType<WorkflowTasks['settle']>>;
type Fate = Settled['outcomes'][number];

/** Times a settlement looks again after it lost a race. More: a hot workflow holds a function; the results' message comes back anyway. */
const settleTriesMax = 12;

/** A result on its way: what was sent, the attempt as the distributor's core wants it, and what became of it. */
interface Pending {
  readonly sent: SentResult;
  readonly ended: EndedAttempt;
  readonly node: string;
  fate?: Fate;
}

/** What a batch led to besides the fates. */
interface Effects {
  readonly hints: DispatchHint[];
  readonly announcements: Announcement[];
  readonly losers: HeldRun[];
}

async function outputOf(deps: WorkflowDeps, { result }: SentResult): Promise<StoredJson | undefined> {
  if (result.output_ref !== undefined) return { ref: result.output_ref };
  return result.output === undefined ? undefined : storeText(deps, result.task_id, JSON.stringify(result.output));
}

async function toPending(deps: WorkflowDeps, sent: SentResult): Promise<Pending> {
  const { result, agent_id, principal, cause } = sent;
  const output = await outputOf(deps, sent);
  const ended: EndedAttempt = {
    outcome: result.outcome,
    attempt: result.attempt,
    agent_id,
    ...(principal === undefined ? {} : { principal }),
    ...(output === undefined ? {} : { output }),
    ...(result.error === undefined ? {} : { error: result.error }),
    ...(cause === undefined ? {} : { cause }),
    ...(result.usage === undefined ? {} : { usage: result.usage }),
    ...(result.preempted === undefined ? {} : { preempted: result.preempted }),
  };
  return { sent, ended, node: workflowOf(result.task_id)?.node ?? '' };
}

/** Reads the rows that a decision needs: retries depend on the row, a completion only on its fence, a charge on what was reserved. */
async function readRows(
  deps: WorkflowDeps,
  { head }: Run,
  open: readonly Pending[],
  rows: Map<string, TaskRow | undefined>,
) {
  const ids = open
    .filter(({ ended }) => head.budget !== undefined || ended.outcome !== 'completed')
    .filter(({ sent }) => !rows.has(sent.result.task_id))
    .map(({ sent }) => sent.result.task_id);
  if (ids.length === 0) return;
  const found = await deps.tasks.get(ids);
  for (const [index, id] of ids.entries()) rows.set(id, found[index]);
}

/** How an attempt leaves its task. What was cancelled is not tried again. */
function settlementOf(
  deps: WorkflowDeps,
  { sent, ended }: Pending,
  row: TaskRow | undefined,
  cancelled: string | undefined,
): Settlement | undefined {
  const now = deps.sources.now();
  if (row === undefined && ended.outcome === 'completed')
    return { kind: 'completed', change: completeChange(sent.result.task_id, ended, now) };
  const settlement = row && settle(row, ended, { now, random: deps.sources.random() });
  if (row === undefined || settlement?.kind !== 'retry' || cancelled === undefined) return settlement;
  return { kind: 'failed', change: cancelChange(row, { now, reason: cancelled }), code: 'cancelled' };
}

function outcomeOf({ node, ended }: Pending, settlement: Settlement): NodeOutcome {
  const who = { node, attempt: ended.attempt, agent_id: ended.agent_id };
  if (settlement.kind === 'completed') return { ...who, outcome: 'completed' };
  const error = settlement.change.patch.error ?? {
    code: 'task-failed',
    message: 'no reason was given',
    retryable: false,
  };
  return { ...who, outcome: 'failed', error };
}

const newsOf = ({ sent, ended }: Pending, settlement: Settlement, { head }: Run): readonly Announcement[] =>
  settledNews(sent.result.task_id, ended, settlement, head.correlation_id);

/** `ends`: the node ends with its attempt. `charges`: what it costs, where there is a budget. `losers`: the other run of its task, where that was hedged. */
type Decided = {
  readonly pending: Pending;
  readonly settlement: Settlement;
  readonly ends: boolean;
  readonly charges: readonly Charge[];
  readonly losers: readonly HeldRun[];
};

/** Changes that concern their row alone: a retry, or the task of a node that has ended already (it was redriven). */
async function changeRows(
  deps: WorkflowDeps,
  run: Run,
  decided: readonly Decided[],
  rows: Map<string, TaskRow | undefined>,
  effects: Effects,
): Promise<void> {
  if (decided.length === 0) return;
  const changed = await deps.tasks.change(decided.map(({ settlement }) => settlement.change));
  const applied: Decided[] = [];
  for (const [index, each] of decided.entries()) {
    const result = changed[index];
    if (result?.applied === true) applied.push(each);
    else rows.set(each.pending.sent.result.task_id, result?.current);
  }
  await follow(deps, run, applied, rows, effects);
}

/** What follows from attempts that are settled: news of those that ended, a hint or a tick for those that are tried again. */
async function follow(
  deps: WorkflowDeps,
  run: Run,
  applied: readonly Decided[],
  rows: Map<string, TaskRow | undefined>,
  effects: Effects,
): Promise<void> {
  const timers: string[] = [];
  for (const { pending, settlement, losers } of applied) {
    pending.fate = 'applied';
    effects.losers.push(...losers);
    if (settlement.kind === 'left') continue;
    if (settlement.kind !== 'retry') effects.announcements.push(...newsOf(pending, settlement, run));
    else if (typeof settlement.change.patch.not_before === 'string') timers.push(settlement.change.patch.not_before);
    else {
      const route = settlement.change.patch.route ?? rows.get(pending.sent.result.task_id)?.route;
      if (route !== undefined) effects.hints.push({ pool: run.head.pool, routes: [route] });
    }
  }
  await deps.messenger.ticks(run.head.pool, tickDelays(timers, deps.sources.now()));
}

/** The attempts that end their node or are charged to a budget: one transaction for all of them, with the event, the head and the successors. */
async function commitAttempts(
  deps: WorkflowDeps,
  run: Run,
  decided: readonly Decided[],
  rows: Map<string, TaskRow | undefined>,
  effects: Effects,
): Promise<void> {
  if (decided.length === 0) return;
  const ending = decided.filter(({ ends }) => ends);
  const outcomes = ending.map(({ pending, settlement }) => outcomeOf(pending, settlement));
  const { budget: limits } = run.head;
  const account =
    limits === undefined ? {} : { account: { limits, charges: decided.flatMap(({ charges }) => charges) } };
  const step: Step = {
    command: { type: 'settle', outcomes, ...account },
    changes: decided.map(({ settlement }) => settlement.change),
    known: new Map(
      ending.map(({ pending, settlement }) => {
        const { output, error } = settlement.change.patch;
        return [
          pending.node,
          {
            ...(output === undefined || output === null ? {} : { output }),
            ...(error === undefined || error === null ? {} : { error }),
          },
        ];
      }),
    ),
  };
  const committed = await commitStep(deps, run, step);
  if (committed === undefined) return;
  if ('conflict' in committed) {
    for (const { index, current } of committed.conflict.changes) {
      const task_id = decided[index]?.pending.sent.result.task_id;
      if (task_id !== undefined) rows.set(task_id, current);
    }
    return;
  }
  await follow(deps, run, decided, rows, effects);
  effects.hints.push(...committed.hints);
}

/** One look at everything that is still open: judge by what is known, change, and learn from what stood in the way. */
async function pass(
  deps: WorkflowDeps,
  run: Run,
  open: readonly Pending[],
  rows: Map<string, TaskRow | undefined>,
  effects: Effects,
): Promise<void> {
  await readRows(deps, run, open, rows);
  const graph = graphOfRun(run);
  const alone: Decided[] = [];
  const together: Decided[] = [];
  const taken = new Set<string>();
  for (const pending of open) {
    const { task_id } = pending.sent.result;
    const row = rows.get(task_id);
    const fate = row === undefined ? (rows.has(task_id) ? 'late' : 'live') : fateOf(row, pending.sent);
    if (fate !== 'live') {
      pending.fate = fate;
      // Whoever settled it before may have died before the other run was told.
      if (fate === 'repeated') effects.losers.push(...loserOf(row));
      continue;
    }
    // One change a row and transaction: another attempt of the same task waits for the next pass.
    if (taken.has(task_id)) continue;
    taken.add(task_id);
    const index = graph.indexOf.get(pending.node) ?? -1;
    const isUndo = graph.undoes.has(index) && run.head.nodes[index] === 'S';
    const isOver = run.head.cancel_reason !== undefined && !isDecided(graph.scopeOf[index]) && !isUndo;
    const settlement = settlementOf(deps, pending, row, isOver ? run.head.cancel_reason : undefined);
    if (settlement === undefined) continue;
    // A node that was stopped has been charged with what was reserved for its attempt.
    const isOpen = run.head.nodes[index] === 'S';
    const ends = (settlement.kind === 'completed' || settlement.kind === 'failed') && isOpen;
    const losers = row === undefined ? [] : loserOf({ ...row, ...settlement.change.patch } as TaskRow);
    const isCharged = isOpen && run.head.budget !== undefined && row !== undefined;
    const own = isCharged
      ? [{ node: pending.node, attempt: pending.ended.attempt, ...chargeOf(row, pending.ended) }]
      : [];
    const lost =
      isCharged && losers.length > 0 ? chargesOfHedge({ task_id, hedge: settlement.change.patch.hedge }) : [];
    (ends || isCharged ? together : alone).push({ pending, settlement, ends, charges: [...own, ...lost], losers });
  }
  await changeRows(deps, run, alone, rows, effects);
  await commitAttempts(deps, run, together, rows, effects);
}

async function settleChunk(deps: WorkflowDeps, workflow_id: string, chunk: readonly Pending[], effects: Effects) {
  const rows = new Map<string, TaskRow | undefined>();
  const isOpen = (pending: Pending): boolean => pending.fate === undefined;
  for (let attempt = 0; attempt < settleTriesMax && chunk.some(isOpen); attempt += 1) {
    const run = await findRun(deps, workflow_id);
    if (run === undefined) {
      for (const pending of chunk) pending.fate ??= 'late';
      return;
    }
    await pass(deps, run, chunk.filter(isOpen), rows, effects);
  }
  if (chunk.some(isOpen))
    throw new CadreError('version-conflict', `the workflow "${workflow_id}" is changed by too many at once`);
}

/**
 * Settles attempts of a workflow's tasks. Attempts that end their node commit together with the event, the head and the successors; retries change
 * only their row. A repeat answers `repeated`, a lost lease `late`; neither changes anything. Throws `version-conflict` after too many lost races:
 * the results must then come again.
 */
export async function settleWorkflowTasks(
  deps: WorkflowDeps,
  workflow_id: string,
  results: readonly SentResult[],
): Promise<Settled> {
  const effects: Effects = { hints: [], announcements: [], losers: [] };
  const keyOf = ({ result, agent_id, principal = '' }: SentResult): string =>
    `${holdKey(result.task_id, result.attempt)} ${agent_id} ${principal}`;
  const repeats = new Set<number>();
  const distinct = new Map<string, SentResult>();
  for (const [index, sent] of results.entries()) {
    if (distinct.has(keyOf(sent))) repeats.add(index);
    else distinct.set(keyOf(sent), sent);
  }
  const pending = await Promise.all([...distinct.values()].map((sent) => toPending(deps, sent)));
  const firsts = new Map(pending.map((each) => [keyOf(each.sent), each]));
  for (let at = 0; at < pending.length; at += tasksPerMessageMax) {
    await settleChunk(deps, workflow_id, pending.slice(at, at + tasksPerMessageMax), effects);
  }
  await stopRuns(deps, effects.losers, otherRunWon);
  const outcomes = results.map((sent, index): Fate => {
    const fate = firsts.get(keyOf(sent))?.fate ?? 'late';
    return repeats.has(index) && fate === 'applied' ? 'repeated' : fate;
  });
  return { outcomes, hints: effects.hints, announcements: effects.announcements };
}
