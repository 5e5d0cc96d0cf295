import type { Announcement } from '../../../contracts/events.ts';
import { workflowOf } from '../../../contracts/ids.ts';
import type { DispatchHint } from '../../../contracts/messages.ts';
import type { AgentRow, TaskRow } from '../../../contracts/rows.ts';
import type { TaskError } from '../../../contracts/distributor/task.ts';
import { lostHolds, type LossReason, orphanedWork } from '../../core/agents/agent.ts';
import { isLive, isUnclaimed, isUseless } from '../../core/tasks/runs.ts';
import { settledNews } from '../../core/tasks/task-news.ts';
import { fenceChange } from '../../core/tasks/task.ts';
import { parseHoldKey } from '../../core/agents/hold.ts';
import { settle } from '../../core/tasks/settle.ts';
import { tickDelays } from '../../core/tasks/timers.ts';
import type { DistributorDeps } from '../../ports.ts';

interface Lost {
  readonly agent: AgentRow;
  readonly key: string;
  readonly task_id: string;
  readonly attempt: number;
  readonly reason: LossReason;
}

const messages: Record<LossReason, string> = {
  revoked: 'the agent was killed',
  'lease-lost': 'the agent gave no sign of life',
  unconfirmed: 'the agent never confirmed that it had the task',
  'timed-out': 'the attempt ran longer than its time-out',
};

/** As what the end of the attempt counts. */
const causes = {
  revoked: 'revoked',
  'lease-lost': 'lease-lost',
  unconfirmed: 'lease-lost',
  'timed-out': 'timed-out',
} as const;

function errorOf({ agent, reason }: Lost): TaskError {
  const code = reason === 'revoked' ? 'lease-revoked' : causes[reason];
  const why = reason === 'revoked' ? `: ${agent.stopped?.reason ?? ''}` : '';
  return { code, message: `${messages[reason]} (agent ${agent.agent_id})${why}`, retryable: true };
}

/** Settles one lost attempt; true when its hold may be removed. The task is settled before its hold goes, never after. */
async function settleLost(
  deps: DistributorDeps,
  lost: Lost,
  row: TaskRow | undefined,
): Promise<{ done: boolean; hints: readonly DispatchHint[]; announcements: readonly Announcement[] }> {
  const nothing = { done: true, hints: [], announcements: [] };
  if (row === undefined) return nothing;
  const run = { attempt: lost.attempt, agent_id: lost.agent.agent_id };
  if (!isLive(row, run)) {
    // Reserved and never claimed: move the fence, so that a dispatcher which is only slow cannot claim without a slot.
    if (!isUnclaimed(row, lost.attempt)) return nothing;
    const [fenced] = await deps.tasks.change([fenceChange(row)]);
    const hints = row.status === 'Queued' ? [{ pool: row.pool, routes: [row.route] }] : [];
    return { ...nothing, done: fenced?.applied === true, hints };
  }
  const cause = causes[lost.reason];
  const workflow = workflowOf(lost.task_id);
  if (workflow !== undefined) {
    const result = { task_id: lost.task_id, attempt: lost.attempt, outcome: 'failed' as const, error: errorOf(lost) };
    const { hints, announcements } = await deps.workflowTasks.settle(workflow.workflow_id, [
      { result, agent_id: lost.agent.agent_id, cause },
    ]);
    return { done: true, hints, announcements };
  }
  const ended = {
    outcome: 'failed' as const,
    ...run,
    error: errorOf(lost),
    cause,
  };
  const settlement = settle(row, ended, { now: deps.sources.now(), random: deps.sources.random() });
  const [changed] = await deps.tasks.change([settlement.change]);
  const { not_before } = settlement.change.patch;
  if (typeof not_before === 'string')
    await deps.messenger.ticks(row.pool, tickDelays([not_before], deps.sources.now()));
  const announcements =
    changed?.applied === true ? settledNews(row.task_id, ended, settlement, row.correlation_id) : [];
  // One that was hedged meanwhile, or whose hedge has ended, may still have this run: the next pulse looks again.
  const done = changed?.applied === true || (changed !== undefined && isUseless(changed.current, run));
  const route = settlement.change.patch.route ?? row.route;
  return { done, hints: settlement.kind === 'left' ? [] : [{ pool: row.pool, routes: [route] }], announcements };
}

/** Takes back what an agent lost: settle, free the slots, tell the agent to stop, and give it no work when it is silent. */
async function recoverAgent(
  deps: DistributorDeps,
  agent: AgentRow,
  losses: readonly Lost[],
  rows: ReadonlyMap<string, TaskRow>,
) {
  const settled = await Promise.all(losses.map((lost) => settleLost(deps, lost, rows.get(lost.task_id))));
  const keys = losses.filter((_, index) => settled[index]?.done).map(({ key }) => key);
  const now = new Date(deps.sources.now()).toISOString();
  const silent = losses.some(({ reason }) => causes[reason] === 'lease-lost');
  if (silent) await deps.agents.suspect(agent.pool, agent.agent_id, agent.last_heartbeat, now);
  const after = keys.length > 0 ? await deps.agents.release(agent.pool, agent.agent_id, keys) : undefined;
  await deps.messenger.send(
    losses.map(({ task_id, attempt, reason }) => ({
      inbox_url: agent.inbox_url,
      message: { kind: 'cancel' as const, task_id, attempt, reason },
    })),
  );
  const lostNews: Announcement[] = silent
    ? [
        {
          type: 'AgentLost',
          data: { agent_id: agent.agent_id, tasks: losses.map(({ task_id }) => task_id), lease_until: now },
          correlation_id: agent.agent_id,
          causation_id: agent.agent_id,
        },
      ]
    : [];
  return {
    hints: [
      ...settled.flatMap(({ hints }) => hints),
      ...(after && after.wanted.length > 0 ? [{ pool: agent.pool, routes: [...after.wanted] }] : []),
    ],
    announcements: [...settled.flatMap(({ announcements }) => announcements), ...lostNews],
  };
}

/** Tells killed agents once more to stop what they still report. */
async function tellAgain(deps: DistributorDeps, agents: readonly AgentRow[], now: number): Promise<void> {
  await deps.messenger.send(
    agents.flatMap((agent) =>
      orphanedWork(agent, now).map((key) => ({
        inbox_url: agent.inbox_url,
        message: { kind: 'cancel' as const, ...parseHoldKey(key), reason: 'revoked' },
      })),
    ),
  );
}

/** Takes back what these agents, as they were read, lost or had to give up. It reads the tasks of lost holds only; what was taken back before is left as it is. */
export async function recoverAgents(deps: DistributorDeps, agents: readonly AgentRow[]) {
  const now = deps.sources.now();
  const losses = agents.flatMap((agent) =>
    lostHolds(agent, now).map(({ key, reason }): Lost => ({ agent, key, reason, ...parseHoldKey(key) })),
  );
  const found = await deps.tasks.get(losses.map(({ task_id }) => task_id));
  const rows = new Map(found.flatMap((row) => (row === undefined ? [] : [[row.task_id, row] as const])));
  const done = await Promise.all(
    [...Map.groupBy(losses, ({ agent }) => agent)].map(([agent, list]) => recoverAgent(deps, agent, list, rows)),
  );
  await tellAgain(deps, agents, now);
  return {
    count: losses.length,
    hints: done.flatMap(({ hints }) => hints),
    announcements: done.flatMap(({ announcements }) => announcements),
  };
}
