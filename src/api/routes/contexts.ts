import { Hono } from 'hono';
import { CadreError } from '../../contracts/errors.ts';
import type { ApiDeps } from '../ports.ts';
import type { ApiEnv } from '../request.ts';

/** Documents: one route an operation, all of the same shape. */
export function contextRoutes(deps: ApiDeps): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  app.post('/v1/contexts/:operation', async (c) => {
    // Loaded on demand: a start of the API for tasks does not pay for documents.
    const { isContextOperation, runContextOperation } = await import('../../context/usecases/operations.ts');
    const name = c.req.param('operation');
    if (!isContextOperation(name)) throw new CadreError('not-found', `there is no operation ${name} on documents`);
    const caller = { principal: c.get('principal'), correlation_id: c.get('correlation_id') };
    const text = await c.req.text();
    return c.json(await runContextOperation(deps, caller, name, text === '' ? '{}' : text));
  });

  return app;
}
