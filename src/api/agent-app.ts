import type { Hono } from 'hono';
import { heartbeatReport, resultReport, workRequest } from '../contracts/distributor/agent-work.ts';
import { agentId, defaultPool } from '../contracts/ids.ts';
import type { DistributorDeps } from '../distributor/ports.ts';
import { ownAgent } from '../distributor/usecases/agents/own-agent.ts';
import { receiveWork } from '../distributor/usecases/agents/receive-work.ts';
import { recordHeartbeats } from '../distributor/usecases/agents/record-heartbeats.ts';
import { relayResults } from '../distributor/usecases/agents/relay-results.ts';
import { accepted, type ApiContext, type ApiEnv, readBody, readParam } from './request.ts';
import { type ApiOptions, createShell } from './shell.ts';

const senderOf = (c: ApiContext) => ({ agent_id: readParam(c, 'id', agentId), principal: c.get('principal') });

/** The part of the API that agents work through which have nothing but HTTP: an app of its own, because it waits for them. */
export function createAgentApp(deps: DistributorDeps, options: ApiOptions): Hono<ApiEnv> {
  const app = createShell(deps.sources, options);

  app.post('/v1/agents/:id/inbox', async (c) => {
    const request = { ...senderOf(c), ...(await readBody(c, workRequest)) };
    return c.json({ messages: [...accepted(await receiveWork(deps, request))] });
  });

  app.post('/v1/agents/:id/results', async (c) => {
    const { results } = await readBody(c, resultReport);
    accepted(await relayResults(deps, { ...senderOf(c), results }));
    return c.body(null, 202);
  });

  app.post('/v1/agents/:id/heartbeats', async (c) => {
    const { agent_id, principal } = senderOf(c);
    const beat = { pool: defaultPool, agent_id, ...(await readBody(c, heartbeatReport)) };
    const renewed = await recordHeartbeats(deps, [{ beat, principal, sent_at: deps.sources.now() }]);
    // Nothing was renewed: somebody else's agent, or none, or a later heartbeat was faster.
    if (renewed === 0) accepted(await ownAgent(deps, { agent_id, principal }));
    return c.body(null, 204);
  });

  return app;
}
