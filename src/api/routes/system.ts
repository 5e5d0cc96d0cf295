import { Hono } from 'hono';
import type { QueueView } from '../../contracts/distributor/agent.ts';
import { defaultPool } from '../../contracts/ids.ts';
import { pageSizeMax } from '../../contracts/limits.ts';
import { systemStatus } from '../../coordinator/core/system-status.ts';
import { agentView } from '../../distributor/core/agents/agent.ts';
import { priorities } from '../../contracts/distributor/task.ts';
import type { ApiDeps } from '../ports.ts';
import type { ApiEnv } from '../request.ts';

/** Pages of waiting tasks that are counted; beyond, the count says at least this many. */
const countedPagesMax = 10;

/** Queues, the state of the deployment, and the description of the API. */
export function systemRoutes(deps: ApiDeps): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  app.get('/v1/queues', async (c) => {
    const { agents } = await deps.agents.pool(defaultPool);
    const inboxes = agents.map(({ agent_id, inbox_url }) => ({ agent_id, url: inbox_url }));
    const [ready, sizes] = await Promise.all([readyQueues(deps), deps.queueSizes.list(inboxes)]);
    return c.json({ items: [...ready, ...sizes] });
  });

  app.get('/v1/status', async (c) => {
    const now = deps.sources.now();
    const [{ agents }, ready, queues, dead] = await Promise.all([
      deps.agents.pool(defaultPool),
      readyQueues(deps),
      deps.queueSizes.list([]),
      deps.deadLetters.list(defaultPool, pageSizeMax),
    ]);
    const views = agents.map((row) => agentView(row, now));
    return c.json(systemStatus({ agents: views, queues: [...ready, ...queues], dead_letters: dead.items.length, now }));
  });

  app.get('/v1/openapi.json', async (c) => {
    // Read by people now and then, so not a part of every start.
    const { default: openApi } = await import('../../../docs/openapi.json', { with: { type: 'json' } });
    return c.json(openApi);
  });

  return app;
}

/** The ready order in the table, as a queue a priority. */
async function readyQueues(deps: ApiDeps): Promise<readonly QueueView[]> {
  const counts = new Map<string, number>();
  let cursor: string | undefined;
  for (let page = 0; page < countedPagesMax; page += 1) {
    const { items, cursor: next } = await deps.tasks.list({
      pool: defaultPool,
      status: 'Queued',
      limit: pageSizeMax,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { priority } of items) counts.set(priority, (counts.get(priority) ?? 0) + 1);
    if (next === undefined) break;
    cursor = next;
  }
  return priorities.map((level) => ({
    id: `ready-${level}`,
    type: 'ready',
    current_size: counts.get(level) ?? 0,
    max_size: 0,
    priority_level: level,
  }));
}
