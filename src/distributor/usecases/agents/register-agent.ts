import type { AgentGrant, AgentRegistration } from '../../../contracts/distributor/agent.ts';
import { type Outcome, refused } from '../../../contracts/errors.ts';
import { defaultPool } from '../../../contracts/ids.ts';
import { agentsTogetherMax, heartbeatIntervalMs, idleHeartbeatIntervalMs } from '../../../contracts/limits.ts';
import type { AgentRow, PoolRows } from '../../../contracts/rows.ts';
import { leaseUntil } from '../../core/agents/agent.ts';
import { openFleet } from '../../core/agents/fleet.ts';
import type { DistributorDeps } from '../../ports.ts';

/** Lets the dispatcher look at the routes that an agent serves which has just come; answers with the pool as it is then. */
export async function hintServed(deps: DistributorDeps, agent: AgentRow): Promise<PoolRows> {
  const { pool } = agent;
  const rows = await deps.agents.pool(pool);
  const fleet = openFleet([agent], deps.sources.now());
  const routes = rows.routes.filter((route) => fleet.candidatesOf(route).all.length > 0);
  if (routes.length > 0) await deps.messenger.hint([{ pool, routes: routes.map(({ route }) => route) }]);
  return rows;
}

/**
 * Registers an agent, or renews it for the principal that registered it first: creates its inbox, then its row, then lets the tasks start that only
 * waited for somebody with its capabilities. Answers where its work comes from and where its results go.
 */
export async function registerAgent(
  deps: DistributorDeps,
  request: { readonly registration: AgentRegistration; readonly principal: string },
): Promise<Outcome<AgentGrant>> {
  const { registration, principal } = request;
  const pool = defaultPool;
  // Asked first, so that a stranger's request makes no queue.
  const before = await deps.agents.get(pool, registration.agent_id);
  if (before !== undefined && before.principal !== principal) return refused('agent-conflict', undefined, 'agent_id');
  const inbox_url = await deps.inboxes.create(registration.agent_id);
  const now = deps.sources.now();
  const at = new Date(now).toISOString();
  const registered = await deps.agents.register({
    pool,
    ...registration,
    principal,
    inbox_url,
    registered_at: at,
    last_heartbeat: at,
    reported_at: at,
    lease_until: leaseUntil(now, idleHeartbeatIntervalMs),
    reported: [],
    holds: {},
    wanted: [],
    draining: false,
    completed: 0,
    failed: 0,
  });
  if (!registered.ok) return registered;
  // Whatever an earlier life of this agent held is lost: let the pulse see to it soon.
  if (Object.keys(registered.value.holds).length > 0) await deps.messenger.ticks(pool, [1]);
  const { agents, spread } = await hintServed(deps, registered.value);
  if (agents.length >= agentsTogetherMax && spread === undefined) await deps.agents.spread(pool);
  const { agent_id, type, capabilities, capacity } = registration;
  await deps.messenger.announce([
    {
      type: 'AgentRegistered',
      data: { agent_id, type, capabilities, capacity },
      correlation_id: agent_id,
      causation_id: agent_id,
    },
  ]);
  return {
    ok: true,
    value: {
      agent_id,
      pool,
      inbox_url,
      ...deps.addresses,
      heartbeat_interval_ms: heartbeatIntervalMs,
      idle_heartbeat_interval_ms: idleHeartbeatIntervalMs,
    },
  };
}
