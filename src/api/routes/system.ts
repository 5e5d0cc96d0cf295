import { Hono } from 'hono';
import type { QueueView } from '../../contracts/distributor/agent.ts';
import { defaultPool } from '../../contracts/ids.ts';
import { pageSizeMax } from '../../contracts/limits.ts';
import { systemStatus } from '../../coordinator/core/system-status.ts';
import type { TaskRow } from '../../contracts/rows.ts';
import { agentView } from '../../distributor/core/agents/agent.ts';
import { capabilityMap } from '../../distributor/core/agents/capability-map.ts';
import { priorities } from '../../contracts/distributor/task.ts';
import type { ApiDeps } from '../ports.ts';
import type { ApiEnv } from '../request.ts';

/** Pages of waiting tasks that are counted; beyond, the count says at least this many. */
const countedPagesMax = 10;

/** Capabilities, queues, the state of the deployment, and the description of the API. */
export function systemRoutes(deps: ApiDeps): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  app.get('/v1/capabilities', async (c) => {
    const [{ agents }, waiting] = await Promise.all([deps.agents.pool(defaultPool), queuedTasks(deps)]);
    const views = agents.map((row) => agentView(row, deps.sources.now()));
    return c.json({ items: capabilityMap(views, waiting) });
  });

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

/** The first tasks that wait, a thousand at most. */
async function queuedTasks(deps: ApiDeps): Promise<readonly TaskRow[]> {
  const found: TaskRow[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < countedPagesMax; page += 1) {
    const { items, cursor: next } = await deps.tasks.list({
      pool: defaultPool,
      status: 'Queued',
      limit: pageSizeMax,
      ...(cursor === undefined ? {} : { cursor }),
    });
    found.push(...items);
    if (next === undefined) break;
    cursor = next;
  }
  return found;
}

/** The ready order in the table, as a queue a priority. */
async function readyQueues(deps: ApiDeps): Promise<readonly QueueView[]> {
  const byLevel = Map.groupBy(await queuedTasks(deps), ({ priority }) => priority);
  return priorities.map((level) => ({
    id: `ready-${level}`,
    type: 'ready',
    current_size: byLevel.get(level)?.length ?? 0,
    max_size: 0,
    priority_level: level,
  }));
}
