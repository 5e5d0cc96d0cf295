import { Hono } from 'hono';
import { pageQuery } from '../../contracts/api.ts';
import { workflowBudget } from '../../contracts/distributor/budget.ts';
import { userId } from '../../contracts/ids.ts';
import type { ApiDeps } from '../ports.ts';
import { accepted, type ApiEnv, found, readBody, readParam, readQuery } from '../request.ts';

/** Budgets of workflows: list, read, set anew. The use cases bring JSONata: loaded for the first request. */
export function budgetRoutes(deps: ApiDeps): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  const viewing = () => import('../../workflow/usecases/view/view-budgets.ts');

  app.get('/v1/budgets', async (c) => {
    const { limit, cursor } = readQuery(c, pageQuery);
    return c.json(await (await viewing()).listBudgets(deps, limit, cursor));
  });

  app.get('/v1/workflows/:id/budget', async (c) => {
    const id = readParam(c, 'id', userId);
    return c.json(found(await (await viewing()).viewBudget(deps, id), 'budget of a workflow', id));
  });

  app.post('/v1/workflows/:id/budget', async (c) => {
    const workflow_id = readParam(c, 'id', userId);
    const budget = await readBody(c, workflowBudget);
    const { setBudget } = await import('../../workflow/usecases/steer/set-budget.ts');
    accepted(await setBudget(deps, { workflow_id, principal: c.get('principal'), budget }));
    const view = await (await viewing()).viewBudget(deps, workflow_id);
    return c.json(found(view, 'budget of a workflow', workflow_id));
  });

  return app;
}
