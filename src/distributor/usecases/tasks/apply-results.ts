import { CadreError } from '../../../contracts/errors.ts';
import type { Announcement } from '../../../contracts/events.ts';
import { workflowOf } from '../../../contracts/ids.ts';
import { idleHeartbeatIntervalMs, timeoutMsMax } from '../../../contracts/limits.ts';
import type { DispatchHint, ResultBatch, TaskResult } from '../../../contracts/messages.ts';
import type { StoredJson, TaskRow } from '../../../contracts/rows.ts';
import { leaseUntil } from '../../core/agents/agent.ts';
import { addedFigures } from '../../core/agents/figures.ts';
import { fateOf } from '../../core/tasks/fate.ts';
import { addedSums, type CanaryEnd } from '../../core/policy/canary.ts';
import { type HeldRun, loserOf } from '../../core/tasks/runs.ts';
import { otherRunWon, stopRuns } from '../../core/tasks/stop-runs.ts';
import { withStoredOutput } from '../../core/tasks/stored-json.ts';
import type { Settlement } from '../../core/tasks/task-change.ts';
import { settledNews } from '../../core/tasks/task-news.ts';
import { holdKey } from '../../core/agents/hold.ts';
import { completeChange, type EndedAttempt, settle } from '../../core/tasks/settle.ts';
import { tickDelays } from '../../core/tasks/timers.ts';
import type { DistributorDeps } from '../../ports.ts';

/** A batch of results with the principal that sent it. */
export interface ReceivedResults extends ResultBatch {
  readonly principal: string;
}

/** What became of a result: applied now, applied before (a repeat), or refused because its lease was lost. */
export type ResultFate = 'applied' | 'repeated' | 'late';

interface Received {
  readonly result: TaskResult;
  readonly from: ReceivedResults;
}

interface Applied {
  readonly fate: ResultFate;
  readonly hints: readonly DispatchHint[];
  readonly announcements: readonly Announcement[];
  /** Runs that came too late: they are to be told. */
  readonly losers: readonly HeldRun[];
}

/** Times a settlement looks again after a hedge of its task began or ended. More than a task is hedged in a moment. */
const settleTriesMax = 5;

/** The output of a result as it is stored. */
function storedOutput(result: TaskResult): StoredJson | undefined {
  if (result.output_ref !== undefined) return { ref: result.output_ref };
  return result.output === undefined ? undefined : { text: JSON.stringify(result.output) };
}

function endedAttempt({ result, from }: Received): EndedAttempt {
  const output = storedOutput(result);
  return {
    outcome: result.outcome,
    attempt: result.attempt,
    agent_id: from.agent_id,
    principal: from.principal,
    ...(output === undefined ? {} : { output }),
    ...(result.preempted === undefined ? {} : { preempted: result.preempted }),
    ...(result.error === undefined ? {} : { error: result.error }),
    ...(result.usage === undefined ? {} : { usage: result.usage }),
  };
}

/** How a result stands to the row that refused its change. */
function fateBy({ result, from }: Received, current: TaskRow | undefined) {
  return current === undefined
    ? 'late'
    : fateOf(current, { result, agent_id: from.agent_id, principal: from.principal });
}

/** The rows that decisions about tasks of their own need. A completion needs none: anything else must know its retries. */
async function readRows(deps: DistributorDeps, received: readonly Received[]): Promise<Map<string, TaskRow>> {
  const others = received.filter(({ result }) => result.outcome !== 'completed').map(({ result }) => result.task_id);
  const rows = await deps.tasks.get(others);
  return new Map(rows.flatMap((row) => (row === undefined ? [] : [[row.task_id, row] as const])));
}

/** Decides for a task of its own, by its row where that is known. */
function decide(deps: DistributorDeps, received: Received, row: TaskRow | undefined): Settlement | undefined {
  const now = deps.sources.now();
  const ended = endedAttempt(received);
  if (row !== undefined) return settle(row, ended, { now, random: deps.sources.random() });
  if (ended.outcome !== 'completed') return undefined;
  return { kind: 'completed', change: completeChange(received.result.task_id, ended, now) };
}

function hintsOf(settlement: Settlement): readonly DispatchHint[] {
  const { index } = settlement.change;
  if (settlement.kind !== 'retry' || settlement.delay_ms > 0 || index === null) return [];
  const [, pool = '', ...route] = index.partition.split('#');
  return [{ pool, routes: [route.join('#')] }];
}

const isUndone: Applied = { fate: 'late', hints: [], announcements: [], losers: [] };

function appliedOf(received: Received, settlement: Settlement, row: TaskRow | undefined): Applied {
  const { task_id } = received.result;
  return {
    fate: 'applied',
    hints: hintsOf(settlement),
    announcements: settledNews(task_id, endedAttempt(received), settlement, task_id),
    losers: row === undefined ? [] : loserOf({ ...row, ...settlement.change.patch } as TaskRow),
  };
}

/** Settles what is still open by the rows that are known; what another run of the task got in the way of stays open, with the row that was met. */
async function settleOnce(
  deps: DistributorDeps,
  open: readonly Received[],
  rows: Map<string, TaskRow>,
  applied: Map<Received, Applied>,
): Promise<readonly Received[]> {
  const decided = open.map((each) => ({ each, settlement: decide(deps, each, rows.get(each.result.task_id)) }));
  const known = decided.flatMap(({ each, settlement }) => (settlement === undefined ? [] : [{ each, settlement }]));
  const changed = await deps.tasks.change(known.map(({ settlement }) => settlement.change));
  const timers = known.flatMap(({ settlement }) => settlement.change.patch.not_before ?? []);
  await deps.messenger.ticks(open[0]?.from.pool ?? '', tickDelays(timers, deps.sources.now()));
  return known.flatMap(({ each, settlement }, index) => {
    const result = changed[index] ?? { applied: false };
    if (result.applied) {
      applied.set(each, appliedOf(each, settlement, rows.get(each.result.task_id)));
      return [];
    }
    const { current } = result;
    const fate = fateBy(each, current);
    if (fate === 'live' && current !== undefined) {
      rows.set(current.task_id, current);
      return [each];
    }
    // A repeat may come from somebody who died before the other run was told.
    if (fate === 'repeated') applied.set(each, { ...isUndone, fate, losers: loserOf(current) });
    return [];
  });
}

async function settleOwn(deps: DistributorDeps, received: readonly Received[]): Promise<readonly Applied[]> {
  const rows = await readRows(deps, received);
  const applied = new Map<Received, Applied>();
  let open = received;
  for (let tries = 0; tries < settleTriesMax && open.length > 0; tries += 1)
    open = await settleOnce(deps, open, rows, applied);
  if (open.length > 0) throw new CadreError('version-conflict', 'a task is hedged again and again');
  return received.map((each) => applied.get(each) ?? isUndone);
}

async function settleWorkflow(
  deps: DistributorDeps,
  workflow_id: string,
  received: readonly Received[],
): Promise<readonly Applied[]> {
  const { outcomes, hints, announcements } = await deps.workflowTasks.settle(
    workflow_id,
    received.map(({ result, from }) => ({ result, agent_id: from.agent_id, principal: from.principal })),
  );
  return outcomes.map((fate, index) =>
    index === 0 ? { fate, hints, announcements, losers: [] } : { ...isUndone, fate },
  );
}

/** What an agent says it worked, as far as an attempt can last: a number beyond that would not fit into a row. */
function workedMs({ duration_ms = 0 }: TaskResult): number {
  return Math.round(Math.min(timeoutMsMax, duration_ms));
}

/** Adds what ended under a canary to its figures: they guide and guard nothing, so a crash before this costs a sample. */
async function countCanary(deps: DistributorDeps, pool: string, ends: readonly CanaryEnd[]): Promise<void> {
  const versions = [...Map.groupBy(ends, ({ hold }) => hold.version)];
  const at = new Date(deps.sources.now()).toISOString();
  await Promise.all(versions.map(([version, list]) => deps.policies.count(pool, version, addedSums(list), at)));
}

/** Frees the slots of settled attempts. The agents' rows tell whether anything waits for the freed slots. */
async function freeSlots(
  deps: DistributorDeps,
  settled: readonly { received: Received; fate: ResultFate }[],
): Promise<readonly DispatchHint[]> {
  const now = deps.sources.now();
  const heardFrom = { at: new Date(now).toISOString(), lease_until: leaseUntil(now, idleHeartbeatIntervalMs) };
  // A late result frees nothing: its hold is gone, or it never belonged to this sender.
  const byAgent = Map.groupBy(
    settled.filter(({ fate }) => fate !== 'late'),
    ({ received }) => `${received.from.pool} ${received.from.agent_id}`,
  );
  const hints = await Promise.all(
    [...byAgent.values()].map(async (list): Promise<DispatchHint[]> => {
      const from = list[0]?.received.from;
      if (from === undefined) return [];
      const keys = list.map(({ received: { result } }) => holdKey(result.task_id, result.attempt));
      const fresh = list.filter(({ fate }) => fate === 'applied');
      const count = (outcome: TaskResult['outcome']) =>
        fresh.filter(({ received }) => received.result.outcome === outcome).length;
      // Only an attempt that counted proves who sent it: anybody can repeat an old one in an agent's name.
      const figures = addedFigures(fresh.map(({ received }) => received.result));
      const worked_ms = fresh.reduce((sum, { received }) => sum + workedMs(received.result), 0);
      const proof = { ...heardFrom, completed: count('completed'), failed: count('failed'), worked_ms, figures };
      const agent = await deps.agents.release(from.pool, from.agent_id, keys, fresh.length > 0 ? proof : undefined);
      const ends = fresh.flatMap(({ received: { result } }): CanaryEnd[] => {
        const hold = agent?.holds[holdKey(result.task_id, result.attempt)];
        if (hold?.canary === undefined || result.outcome === 'released') return [];
        return [{ hold: hold.canary, started: hold.at, ended: now, isCompleted: result.outcome === 'completed' }];
      });
      if (ends.length > 0) await countCanary(deps, from.pool, ends);
      return agent !== undefined && agent.wanted.length > 0 ? [{ pool: from.pool, routes: [...agent.wanted] }] : [];
    }),
  );
  return hints.flat();
}

/**
 * Applies results: each settles its task on its fence, then frees its slot, then lets waiting tasks start. A repeat changes nothing; a result of a lost
 * lease is refused and counted on its task. Answers in the order of the results.
 */
export async function applyResults(
  deps: DistributorDeps,
  batches: readonly ReceivedResults[],
): Promise<readonly ResultFate[]> {
  const received = await Promise.all(
    batches.flatMap((from) =>
      from.results.map(async (result): Promise<Received> => ({ result: await withStoredOutput(deps, result), from })),
    ),
  );
  const applied = new Map<Received, Applied>();
  const groups = [...Map.groupBy(received, ({ result }) => workflowOf(result.task_id)?.workflow_id)];
  await Promise.all(
    groups.map(async ([workflow_id, list]) => {
      const fates = await (workflow_id === undefined ? settleOwn(deps, list) : settleWorkflow(deps, workflow_id, list));
      list.forEach((each, index) => applied.set(each, fates[index] ?? isUndone));
    }),
  );
  const settled = [...applied].map(([each, { fate }]) => ({ received: each, fate }));
  await Promise.all(
    settled
      .filter(({ fate }) => fate === 'late')
      .map(({ received: { result } }) => deps.tasks.countLateResult(result.task_id)),
  );
  const freed = await freeSlots(deps, settled);
  const outcomes = [...applied.values()];
  await stopRuns(
    deps,
    outcomes.flatMap(({ losers }) => losers),
    otherRunWon,
  );
  await Promise.all([
    deps.messenger.hint([...outcomes.flatMap(({ hints }) => hints), ...freed]),
    deps.messenger.announce(outcomes.flatMap(({ announcements }) => announcements)),
  ]);
  return received.map((each) => applied.get(each)?.fate ?? 'late');
}
