import { type Outcome, refused } from '../../contracts/errors.ts';
import { nodeTaskId } from '../../contracts/ids.ts';
import type { TaskRow, WorkflowHead } from '../../contracts/rows.ts';
import { cancelChange, holdKey } from '../../distributor/core/task.ts';
import { isFinished, startedNodes } from '../core/state.ts';
import type { WorkflowDeps } from '../ports.ts';
import { commitStep } from './commit-advance.ts';
import { findRun, type Run } from './load-run.ts';
import { insertMissing } from './insert-missing.ts';

/** Who cancels what, and why. */
export interface CancelRequest {
  readonly workflow_id: string;
  readonly principal: string;
  readonly reason: string;
}

/** Tasks cancelled in one transaction. More: it would pass DynamoDB's 100 actions. */
const cancelsPerTransactionMax = 60;
/** Transactions in a row that may be lost to results which arrive meanwhile. */
const racesMax = 12;

/** Frees the slots of tasks that were running and tells their agents to stop. The rows are settled already, so a lost message costs only work. */
async function stopAgents(deps: WorkflowDeps, rows: readonly TaskRow[], reason: string): Promise<void> {
  const running = rows.filter((row) => row.status === 'Processing' && row.assigned_agent !== undefined);
  const byAgent = Map.groupBy(running, (row) => `${row.pool} ${row.assigned_agent ?? ''}`);
  await Promise.all(
    [...byAgent.values()].map(async (list) => {
      const [first] = list;
      if (first?.assigned_agent === undefined) return;
      const keys = list.map((row) => holdKey(row.task_id, row.attempt));
      const agent = await deps.agents.release(first.pool, first.assigned_agent, keys);
      if (agent === undefined) return;
      await deps.messenger.send(
        list.map(({ task_id, attempt }) => ({
          inbox_url: agent.inbox_url,
          message: { kind: 'cancel' as const, task_id, attempt, reason },
        })),
      );
      if (agent.wanted.length > 0) await deps.messenger.hint([{ pool: first.pool, routes: [...agent.wanted] }]);
    }),
  );
}

/** Cancels the next tasks, in one transaction; undefined when somebody else was first. */
async function cancelSome(deps: WorkflowDeps, run: Run, by: string, reason: string): Promise<WorkflowHead | undefined> {
  const { workflow_id } = run.head;
  const started = startedNodes(run.pinned.definition, run.head.nodes);
  const chosen = started.slice(0, cancelsPerTransactionMax);
  const rows = await deps.tasks.get(chosen.map((node) => nodeTaskId(workflow_id, node)));
  if (rows.some((row) => row === undefined)) {
    // A fan-out that is being inserted: its rows must exist before they can be cancelled, or they would appear later.
    await insertMissing(deps, run);
    return undefined;
  }
  const found = rows.flatMap((row) => (row === undefined ? [] : [row]));
  const open = found.filter((row) => row.status === 'Queued' || row.status === 'Processing');
  const now = deps.sources.now();
  const nodes = chosen.map((node, index) => ({
    node,
    attempt: rows[index]?.attempt ?? 0,
    ...(rows[index]?.assigned_agent === undefined ? {} : { agent_id: rows[index].assigned_agent }),
  }));
  const committed = await commitStep(deps, run, {
    command: { type: 'cancel', by, reason, nodes },
    changes: open.map((row) => cancelChange(row, { now, reason })),
    known: new Map(),
    patch: { cancel_reason: reason },
    more: started.length > chosen.length,
  });
  if (committed === undefined || 'conflict' in committed) return undefined;
  await stopAgents(deps, open, reason);
  await deps.messenger.announce(
    open.map((row) => ({
      type: 'TaskCancelled' as const,
      data: { task_id: row.task_id, by, cancelled_at: new Date(now).toISOString() },
      correlation_id: row.correlation_id,
      causation_id: workflow_id,
    })),
  );
  return committed.head;
}

/**
 * Cancels a workflow: waiting nodes are skipped, queued and running tasks Cancelled, agents told to stop and their slots freed. What has completed
 * stays. Refused with `already-finished` unless it was cancelled before. A cancellation that breaks off is taken up by the pulse.
 */
export async function cancelWorkflow(deps: WorkflowDeps, request: CancelRequest): Promise<Outcome<WorkflowHead>> {
  for (let races = 0; races < racesMax;) {
    const run = await findRun(deps, request.workflow_id);
    if (run === undefined) return refused('not-found', `there is no workflow "${request.workflow_id}"`, 'workflow_id');
    const { status, cancel_reason } = run.head;
    if (isFinished(status)) {
      if (cancel_reason !== undefined) return { ok: true, value: run.head };
      return refused('already-finished', `the workflow is ${status}`, 'workflow_id');
    }
    const head = await cancelSome(deps, run, request.principal, cancel_reason ?? request.reason);
    if (head === undefined) races += 1;
    else if (isFinished(head.status)) return { ok: true, value: head };
  }
  return refused('version-conflict');
}
