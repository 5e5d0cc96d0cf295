import type { AgentStop } from '../../../contracts/distributor/agent.ts';
import { type Outcome, refused } from '../../../contracts/errors.ts';
import { defaultPool } from '../../../contracts/ids.ts';
import type { AgentRow } from '../../../contracts/rows.ts';
import { parseHoldKey } from '../../core/agents/hold.ts';
import type { DistributorDeps } from '../../ports.ts';
import { recoverAgents } from '../pulse/recover-agents.ts';

/** Looks again this often when a dispatcher was handing out work at that moment; what is left then is the pulse's. */
const looksMax = 3;

/** Revokes all that a killed agent holds, as the pulse would. */
async function revokeAll(deps: DistributorDeps, killed: AgentRow): Promise<AgentRow> {
  let agent = killed;
  for (let look = 0; look < looksMax && Object.keys(agent.holds).length > 0; look += 1) {
    const { hints, announcements } = await recoverAgents(deps, [agent]);
    await deps.messenger.hint(hints);
    await deps.messenger.announce(announcements);
    agent = (await deps.agents.get(agent.pool, agent.agent_id)) ?? { ...agent, holds: {} };
  }
  return agent;
}

/**
 * Stops an agent. Drained, it gets no new work and ends what it holds; killed, its leases are revoked as well: its tasks return to their places with the fence moved on
 * and no attempt counted, and what it still reports is late. The row is written first: whatever breaks off after it is finished by the pulse. It stays stopped, however
 * often it registers, until it is revived.
 */
export async function stopAgent(
  deps: DistributorDeps,
  request: Pick<AgentStop, 'how' | 'reason'> & { readonly agent_id: string; readonly principal: string },
): Promise<Outcome<AgentRow>> {
  const { agent_id, how, reason, principal } = request;
  const pool = defaultPool;
  const stop: AgentStop = { how, reason, by: principal, at: new Date(deps.sources.now()).toISOString() };
  const stopped = await deps.agents.stop(pool, agent_id, stop);
  if (stopped === undefined) return refused('not-found', `no agent has the id ${agent_id}`, 'agent_id');
  // One that was killed before is not drained: nothing has happened to it.
  if (stopped.stopped?.how !== how) return { ok: true, value: stopped };
  // Ahead of the work: should this break off, the pulse finds the row soon.
  if (how === 'killed' && Object.keys(stopped.holds).length > 0) await deps.messenger.ticks(pool, [1]);
  const agent = how === 'killed' ? await revokeAll(deps, stopped) : stopped;
  const tasks = Object.keys(stopped.holds).map((key) => parseHoldKey(key).task_id);
  await deps.messenger.announce([
    { type: 'AgentStopped', data: { agent_id, ...stop, tasks }, correlation_id: agent_id, causation_id: agent_id },
  ]);
  return { ok: true, value: agent };
}
