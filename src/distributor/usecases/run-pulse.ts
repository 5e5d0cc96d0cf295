import type { Announcement } from '../../contracts/events.ts';
import { workflowOf } from '../../contracts/ids.ts';
import { readyPageSizeMax, scalingSampleMax, watchdogLookMs } from '../../contracts/limits.ts';
import type { DispatchHint, PulseTick } from '../../contracts/messages.ts';
import type { AgentRow, PoolRows, TaskRow } from '../../contracts/rows.ts';
import type { TaskError } from '../../contracts/task.ts';
import { lostHolds, type LossReason } from '../core/agent.ts';
import { agingOf } from '../core/figures.ts';
import { openFleet } from '../core/fleet.ts';
import { demandsRoom, hasRoomToMake } from '../core/preempt.ts';
import { expireChange, fenceChange, isExpired, parseHoldKey, settle } from '../core/task.ts';
import { tickDelays } from '../core/timers.ts';
import { failedNews, settledNews } from '../core/task-news.ts';
import type { DistributorDeps } from '../ports.ts';
import { armPulse } from './dispatch-tasks.ts';
import { type Scale, scalePool } from './scale-pool.ts';
import { wakeTimers } from './wake-timers.ts';

/** Seconds after the watchdog's tick at which a sleeping pool is looked at until its next one, a minute later. */
const watchdogLooks: readonly number[] = [1, 2].map((look) => (look * watchdogLookMs) / 1_000);

/** What one pulse found and did. */
export interface Pulsed {
  readonly recovered: number;
  readonly woken: number;
  readonly expired: number;
  readonly resumed: number;
  readonly scale: Scale;
}

interface Lost {
  readonly agent: AgentRow;
  readonly key: string;
  readonly task_id: string;
  readonly attempt: number;
  readonly reason: LossReason;
}

const messages: Record<LossReason, string> = {
  'lease-lost': 'the agent gave no sign of life',
  unconfirmed: 'the agent never confirmed that it had the task',
  'timed-out': 'the attempt ran longer than its time-out',
};

function errorOf({ agent, reason }: Lost): TaskError {
  const code = reason === 'timed-out' ? 'timed-out' : 'lease-lost';
  return { code, message: `${messages[reason]} (agent ${agent.agent_id})`, retryable: true };
}

/** Settles one lost attempt; true when its hold may be removed. The task is settled before its hold goes, never after. */
async function settleLost(
  deps: DistributorDeps,
  lost: Lost,
  row: TaskRow | undefined,
): Promise<{ done: boolean; hints: readonly DispatchHint[]; announcements: readonly Announcement[] }> {
  const nothing = { done: true, hints: [], announcements: [] };
  if (row === undefined) return nothing;
  const isHeld =
    row.status === 'Processing' && row.attempt === lost.attempt && row.assigned_agent === lost.agent.agent_id;
  if (!isHeld) {
    // Reserved and never claimed: move the fence, so that a dispatcher which is only slow cannot claim without a slot.
    const isUnclaimed = row.status === 'Queued' && row.attempt === lost.attempt - 1;
    if (!isUnclaimed) return nothing;
    const [fenced] = await deps.tasks.change([fenceChange(row)]);
    return { ...nothing, done: fenced?.applied === true, hints: [{ pool: row.pool, routes: [row.route] }] };
  }
  const cause = lost.reason === 'timed-out' ? ('timed-out' as const) : ('lease-lost' as const);
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
    attempt: lost.attempt,
    agent_id: lost.agent.agent_id,
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
  return { done: true, hints: [{ pool: row.pool, routes: [row.route] }], announcements };
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
  const silent = losses.some(({ reason }) => reason !== 'timed-out');
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

async function recover(deps: DistributorDeps, pool: PoolRows) {
  const now = deps.sources.now();
  const losses = pool.agents.flatMap((agent) =>
    lostHolds(agent, now).map(({ key, reason }): Lost => ({ agent, key, reason, ...parseHoldKey(key) })),
  );
  const found = await deps.tasks.get(losses.map(({ task_id }) => task_id));
  const rows = new Map(found.flatMap((row) => (row === undefined ? [] : [[row.task_id, row] as const])));
  const done = await Promise.all(
    [...Map.groupBy(losses, ({ agent }) => agent)].map(([agent, list]) => recoverAgent(deps, agent, list, rows)),
  );
  return {
    count: losses.length,
    hints: done.flatMap(({ hints }) => hints),
    announcements: done.flatMap(({ announcements }) => announcements),
  };
}

/** Looks at the head of each route: tasks that wait although somebody is free get their hint again; those that waited too long are failed. */
async function lookAtRoutes(deps: DistributorDeps, pool: PoolRows) {
  const now = deps.sources.now();
  const heads = await Promise.all(
    pool.routes.map(async (route) => ({
      route,
      head: await deps.tasks.ready(pool.pool, route.route, scalingSampleMax),
    })),
  );
  const fleet = openFleet(pool.agents, now);
  const waiting = heads.filter(({ head }) => head.length > 0);
  const missed = waiting.filter(({ route, head }) => {
    const { all } = fleet.candidatesOf(route);
    const demands = head.some((task) => demandsRoom(task, now));
    return all.some(
      ({ agent, free }) => free > 0 || (demands && hasRoomToMake(agent, now)) || !agent.wanted.includes(route.route),
    );
  });
  const old = waiting.filter(({ head }) => head.some((task) => isExpired(task, now)));
  const expired = await Promise.all(old.map(({ route }) => expire(deps, pool.pool, route.route)));
  return {
    waiting: waiting.flatMap(({ head }) => head),
    isCut: waiting.some(({ head }) => head.length === scalingSampleMax),
    hints: missed.map(({ route }) => ({ pool: pool.pool, routes: [route.route] })),
    expired: expired.flat(),
  };
}

/** Fails what waited too long in a route; answers with the news of it. */
async function expire(deps: DistributorDeps, pool: string, route: string): Promise<readonly Announcement[]> {
  const now = deps.sources.now();
  const head = await deps.tasks.ready(pool, route, readyPageSizeMax);
  // A workflow's tasks live as long as their workflow does.
  const own = head.filter((task) => isExpired(task, now) && workflowOf(task.task_id) === undefined);
  const rows = await deps.tasks.get(own.map(({ task_id }) => task_id));
  const queued = rows.flatMap((row) => (row?.status === 'Queued' ? [row] : []));
  const changes = queued.map((row) => expireChange(row, now));
  const changed = await deps.tasks.change(changes);
  return queued.flatMap((row, index) =>
    changed[index]?.applied === true
      ? [
          failedNews(row, changes[index]?.patch ?? {}, {
            correlation_id: row.correlation_id,
            causation_id: row.task_id,
          }),
        ]
      : [],
  );
}

/** Lets old work count less in the figures of agents. */
async function ageFigures(deps: DistributorDeps, pool: PoolRows): Promise<void> {
  await Promise.all(
    pool.agents.map(async (agent) => {
      const aging = agingOf(agent);
      if (aging !== undefined) await deps.agents.age(pool.pool, agent.agent_id, aging);
    }),
  );
}

/**
 * Looks after a pool: lost leases, due timers, lost hints, expired tasks, workflows that owe a step. It reads agents and heads, never all tasks,
 * so it costs the same for one open task or a million; it keeps itself going while there is work.
 */
export async function runPulse(deps: DistributorDeps, tick: PulseTick): Promise<Pulsed> {
  const pool = await deps.agents.pool(tick.pool);
  const recovered = await recover(deps, pool);
  const woken = await wakeTimers(deps, tick.pool, { ahead: tick.watchdog === true });
  const routes = await lookAtRoutes(deps, pool);
  await ageFigures(deps, pool);
  const scale = await scalePool(deps, pool, routes);
  const resumed = await deps.workflowTasks.resume(tick.pool);
  await deps.messenger.hint([...recovered.hints, ...woken.hints, ...routes.hints]);
  await deps.messenger.announce([...recovered.announcements, ...routes.expired]);
  const hasWork =
    routes.waiting.length > 0 ||
    resumed > 0 ||
    woken.count > 0 ||
    pool.agents.some((agent) => Object.keys(agent.holds).length > 0);
  if (hasWork) await armPulse(deps, pool);
  else if (tick.watchdog === true) await deps.messenger.ticks(tick.pool, watchdogLooks);
  return { recovered: recovered.count, woken: woken.count, expired: routes.expired.length, resumed, scale };
}
