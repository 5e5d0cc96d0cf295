import type { Announcement } from '../../../contracts/events.ts';
import { workflowOf } from '../../../contracts/ids.ts';
import { readyPageSizeMax, scalingSampleMax, watchdogLookMs } from '../../../contracts/limits.ts';
import type { PulseTick } from '../../../contracts/messages.ts';
import type { PoolRows, RouteRow } from '../../../contracts/rows.ts';
import { demandOf } from '../../core/agents/demand.ts';
import { agingOf } from '../../core/agents/figures.ts';
import { openFleet } from '../../core/agents/fleet.ts';
import { demandsRoom, hasRoomToMake } from '../../core/dispatch/preempt.ts';
import { expireChange } from '../../core/tasks/expire.ts';
import { isExpired } from '../../core/tasks/task.ts';
import { failedNews } from '../../core/tasks/task-news.ts';
import type { DistributorDeps } from '../../ports.ts';
import { armPulse } from '../dispatch/dispatch-tasks.ts';
import { judgeCanary } from './judge-canary.ts';
import { recoverAgents } from './recover-agents.ts';
import { sweepNamespaces } from './sweep-namespaces.ts';
import { type Scale, scalePool } from './scale-pool.ts';
import { wakeTimers } from './wake-timers.ts';
import { watchOverflow } from '../submit/watch-overflow.ts';

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

/** Looks at the head of each route: tasks that wait although somebody is free get their hint again; those that waited too long are failed. */
async function lookAtRoutes(deps: DistributorDeps, pool: PoolRows) {
  const now = deps.sources.now();
  const heads = await Promise.all(
    pool.routes.map(async (route) => ({
      route,
      head: await deps.tasks.ready(route, scalingSampleMax),
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
  const expired = await Promise.all(old.map(({ route }) => expire(deps, route)));
  const drawing = waiting.filter(({ route }) => route.budgeted === true).flatMap(({ head }) => head);
  const budgets = await deps.budgets.get(drawing.flatMap(({ task_id }) => workflowOf(task_id)?.workflow_id ?? []));
  return {
    waiting,
    demand: demandOf({ ...pool, budgets }, waiting, now),
    hints: missed.map(({ route }) => ({ pool: pool.pool, routes: [route.route] })),
    expired: expired.flat(),
  };
}

/** Fails what waited too long in a route; answers with the news of it. */
async function expire(deps: DistributorDeps, route: RouteRow): Promise<readonly Announcement[]> {
  const now = deps.sources.now();
  const head = await deps.tasks.ready(route, readyPageSizeMax);
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
  const recovered = await recoverAgents(deps, pool.agents);
  const woken = await wakeTimers(deps, tick.pool, { ahead: tick.watchdog === true });
  const swept = await sweepNamespaces(deps, pool);
  const routes = await lookAtRoutes(deps, pool);
  await ageFigures(deps, pool);
  const overflow = await watchOverflow(deps, pool);
  const scale = await scalePool(deps, pool, routes.demand);
  await judgeCanary(deps, pool, routes.waiting);
  const resumed = await deps.workflowTasks.resume(tick.pool);
  await deps.messenger.hint([...recovered.hints, ...woken.hints, ...routes.hints]);
  await deps.messenger.announce([
    ...recovered.announcements,
    ...(woken.announcements ?? []),
    ...routes.expired,
    ...overflow,
  ]);
  const hasWork =
    routes.waiting.length > 0 ||
    resumed > 0 ||
    swept > 0 ||
    woken.count > 0 ||
    pool.agents.some((agent) => Object.keys(agent.holds).length > 0);
  if (hasWork) await armPulse(deps, pool);
  else if (tick.watchdog === true) await deps.messenger.ticks(tick.pool, watchdogLooks);
  return { recovered: recovered.count, woken: woken.count, expired: routes.expired.length, resumed, scale };
}
