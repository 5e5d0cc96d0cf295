import { Hono } from 'hono';
import { stopRequest } from '../../contracts/api.ts';
import { userId } from '../../contracts/ids.ts';
import type { ApiDeps } from '../ports.ts';
import { accepted, type ApiEnv, readBody, readParam } from '../request.ts';

/** Namespaces of tasks: list, kill, revive. The use cases are loaded for the first request. */
export function namespaceRoutes(deps: ApiDeps): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  const usecases = () => import('../../distributor/usecases/policies/kill-namespace.ts');

  app.get('/v1/namespaces', async (c) => c.json({ items: await (await usecases()).listNamespaces(deps) }));

  app.post('/v1/namespaces/:id/kill', async (c) => {
    const namespace = readParam(c, 'id', userId);
    const { reason } = await readBody(c, stopRequest);
    const { killNamespace } = await usecases();
    return c.json(accepted(await killNamespace(deps, { namespace, principal: c.get('principal'), reason })));
  });

  app.post('/v1/namespaces/:id/revive', async (c) => {
    const namespace = readParam(c, 'id', userId);
    const { reviveNamespace } = await usecases();
    return c.json(await reviveNamespace(deps, { namespace, principal: c.get('principal') }));
  });

  return app;
}
