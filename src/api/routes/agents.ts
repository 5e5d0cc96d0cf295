import { Hono } from 'hono';
import { agentRegistration } from '../../contracts/distributor/agent.ts';
import { stopRequest } from '../../contracts/api.ts';
import { agentId, defaultPool } from '../../contracts/ids.ts';
import { agentView } from '../../distributor/core/agents/agent.ts';
import type { ApiDeps } from '../ports.ts';
import { accepted, found, readBody, readParam, type ApiEnv } from '../request.ts';

/** What few requests ask for is loaded for the first of them; taking work from an agent brings all that settles it. */
const registering = async () => (await import('../../distributor/usecases/agents/register-agent.ts')).registerAgent;
const reviving = async () => (await import('../../distributor/usecases/agents/revive-agent.ts')).reviveAgent;
const stopping = async () => (await import('../../distributor/usecases/agents/stop-agent.ts')).stopAgent;
const leaving = async () => (await import('../../distributor/usecases/agents/deregister-agent.ts')).deregisterAgent;

/** Agents: register, read, stop, revive, remove. */
export function agentRoutes(deps: ApiDeps): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  app.post('/v1/agents', async (c) => {
    const registration = await readBody(c, agentRegistration);
    const request = { registration, principal: c.get('principal') };
    return c.json(accepted(await (await registering())(deps, request)), 201);
  });

  app.get('/v1/agents', async (c) => {
    const { agents } = await deps.agents.pool(defaultPool);
    return c.json({ items: agents.map((row) => agentView(row, deps.sources.now())) });
  });

  app.get('/v1/agents/:id', async (c) => {
    const id = readParam(c, 'id', agentId);
    return c.json(agentView(found(await deps.agents.get(defaultPool, id), 'agent', id), deps.sources.now()));
  });

  for (const [command, how] of [
    ['drain', 'drained'],
    ['kill', 'killed'],
  ] as const) {
    app.post(`/v1/agents/:id/${command}`, async (c) => {
      const agent_id = readParam(c, 'id', agentId);
      const { reason } = await readBody(c, stopRequest);
      const request = { agent_id, how, reason, principal: c.get('principal') };
      return c.json(agentView(accepted(await (await stopping())(deps, request)), deps.sources.now()));
    });
  }

  app.post('/v1/agents/:id/revive', async (c) => {
    const agent_id = readParam(c, 'id', agentId);
    const revived = accepted(await (await reviving())(deps, { agent_id, principal: c.get('principal') }));
    return c.json(agentView(revived, deps.sources.now()));
  });

  app.delete('/v1/agents/:id', async (c) => {
    const agent_id = readParam(c, 'id', agentId);
    accepted(await (await leaving())(deps, { agent_id, principal: c.get('principal') }));
    return c.body(null, 204);
  });

  return app;
}
