import type { AgentStatus, AgentView } from '../../../contracts/distributor/agent.ts';
import { confirmMsMax, heartbeatIntervalMs, missedHeartbeatsMax } from '../../../contracts/limits.ts';
import type { AgentRow, Hold, TypeFigures } from '../../../contracts/rows.ts';
import { recordOf, successOf } from './figures.ts';
import { freeSlots, isAvailable, isDegraded } from './open-slots.ts';
import { heldCount, parseHoldKey } from './hold.ts';

/** Share of its recent attempts that succeeded (0 to 1). */
export function performanceScore(agent: Pick<AgentRow, 'figures'>): number {
  // Asked for ten thousand agents at a time: nothing is made for it.
  let completed = 0;
  let failed = 0;
  for (const type in agent.figures) {
    completed += agent.figures[type]?.completed ?? 0;
    failed += agent.figures[type]?.failed ?? 0;
  }
  return successOf(completed, failed);
}

/** The one place that says what state an agent is in. `now` is epoch ms. */
export function agentStatus(agent: AgentRow, now: number): AgentStatus {
  if (!isAvailable(agent, now)) return 'Unavailable';
  if (isDegraded(agent)) return 'Degraded';
  const free = freeSlots(agent);
  if (free === 0) return 'Busy';
  return free === agent.capacity ? 'Idle' : 'Active';
}

function typeFiguresView(figures: TypeFigures): AgentView['figures'][string] {
  const { p50_ms, p95_ms, usd } = recordOf(figures);
  return {
    completed: figures.completed,
    failed: figures.failed,
    ...(p50_ms === undefined ? {} : { p50_ms: Math.round(p50_ms) }),
    ...(p95_ms === undefined ? {} : { p95_ms: Math.round(p95_ms) }),
    ...(usd === undefined ? {} : { usd }),
  };
}

/** What it did since it registered last: tasks an hour, and the share of its slots' time that it said it worked. */
function sinceRegistered(
  { registered_at, completed_since = 0, worked_ms = 0, capacity }: AgentRow,
  now: number,
): Pick<AgentView, 'throughput_per_hour' | 'utilization'> {
  const ms = now - Date.parse(registered_at);
  if (ms <= 0) return { throughput_per_hour: 0, utilization: 0 };
  return {
    throughput_per_hour: Math.round((completed_since * 36_000_000) / ms) / 10,
    utilization: Math.min(1, Math.round((worked_ms * 1_000) / (ms * capacity)) / 1_000),
  };
}

/** An agent as every surface shows it. */
export function agentView(agent: AgentRow, now: number): AgentView {
  const free = freeSlots(agent);
  const busy = heldCount(agent);
  return {
    id: agent.agent_id,
    type: agent.type,
    capabilities: [...agent.capabilities],
    capacity: agent.capacity,
    capacity_score: free / agent.capacity,
    performance_score: performanceScore(agent),
    utilization_rate: Math.min(1, busy / agent.capacity),
    busy_slots: busy,
    free_slots: free,
    ...sinceRegistered(agent, now),
    status: agentStatus(agent, now),
    last_heartbeat: agent.last_heartbeat,
    current_tasks: Object.keys(agent.holds).map((key) => parseHoldKey(key).task_id),
    ...(agent.labels === undefined ? {} : { labels: agent.labels }),
    ...(agent.usd_per_hour === undefined ? {} : { usd_per_hour: agent.usd_per_hour }),
    ...(agent.maintenance === undefined ? {} : { maintenance: [...agent.maintenance] }),
    ...(agent.batch === undefined ? {} : { batch: agent.batch }),
    ...(agent.stopped === undefined ? {} : { stopped: agent.stopped }),
    completed: agent.completed,
    failed: agent.failed,
    figures: Object.fromEntries(
      Object.entries(agent.figures ?? {}).map(([type, figures]) => [type, typeFiguresView(figures)]),
    ),
  };
}

/** Until when a heartbeat renews the lease. `at` is epoch ms, the answer RFC 3339. */
export function leaseUntil(at: number, interval_ms: number): string {
  return new Date(at + interval_ms * missedHeartbeatsMax).toISOString();
}

/** Why a hold is lost: the agent was killed, it is silent, it never confirmed the assignment, or the attempt took too long. */
export type LossReason = 'revoked' | 'lease-lost' | 'unconfirmed' | 'timed-out';

function lossOf(agent: AgentRow, key: string, hold: Hold, now: number): LossReason | undefined {
  if (agent.stopped?.how === 'killed') return 'revoked';
  // An agent that holds work reports every interval; the time before it got this hold does not count against it.
  const heardOf = Math.max(Date.parse(agent.last_heartbeat), hold.at);
  if (now - heardOf > heartbeatIntervalMs * missedHeartbeatsMax) return 'lease-lost';
  if (hold.until < now) return 'timed-out';
  if (now - hold.at > confirmMsMax && !agent.reported.includes(key)) return 'unconfirmed';
  return undefined;
}

/** The holds of an agent that must be taken back. Reads the agent only: the cost does not depend on the number of tasks. */
export function lostHolds(
  agent: AgentRow,
  now: number,
): readonly { readonly key: string; readonly reason: LossReason }[] {
  return Object.entries(agent.holds).flatMap(([key, hold]) => {
    const reason = lossOf(agent, key, hold, now);
    return reason === undefined ? [] : [{ key, reason }];
  });
}

/** Attempts that a killed agent says it still works on, although they were taken from it: it has to be told again. */
export function orphanedWork({ stopped, holds, reported, reported_at }: AgentRow, now: number): readonly string[] {
  const isHeard = now - Date.parse(reported_at) <= heartbeatIntervalMs * missedHeartbeatsMax;
  return stopped?.how === 'killed' && isHeard ? reported.filter((key) => !Object.hasOwn(holds, key)) : [];
}
