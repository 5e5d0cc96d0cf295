import type { TaskResult } from '../../../src/contracts/messages.ts';
import type { AgentRow, PoolRows, ReadyTask, RouteRow, TaskRow } from '../../../src/contracts/rows.ts';
import type { DistributionRules } from '../../../src/contracts/distributor/task.ts';
import { routeOf, routeRow } from '../../../src/distributor/core/ready/route.ts';
import { readyOrder } from '../../../src/distributor/core/ready/ready-order.ts';
import { newTask } from '../../../src/distributor/core/tasks/task.ts';

/** The time at which the tests' rows are made, epoch ms. */
export const startMs = Date.UTC(2026, 0, 1);
export const iso = (ms: number): string => new Date(ms).toISOString();

/** A Queued row; `over` replaces attributes, and the route follows from what it requires. */
export function taskRow(over: Partial<TaskRow> = {}): TaskRow {
  const base = newTask(
    {
      task_id: over.task_id ?? 't1',
      task_type: 'demo',
      priority: over.priority ?? 'medium',
      required_capabilities: [...(over.required_capabilities ?? [])],
      payload: { text: '{"n":1}' },
      ...(over.distribution_rules === undefined ? {} : { distribution_rules: over.distribution_rules }),
    },
    { pool: 'default', now: iso(startMs), body_hash: 'h1', submitted_by: 'someone', correlation_id: 'story' },
  );
  return { ...base, ...over };
}

/** A row that an agent works on. */
export function processingRow(over: Partial<TaskRow> = {}): TaskRow {
  return taskRow({
    status: 'Processing',
    attempt: 1,
    assigned_agent: 'a1',
    principal: 'principal-a1',
    started_at: iso(startMs),
    ...over,
  });
}

/** What the ready index shows of a waiting task. */
export function readyTask(
  over: Partial<ReadyTask> & { rules?: DistributionRules; needs?: readonly string[] } = {},
): ReadyTask {
  const { rules, needs = [], ...rest } = over;
  const task = {
    task_id: 't1',
    task_type: 'demo',
    priority: 'medium' as const,
    attempt: 0,
    timeout_ms: 60_000,
    route: routeOf({ required_capabilities: needs, distribution_rules: rules }),
    created_at: iso(startMs),
    queued_at: iso(startMs),
    payload: { text: 'null' },
    ...rest,
  };
  return { ...task, order: rest.order ?? readyOrder(task) };
}

/** An idle agent whose lease holds for a minute; `busy` slots are occupied by other work. */
export function agentRow(over: Partial<AgentRow> & { busy?: number } = {}): AgentRow {
  const { busy = 0, ...rest } = over;
  const agent_id = rest.agent_id ?? 'a1';
  return {
    pool: 'default',
    agent_id,
    type: 'worker',
    capabilities: [],
    capacity: 1,
    principal: `principal-${agent_id}`,
    inbox_url: `https://queues/inbox-${agent_id}`,
    registered_at: iso(startMs),
    last_heartbeat: iso(startMs),
    lease_until: iso(startMs + 60_000),
    reported_at: iso(startMs),
    reported: [],
    holds: Object.fromEntries(
      Array.from({ length: busy }, (_, at) => [`busy-${agent_id}-${at}#1`, { at: startMs, until: startMs + 60_000 }]),
    ),
    wanted: [],
    draining: false,
    completed: 0,
    failed: 0,
    ...rest,
  };
}

/** The row of a route that requires these capabilities and names these agents, primary first. */
export function route(required_capabilities: readonly string[] = [], ...named: readonly string[]): RouteRow {
  const [primary_agent, ...backup_agents] = named;
  const distribution_rules = primary_agent === undefined ? undefined : { primary_agent, backup_agents };
  return routeRow('default', { required_capabilities, distribution_rules });
}

/** A pool as one query reads it. */
export function poolRows(agents: readonly AgentRow[], routes: readonly RouteRow[]): PoolRows {
  return { pool: 'default', armed_until: 0, agents, routes };
}

/** Results of this many attempts that succeeded, each after `duration_ms`, and that failed. */
export function results(completed: number, failed: number, duration_ms = 1_000, task_type = 'demo'): TaskResult[] {
  return Array.from({ length: completed + failed }, (_, at) => ({
    task_id: `r${at}`,
    attempt: 1,
    outcome: at < completed ? ('completed' as const) : ('failed' as const),
    duration_ms,
    task_type,
  }));
}
