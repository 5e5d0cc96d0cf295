import { Hono } from 'hono';
import * as z from 'zod';
import { pageQuery } from '../../contracts/api.ts';
import { defaultPool } from '../../contracts/ids.ts';
import { json } from '../../contracts/json.ts';
import { policyChange, policyPromotion, policyRollback, type PolicyView } from '../../contracts/distributor/policy.ts';
import { figuresOf, noSums } from '../../distributor/core/policy/canary.ts';
import type { ApiDeps } from '../ports.ts';
import { accepted, readBody, readQuery, type ApiEnv } from '../request.ts';

/** Checking a policy brings JSONata: loaded for the first of these requests. */
const commands = {
  change: () => import('../../distributor/usecases/policies/change-policy.ts'),
  trial: async () => (await import('../../distributor/usecases/policies/try-policy.ts')).tryPolicy,
};

/** The document as anything at all: its own check finds all its faults at once. */
const anyChange = z.strictObject({ ...policyChange.shape, document: json });
const anyDocument = anyChange.pick({ document: true });

/** The routing policy of the pool: read, put, check, roll back. */
export function policyRoutes(deps: ApiDeps): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  const pool = defaultPool;

  app.get('/v1/policy', async (c) => {
    const none: PolicyView = { pool, version: 0, document: {} };
    const head = await deps.policies.head(pool);
    if (head?.canary === undefined) return c.json(head ?? none);
    const sums = (await deps.policies.counted(pool, head.version)) ?? noSums;
    const figures = { old: figuresOf(sums.old), new: figuresOf(sums.new) };
    return c.json({ ...head, canary: { ...head.canary, figures } });
  });

  app.post('/v1/policy', async (c) => {
    const { document, expected_version, canary } = await readBody(c, anyChange);
    const { putPolicy } = await commands.change();
    const change = { pool, document, expected_version, canary, principal: c.get('principal') };
    return c.json(accepted(await putPolicy(deps, change)));
  });

  app.post('/v1/policy/check', async (c) => {
    const { document } = await readBody(c, anyDocument);
    return c.json(await (await commands.trial())(deps, pool, document));
  });

  app.get('/v1/policy/versions', async (c) => {
    const { limit } = readQuery(c, pageQuery.omit({ cursor: true }));
    return c.json({ items: await deps.policies.history(pool, limit) });
  });

  app.post('/v1/policy/promote', async (c) => {
    const change = await readBody(c, policyPromotion);
    const { promotePolicy } = await commands.change();
    return c.json(accepted(await promotePolicy(deps, { pool, ...change, principal: c.get('principal') })));
  });

  app.post('/v1/policy/rollback', async (c) => {
    const change = await readBody(c, policyRollback);
    const { rollBackPolicy } = await commands.change();
    return c.json(accepted(await rollBackPolicy(deps, { pool, ...change, principal: c.get('principal') })));
  });

  return app;
}
