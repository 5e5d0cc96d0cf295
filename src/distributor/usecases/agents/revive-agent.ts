import { type Outcome, refused } from '../../../contracts/errors.ts';
import { defaultPool } from '../../../contracts/ids.ts';
import type { AgentRow } from '../../../contracts/rows.ts';
import type { DistributorDeps } from '../../ports.ts';
import { hintServed } from './register-agent.ts';

/** Lets an agent that was drained or killed get work again, and what waits for it start. One that was not stopped stays as it is. */
export async function reviveAgent(
  deps: DistributorDeps,
  { agent_id, principal }: { readonly agent_id: string; readonly principal: string },
): Promise<Outcome<AgentRow>> {
  const agent = await deps.agents.revive(defaultPool, agent_id);
  if (agent === undefined) return refused('not-found', `no agent has the id ${agent_id}`, 'agent_id');
  await hintServed(deps, agent);
  const data = { agent_id, by: principal };
  await deps.messenger.announce([{ type: 'AgentRevived', data, correlation_id: agent_id, causation_id: agent_id }]);
  return { ok: true, value: agent };
}
