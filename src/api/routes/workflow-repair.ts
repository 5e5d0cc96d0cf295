import { Hono } from 'hono';
import * as z from 'zod';
import { defaultNamespace } from '../../contracts/context/names.ts';
import type { DocumentPin } from '../../contracts/context/declared-reads.ts';
import { CadreError, type Fault } from '../../contracts/errors.ts';
import { userId } from '../../contracts/ids.ts';
import { workflowRerunRequest, workflowUpdateRequest } from '../../contracts/workflow/repair.ts';
import { toCadreError } from '../problem.ts';
import type { ApiDeps } from '../ports.ts';
import { accepted, readBody, readParam, type ApiContext, type ApiEnv } from '../request.ts';

/** Throws with every version that is not there, or not for the caller: a run that pins it could only fail. */
async function requireVersions(deps: ApiDeps, c: ApiContext, pins: readonly DocumentPin[]): Promise<void> {
  if (pins.length === 0) return;
  const { getDocument } = await import('../../context/usecases/documents/get-document.ts');
  const caller = { principal: c.get('principal'), correlation_id: c.get('correlation_id') };
  const read = await Promise.allSettled(
    pins.map(({ namespace = defaultNamespace, ...pin }) => getDocument(deps, caller, { namespace, ...pin })),
  );
  const faults = read.flatMap((each, at): Fault[] => {
    if (each.status === 'fulfilled') return [];
    const { code, message } = toCadreError(each.reason);
    return [{ code, message, path: `pins[${at}]`, fix: 'name a version that the history of the document has' }];
  });
  const [first] = faults;
  if (first !== undefined) throw new CadreError(first.code, first.message, { faults, path: first.path ?? 'pins' });
}

/** Changing a workflow that runs, and beginning where one ended. The use cases bring JSONata: loaded for the first command. */
export function repairRoutes(deps: ApiDeps): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  app.patch('/v1/workflows/:id', async (c) => {
    const workflow_id = readParam(c, 'id', userId);
    const change = await readBody(c, workflowUpdateRequest);
    const { updateWorkflow } = await import('../../workflow/usecases/steer/update-workflow.ts');
    const request = { workflow_id, principal: c.get('principal'), change };
    const { viewOf } = await import('../../workflow/usecases/view/view-workflow.ts');
    return c.json(await viewOf(deps, accepted(await updateWorkflow(deps, request))));
  });

  app.post('/v1/workflows/:id/rerun', async (c) => {
    const source = readParam(c, 'id', userId);
    const rerun = await readBody(c, workflowRerunRequest);
    await requireVersions(deps, c, rerun.pins ?? []);
    const { rerunWorkflow } = await import('../../workflow/usecases/steer/rerun-workflow.ts');
    const traceparent = c.get('traceparent');
    const request = {
      principal: c.get('principal'),
      correlation_id: c.get('correlation_id'),
      ...(traceparent === undefined ? {} : { traceparent }),
    };
    return c.json(accepted(await rerunWorkflow(deps, source, rerun, request)), 202);
  });

  app.post('/v1/workflows/:id/migrate', async (c) => {
    const workflow_id = readParam(c, 'id', userId);
    const { migrateWorkflow, readMigration } = await import('../../workflow/usecases/steer/migrate-workflow.ts');
    const migration = readMigration(await readBody(c, z.unknown()));
    const request = { workflow_id, principal: c.get('principal'), ...migration };
    return c.json(accepted(await migrateWorkflow(deps, request)));
  });

  return app;
}
