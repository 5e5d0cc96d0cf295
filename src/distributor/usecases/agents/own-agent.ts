import { type Outcome, refused } from '../../../contracts/errors.ts';
import { defaultPool } from '../../../contracts/ids.ts';
import type { AgentRow } from '../../../contracts/rows.ts';
import type { AgentStore } from '../../ports.ts';

/** A request in an agent's name, by whoever sends it. */
export interface AgentRequest {
  readonly agent_id: string;
  readonly principal: string;
}

/** The agent, for the principal that registered it and for nobody else. */
export async function ownAgent(
  deps: { readonly agents: Pick<AgentStore, 'get'> },
  { agent_id, principal }: AgentRequest,
): Promise<Outcome<AgentRow>> {
  const agent = await deps.agents.get(defaultPool, agent_id);
  if (agent === undefined) return refused('not-found', `no agent has the id ${agent_id}`, 'agent_id');
  if (agent.principal !== principal)
    return refused('forbidden', 'only the principal that registered an agent may act for it', 'agent_id');
  return { ok: true, value: agent };
}
