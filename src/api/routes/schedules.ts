import { Hono } from 'hono';
import * as z from 'zod';
import { pageQuery } from '../../contracts/api.ts';
import { defaultPool } from '../../contracts/ids.ts';
import { scheduleId, scheduleTimesQuery } from '../../contracts/workflow/schedule.ts';
import type { ApiDeps } from '../ports.ts';
import { accepted, type ApiContext, found, readBody, readParam, readQuery, type ApiEnv } from '../request.ts';

/** Schedules bring cron and graphs: loaded for the first of their requests. */
const core = () => import('../../workflow/core/schedules/schedule.ts');
const commands = {
  create: () => import('../../workflow/usecases/schedules/create-schedule.ts'),
  pause: async () => (await import('../../workflow/usecases/schedules/change-schedule.ts')).pauseSchedule,
};

/** Schedules: make, read, pause, resume, remove. */
export function scheduleRoutes(deps: ApiDeps): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  const row = async (id: string) => found(await deps.schedules.get(defaultPool, id), 'schedule', id);
  const setPaused = async (c: ApiContext, paused: boolean) => {
    const id = readParam(c, 'id', scheduleId);
    const changed = found(await (await commands.pause())(deps, id, paused), 'schedule', id);
    return c.json((await core()).scheduleViewOf(changed));
  };

  app.post('/v1/schedules', async (c) => {
    const body = await readBody(c, z.unknown());
    const { createSchedule, readSchedule } = await commands.create();
    const principal = c.get('principal');
    const made = accepted(await createSchedule(deps, { schedule: readSchedule(body), principal }));
    return c.json((await core()).scheduleViewOf(made), 201);
  });

  app.get('/v1/schedules', async (c) => {
    const { cursor, limit } = readQuery(c, pageQuery);
    const page = await deps.schedules.list(defaultPool, limit, cursor);
    const { scheduleViewOf } = await core();
    return c.json({ ...page, items: page.items.map(scheduleViewOf) });
  });

  app.get('/v1/schedules/:id', async (c) =>
    c.json((await core()).scheduleViewOf(await row(readParam(c, 'id', scheduleId)))),
  );

  app.get('/v1/schedules/:id/times', async (c) => {
    const { count } = readQuery(c, scheduleTimesQuery);
    const items = (await core()).fireTimes(await row(readParam(c, 'id', scheduleId)), deps.sources.now(), count);
    return c.json({ items });
  });

  app.post('/v1/schedules/:id/pause', (c) => setPaused(c, true));
  app.post('/v1/schedules/:id/resume', (c) => setPaused(c, false));

  app.delete('/v1/schedules/:id', async (c) => {
    const id = readParam(c, 'id', scheduleId);
    await row(id);
    await deps.schedules.remove(defaultPool, id);
    return c.body(null, 204);
  });

  return app;
}
