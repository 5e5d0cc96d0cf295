import * as z from 'zod';
import { agentGrant, type AgentGrant, type AgentRegistration } from '../../contracts/distributor/agent.ts';
import { parse } from '../../contracts/parse.ts';
import type { AgentRegistry } from './ports.ts';
import type { ApiTransport } from '../client/api-transport.ts';

/** Keys that a newer deployment adds are ignored. */
const grant = z.object(agentGrant.shape);

/** The registry of agents behind the API. */
export function agentRegistry(call: ApiTransport): AgentRegistry {
  return {
    async register(registration: AgentRegistration): Promise<AgentGrant> {
      return parse(grant, await call({ method: 'POST', path: '/v1/agents', body: registration }));
    },
    async deregister(agent_id: string): Promise<void> {
      await call({ method: 'DELETE', path: `/v1/agents/${encodeURIComponent(agent_id)}` });
    },
  };
}
