import type { Announcement, EventData } from '../../../contracts/events.ts';
import { nodeTaskId, workflowOf } from '../../../contracts/ids.ts';
import type { DispatchHint } from '../../../contracts/messages.ts';
import type { ApprovalRow, EndedTask } from '../../../contracts/workflow/rows.ts';
import type { TaskError } from '../../../contracts/distributor/task.ts';
import { storeText } from '../../../distributor/core/tasks/stored-json.ts';
import { succeeded } from '../../../distributor/core/tasks/succeeded.ts';
import { tickDelays } from '../../../distributor/core/tasks/timers.ts';
import type { Woken } from '../../../distributor/ports.ts';
import { countedBefore, decideTime, outcomeOf, paid, withdrawn } from '../../core/approvals/approval.ts';
import type { NodeOutcome } from '../../core/run/settle-nodes.ts';
import { isFinished } from '../../core/run/state.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { commitStep } from '../advance/commit-advance.ts';
import { findRun, graphOfRun, type Run } from '../advance/load-run.ts';

/** Steps of one approval in one pulse, and races lost to people who decide meanwhile. More: one approval keeps the others waiting; the next pulse goes on. */
const stepsMax = 20;

/** What the bus is told of an approval as it is now. */
function newsOf(row: ApprovalRow): EventData<'ApprovalRequested'> {
  const { workflow_id, path, title, status, level, levels, assignees, due_at, decisions } = row;
  const asked = status === 'Open' ? levels[level - 1] : undefined;
  const last = status === 'Open' ? undefined : decisions.at(-1);
  return {
    ...{ approval_id: nodeTaskId(workflow_id, path), workflow_id, node: path, version: row.version, title, level },
    ...{ users: [...(asked?.users ?? [])], groups: [...(asked?.groups ?? [])], assignees: [...assignees] },
    ...(due_at === undefined ? {} : { due_at }),
    ...(last === undefined ? {} : { decision: status === 'Approved' ? ('approved' as const) : ('rejected' as const) }),
    ...(last?.by === undefined ? {} : { by: last.by }),
  };
}

function errorOf({ decisions }: ApprovalRow): TaskError {
  const { level, by, comment } = decisions.at(-1) ?? {};
  const why = comment === undefined ? '' : `: ${comment}`;
  const message = by === undefined ? `nobody decided at level ${level ?? 0} in time` : `${by} rejected it${why}`;
  return { code: 'rejected', message: message.slice(0, 4_096), retryable: false };
}

function isWaiting(run: Run | undefined, path: string): run is Run {
  if (run === undefined || isFinished(run.head.status)) return false;
  return run.head.nodes[graphOfRun(run).indexOf.get(path) ?? -1] === 'E';
}

/** Ends the node of an approval that was decided; nothing when it ended before. Undefined: somebody else advanced the workflow, look again. */
async function endNode(deps: WorkflowDeps, run: Run, row: ApprovalRow): Promise<readonly DispatchHint[] | undefined> {
  const { workflow_id, path: node, decisions } = row;
  const output = await storeText(deps, nodeTaskId(workflow_id, node), JSON.stringify(outcomeOf(row)));
  const isFailure = row.status === 'Rejected' && row.on_reject === 'fail';
  const end: EndedTask = isFailure ? { output, error: errorOf(row) } : { output };
  const outcome: NodeOutcome = isFailure
    ? { node, attempt: 0, outcome: 'failed', error: errorOf(row), decisions }
    : { node, attempt: 0, outcome: 'completed', decisions };
  const committed = await commitStep(deps, run, {
    command: { type: 'resolve', outcomes: [outcome] },
    changes: [],
    known: new Map(),
    resolved: [{ outcome, result: end }],
  });
  if (committed === undefined) return [];
  return 'conflict' in committed ? undefined : committed.hints;
}

/** Pays what the row owes: the end of its node, then its news; only then is the debt taken from the row, so that whoever dies on it is followed by the next pulse. */
async function pay(deps: WorkflowDeps, run: Run | undefined, row: ApprovalRow): Promise<readonly DispatchHint[]> {
  const isDecided = row.status === 'Approved' || row.status === 'Rejected';
  const hints = isDecided && isWaiting(run, row.path) ? await endNode(deps, run, row) : [];
  if (hints === undefined) return [];
  const { correlation_id, workflow_id: causation_id } = row;
  const data = newsOf(row);
  await deps.messenger.announce(row.owed.map((type): Announcement => ({ type, data, correlation_id, causation_id })));
  await deps.approvals.save(row, paid(row, deps.sources.now()));
  return hints;
}

/** Does what is due of one approval until nothing is. One whose node waits for it no more is withdrawn. */
async function wakeApproval(deps: WorkflowDeps, workflow_id: string, path: string) {
  const hints: DispatchHint[] = [];
  for (let step = 0; step < stepsMax; step += 1) {
    const row = await deps.approvals.get(workflow_id, path);
    if (row === undefined) return { hints, wake_at: undefined };
    const run = await findRun(deps, workflow_id);
    const now = deps.sources.now();
    const unneeded = isWaiting(run, path) ? undefined : withdrawn(row, now);
    if (unneeded !== undefined) {
      await deps.approvals.save(row, unneeded);
      continue;
    }
    if (row.owed.length > 0) {
      hints.push(...(await pay(deps, run, row)));
      continue;
    }
    if (row.wake_at === undefined || Date.parse(row.wake_at) > now) return { hints, wake_at: row.wake_at };
    const counted = countedBefore(row);
    const loads = counted.length === 0 ? new Map<string, number>() : await deps.approvals.loads(row.pool, counted);
    const next = decideTime(row, now, loads);
    if (next === undefined) return { hints, wake_at: undefined };
    await deps.approvals.save(row, next, loads);
  }
  return { hints, wake_at: undefined };
}

/**
 * Does what is due of these approvals: asks the people of the first level, reminds them, escalates, ends what was decided. Each change is on the row's version; one that
 * fails is tried again by the next pulse and keeps no other waiting.
 */
export async function wakeApprovals(deps: WorkflowDeps, pool: string, ids: readonly string[]): Promise<Woken> {
  const nodes = ids.flatMap((id) => workflowOf(id) ?? []);
  // Those of one workflow one after the other: each of them may advance it.
  const runs = [...Map.groupBy(nodes, ({ workflow_id }) => workflow_id)];
  const woken = await Promise.allSettled(
    runs.map(async ([workflow_id, list]) => {
      const done = [];
      for (const { node } of list) done.push(await wakeApproval(deps, workflow_id, node));
      return done;
    }),
  );
  const done = succeeded(woken, (index, reason) => {
    deps.log.warn('the approvals of a workflow could not be woken', { workflow_id: runs[index]?.[0], reason });
  }).flat();
  const next = done.flatMap(({ wake_at }) => wake_at ?? []);
  await deps.messenger.ticks(pool, tickDelays(next, deps.sources.now()));
  return { count: done.length, hints: done.flatMap(({ hints }) => hints) };
}
