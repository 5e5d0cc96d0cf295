import { Hono } from 'hono';
import * as z from 'zod';
import { pageQuery, redriveRequest, type DeadLetterView, type RedriveOutcome } from '../../contracts/api.ts';
import { defaultPool } from '../../contracts/ids.ts';
import type { Json } from '../../contracts/json.ts';
import { pageSizeMax } from '../../contracts/limits.ts';
import type { DeadLetterRow, StoredJson, TaskRow } from '../../contracts/rows.ts';
import type { ApiDeps } from '../ports.ts';
import { found, readBody, readParam, readQuery, type ApiEnv } from '../request.ts';

const deadLetterId = z.string().min(1).max(300);

/** Dead letters: failed tasks and unreadable messages, with their reasons; look at them, and run them again. */
export function deadLetterRoutes(deps: ApiDeps): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  app.get('/v1/dead-letters', async (c) => {
    const { cursor, limit } = readQuery(c, pageQuery);
    const page = await deps.deadLetters.list(defaultPool, limit, cursor);
    const items = await Promise.all(page.items.map(({ id }) => view(deps, id)));
    return c.json({
      items: items.filter((item) => item !== undefined),
      ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
    });
  });

  app.post('/v1/dead-letters/redrive', async (c) => {
    const { ids, dry_run } = await readBody(c, redriveRequest);
    const chosen = ids ?? (await deps.deadLetters.list(defaultPool, pageSizeMax)).items.map(({ id }) => id);
    const items: RedriveOutcome[] = [];
    for (const id of chosen) items.push(await redrive(deps, id, dry_run));
    return c.json({ items });
  });

  app.get('/v1/dead-letters/:id', async (c) => {
    const id = readParam(c, 'id', deadLetterId);
    return c.json(found(await view(deps, id), 'dead letter', id));
  });

  app.post('/v1/dead-letters/:id/redrive', async (c) =>
    c.json(await redrive(deps, readParam(c, 'id', deadLetterId), false)),
  );

  return app;
}

async function view(deps: ApiDeps, id: string): Promise<DeadLetterView | undefined> {
  const [task] = await deps.tasks.get([id]);
  if (task !== undefined) return task.status === 'Failed' ? taskLetter(task) : undefined;
  const message = await deps.deadLetters.get(id);
  return message === undefined ? undefined : messageLetter(message);
}

async function redrive(deps: ApiDeps, id: string, dryRun: boolean): Promise<RedriveOutcome> {
  if (dryRun) {
    const letter = await view(deps, id);
    const error = { code: 'not-found', message: `no dead letter has the id ${id}` };
    return letter === undefined
      ? { id, outcome: 'refused', error }
      : { id, kind: letter.kind, outcome: 'would be redriven' };
  }
  // Loaded for the first redrive: most requests ask for none.
  const { redriveDeadLetter } = await import('../../distributor/usecases/tasks/redrive-dead-letter.ts');
  const outcome = await redriveDeadLetter(deps, { id });
  if (!outcome.ok) return { id, outcome: 'refused', error: { ...outcome.error } };
  return { id, kind: outcome.value.kind, outcome: 'redriven' };
}

function taskLetter(row: TaskRow): DeadLetterView {
  return {
    id: row.task_id,
    kind: 'task',
    at: row.completed_at ?? row.queued_at,
    source: `task ${row.task_type}, attempt ${row.attempt}${row.assigned_agent === undefined ? '' : ` on ${row.assigned_agent}`}`,
    code: row.error?.code ?? 'task-failed',
    message: row.error?.message ?? 'the task failed',
    ...body(row.payload),
  };
}

function messageLetter({ id, at, source, code, message, path, body: stored }: DeadLetterRow): DeadLetterView {
  return { id, kind: 'message', at, source, code, message, ...(path === undefined ? {} : { path }), ...body(stored) };
}

/** The body as JSON where it is JSON, else as the text it is: that it cannot be read may be the very reason. */
function body({ text }: StoredJson): { readonly body?: Json } {
  if (text === undefined) return {};
  try {
    return { body: JSON.parse(text) as Json };
  } catch {
    return { body: text };
  }
}
