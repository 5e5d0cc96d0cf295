import { Hono } from 'hono';
import * as z from 'zod';
import { pageQuery, workflowRedriveRequest } from '../../contracts/api.ts';
import type { Outcome } from '../../contracts/errors.ts';
import { defaultPool, userId } from '../../contracts/ids.ts';
import { replayQuery } from '../../contracts/workflow/inspection.ts';
import type { WorkflowHead } from '../../contracts/workflow/rows.ts';
import { eventRequest, signalRequest } from '../../contracts/workflow/signal.ts';
import type { SteerRequest } from '../../workflow/usecases/steer/steer-workflow.ts';
import { advised } from '../problem.ts';
import type { ApiDeps } from '../ports.ts';
import { workflowCancelRequest } from '../../contracts/workflow/repair.ts';
import { accepted, found, readBody, readParam, readQuery, type ApiContext, type ApiEnv } from '../request.ts';

/** What reads and advances graphs brings JSONata, which is as large as all our own code: loaded for the first command. */
const commands = {
  submit: () => import('../../workflow/usecases/submit/submit-workflow.ts'),
  cancel: async () => (await import('../../workflow/usecases/steer/cancel-workflow.ts')).cancelWorkflow,
  signal: async () => (await import('../../workflow/usecases/events/signal-workflow.ts')).signalWorkflow,
  publish: async () => (await import('../../workflow/usecases/events/publish-event.ts')).publishEvent,
  query: async () => (await import('../../workflow/usecases/view/query-workflow.ts')).queryWorkflow,
  tasks: async () => (await import('../../workflow/usecases/view/list-run-tasks.ts')).listRunTasks,
  notification: async () => (await import('../../workflow/usecases/advance/finish-workflow.ts')).deliveryNotification,
  steer: () => import('../../workflow/usecases/steer/steer-workflow.ts'),
  view: () => import('../../workflow/usecases/view/view-workflow.ts'),
};

const inspection = () => import('../../workflow/usecases/view/inspect-workflow.ts');

/** Workflows: start, read, follow, look into, steer, cancel. */
export function workflowRoutes(deps: ApiDeps): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  app.post('/v1/workflows', async (c) => {
    const body = await readBody(c, z.unknown());
    const traceparent = c.get('traceparent');
    const { readSubmission, submitWorkflow } = await commands.submit();
    const outcome = await submitWorkflow(deps, {
      submission: readSubmission(body),
      principal: c.get('principal'),
      correlation_id: c.get('correlation_id'),
      ...(traceparent === undefined ? {} : { traceparent }),
    });
    return c.json(accepted(outcome), 202);
  });

  app.post('/v1/workflows/validate', async (c) => {
    const { validateWorkflow } = await inspection();
    const { errors, warnings, ...rest } = await validateWorkflow(deps, await readBody(c, z.unknown()));
    return c.json({ ...rest, errors: errors.map(advised), warnings: warnings.map(advised) });
  });

  app.get('/v1/workflows/:id/plan', async (c) => {
    const id = readParam(c, 'id', userId);
    return c.json(found(await (await inspection()).planWorkflow(deps, id), 'workflow', id));
  });

  app.get('/v1/workflows/:id/replay', async (c) => {
    const id = readParam(c, 'id', userId);
    const { at } = readQuery(c, replayQuery);
    return c.json(found(await (await inspection()).replayWorkflow(deps, id, at), 'workflow', id));
  });

  app.get('/v1/workflows', async (c) => {
    const { cursor, limit } = readQuery(c, pageQuery);
    const page = await deps.workflows.list(defaultPool, limit, cursor);
    const { viewWorkflow } = await commands.view();
    const views = await Promise.all(page.items.map(({ workflow_id }) => viewWorkflow(deps, workflow_id)));
    return c.json({ ...page, items: views.filter((view) => view !== undefined) });
  });

  app.get('/v1/workflows/:id', async (c) => {
    const id = readParam(c, 'id', userId);
    return c.json(found(await (await commands.view()).viewWorkflow(deps, id), 'workflow', id));
  });

  app.get('/v1/workflows/:id/tasks', async (c) => {
    const id = readParam(c, 'id', userId);
    return c.json({ items: found(await (await commands.tasks())(deps, id), 'workflow', id) });
  });

  app.get('/v1/workflows/:id/events', async (c) => {
    const id = readParam(c, 'id', userId);
    const { events } = found(await deps.workflows.history(id), 'workflow', id);
    return c.json({ items: events.map(({ seq, at, events: list }) => ({ seq, at, events: list })) });
  });

  app.get('/v1/workflows/:id/notification', async (c) => {
    const id = readParam(c, 'id', userId);
    const { head, events } = found(await deps.workflows.history(id), 'workflow', id);
    const delivery_notification = (await commands.notification())(
      head,
      events.flatMap((row) => row.events),
    );
    return c.json({ workflow_id: id, status: head.status, delivery_notification });
  });

  app.post('/v1/workflows/:id/cancel', async (c) => {
    const workflow_id = readParam(c, 'id', userId);
    const { reason = 'cancelled by its submitter', ...how } = await readBody(c, workflowCancelRequest);
    const request = { workflow_id, principal: c.get('principal'), reason, ...how };
    accepted(await (await commands.cancel())(deps, request));
    return c.json(found(await (await commands.view()).viewWorkflow(deps, workflow_id), 'workflow', workflow_id));
  });

  return app;
}

/** Steering a workflow that runs or has failed, events and questions for it. */
export function steeringRoutes(deps: ApiDeps): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  const steered = async (c: ApiContext, steer: (request: SteerRequest) => Promise<Outcome<WorkflowHead>>) => {
    const workflow_id = readParam(c, 'id', userId);
    const { viewOf } = await commands.view();
    return c.json(await viewOf(deps, accepted(await steer({ workflow_id, principal: c.get('principal') }))));
  };
  app.post('/v1/workflows/:id/pause', (c) =>
    steered(c, async (request) => (await commands.steer()).pauseWorkflow(deps, request)),
  );
  app.post('/v1/workflows/:id/resume', (c) =>
    steered(c, async (request) => (await commands.steer()).unpauseWorkflow(deps, request)),
  );
  app.post('/v1/workflows/:id/redrive', async (c) => {
    const { skip } = await readBody(c, workflowRedriveRequest);
    return steered(c, async (request) => (await commands.steer()).redriveWorkflow(deps, { ...request, skip }));
  });

  app.get('/v1/workflows/:id/queries/:name', async (c) => {
    const request = { workflow_id: readParam(c, 'id', userId), query: readParam(c, 'name', userId) };
    return c.json(accepted(await (await commands.query())(deps, request)));
  });

  app.post('/v1/workflows/:id/signals', async (c) => {
    const workflow_id = readParam(c, 'id', userId);
    const { id = deps.sources.id(), ...event } = await readBody(c, signalRequest);
    const request = { signal: { ...event, id, workflow_id }, principal: c.get('principal') };
    return c.json(accepted(await (await commands.signal())(deps, request)), 202);
  });

  app.post('/v1/events', async (c) => {
    const { id = deps.sources.id(), ...event } = await readBody(c, eventRequest);
    const request = { event: { ...event, id }, principal: c.get('principal') };
    return c.json(accepted(await (await commands.publish())(deps, request)), 202);
  });

  return app;
}
