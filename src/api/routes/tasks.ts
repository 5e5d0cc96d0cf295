import { Hono } from 'hono';
import {
  answerBytesMax,
  cancelRequest,
  stopRequest,
  submissionQuery,
  taskListQuery,
  taskSubmission,
} from '../../contracts/api.ts';
import { CadreError } from '../../contracts/errors.ts';
import type { TaskForecast } from '../../contracts/distributor/forecast.ts';
import { defaultPool, taskId } from '../../contracts/ids.ts';
import type { StoredJson } from '../../contracts/rows.ts';
import { taskView } from '../../distributor/core/tasks/task-view.ts';
import { acceptTasks } from '../../distributor/usecases/submit/accept-tasks.ts';
import type { ApiDeps } from '../ports.ts';
import { accepted, found, readBody, readParam, readQuery, type ApiEnv } from '../request.ts';

/** Why tasks wait, and where they go: that brings all strategies, and most requests need none. */
const waiting = async () => ({
  ...(await import('../../distributor/core/explain/why-queued.ts')),
  ...(await import('../../distributor/usecases/tasks/bound-wait.ts')),
  ...(await import('../../distributor/usecases/dispatch/pool-of-task.ts')),
});
const cancelling = async () => (await import('../../distributor/usecases/tasks/cancel-task.ts')).cancelTask;
const killing = async () => (await import('../../distributor/usecases/tasks/kill-task.ts')).killTask;
const forecasting = async () => (await import('../../distributor/usecases/submit/forecast-tasks.ts')).forecastTasks;
const explaining = async () => (await import('../../distributor/usecases/tasks/explain-task.ts')).explainTask;

/** Tasks: submit, read, cancel, kill. */
export function taskRoutes(deps: ApiDeps): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  const row = async (id: string) => found((await deps.tasks.get([id]))[0], 'task', id);

  app.post('/v1/tasks', async (c) => {
    const { forecast } = readQuery(c, submissionQuery);
    const submission = await readBody(c, taskSubmission);
    const tasks = 'tasks' in submission ? submission.tasks : [submission];
    const traceparent = c.get('traceparent');
    // Before they are accepted: a fault of the forecast must not hide that they were.
    const forecasts = forecast === 'true' ? await (await forecasting())(deps, tasks) : [];
    const accepts = await acceptTasks(deps, {
      tasks,
      principal: c.get('principal'),
      correlation_id: c.get('correlation_id'),
      ...(traceparent === undefined ? {} : { traceparent }),
    });
    const outcomes = accepts.map((outcome, index) =>
      outcome.ok ? { ok: outcome.ok, value: { ...outcome.value, ...told(forecasts[index]) } } : outcome,
    );
    if ('tasks' in submission) return c.json({ results: outcomes }, 202);
    const [only] = outcomes;
    if (only === undefined) throw new CadreError('internal', 'a task was neither accepted nor refused');
    return c.json(accepted(only), 202);
  });

  app.post('/v1/tasks/forecast', async (c) => {
    const submission = await readBody(c, taskSubmission);
    const tasks = 'tasks' in submission ? submission.tasks : [submission];
    return c.json({ items: await (await forecasting())(deps, tasks) });
  });

  app.get('/v1/tasks', async (c) => {
    const { status, cursor, limit } = readQuery(c, taskListQuery);
    const page = await deps.tasks.list({
      pool: defaultPool,
      limit,
      ...(status === undefined ? {} : { status }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    return c.json({ ...page, items: page.items.map(taskView) });
  });

  app.get('/v1/tasks/:id', async (c) => {
    const task = await row(readParam(c, 'id', taskId));
    if (task.status !== 'Queued') return c.json(taskView(task));
    const { whyQueued, boundWait, readPoolOf } = await waiting();
    const pool = await readPoolOf(deps, task);
    const waits_because = whyQueued(task, pool, deps.sources.now());
    return c.json({ ...taskView(task), waits_because, ...(await boundWait(deps, task, pool)) });
  });

  app.get('/v1/tasks/:id/explanation', async (c) => {
    const id = readParam(c, 'id', taskId);
    return c.json(found(await (await explaining())(deps, id), 'task', id));
  });

  for (const part of ['payload', 'checkpoint', 'output'] as const) {
    app.get(`/v1/tasks/:id/${part}`, async (c) => {
      const task = await row(readParam(c, 'id', taskId));
      return c.body(await stored(deps, task[part], part), 200, { 'content-type': 'application/json' });
    });
  }

  app.post('/v1/tasks/:id/cancel', async (c) => {
    const { reason = 'cancelled by its submitter' } = await readBody(c, cancelRequest);
    const request = { task_id: readParam(c, 'id', taskId), principal: c.get('principal'), reason };
    return c.json(taskView(accepted(await (await cancelling())(deps, request))));
  });

  app.post('/v1/tasks/:id/kill', async (c) => {
    const { reason } = await readBody(c, stopRequest);
    const request = { task_id: readParam(c, 'id', taskId), principal: c.get('principal'), reason };
    return c.json(taskView(accepted(await (await killing())(deps, request))));
  });

  return app;
}

const told = (forecast: TaskForecast | undefined) => (forecast === undefined ? {} : { forecast });

/** The text of a stored value, wherever it is. Refused with `too-large` where Lambda could not answer with it. */
async function stored(deps: ApiDeps, value: StoredJson | undefined, name: string): Promise<string> {
  if (value?.ref !== undefined && value.ref.bytes > answerBytesMax) {
    throw new CadreError(
      'too-large',
      `the ${name} has ${value.ref.bytes} bytes: read ${value.ref.key} from the bucket`,
    );
  }
  const text = value?.ref === undefined ? value?.text : await deps.blobs.get(value.ref.key);
  if (text === undefined) throw new CadreError('not-found', `the task has no ${name}`);
  return text;
}
