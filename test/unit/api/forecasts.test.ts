import { describe, expect, it } from '@jest/globals';
import { createApp } from '../../../src/api/app.ts';
import type { ApiDeps } from '../../../src/api/ports.ts';
import { submittedTask, submittedTasks } from '../../../src/contracts/api.ts';
import { taskForecasts } from '../../../src/contracts/distributor/forecast.ts';
import { iso, startMs } from '../distributor/rows.ts';
import { distributorStage, task } from '../distributor/stage.ts';

function api() {
  const stage = distributorStage();
  const app = createApp(stage.deps as unknown as ApiDeps, { principalOf: () => 'me' });
  const post = async (path: string, body: unknown) => {
    const answer = await app.request(path, { method: 'POST', body: JSON.stringify(body) });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  return { ...stage, post };
}
const dated = (task_id: string) =>
  task({ task_id, deadline: iso(startMs + 60_000), payload: { estimated_duration: '5s' } });

describe('forecasts behind the API', () => {
  it('are given for tasks that are not submitted', async () => {
    const { post, join, deps } = api();
    await join('a1');
    const { status, body } = await post('/v1/tasks/forecast', { tasks: [dated('t1'), dated('t2')] });
    expect(status).toBe(200);
    const { items } = taskForecasts.parse(body);
    expect(items.map(({ task_id, before }) => [task_id, before.tasks])).toEqual([
      ['t1', 0],
      ['t2', 1],
    ]);
    expect(await deps.tasks.get(['t1', 't2'])).toEqual([undefined, undefined]);
    expect((await post('/v1/tasks/forecast', { ...dated('t1'), priority: 'soon' })).status).toBe(400);
  });

  it('come with the submission where they are asked for', async () => {
    const { post, join, row } = api();
    await join('a1');
    const asked = submittedTask.parse((await post('/v1/tasks?forecast=true', dated('t1'))).body);
    expect(asked).toMatchObject({ repeated: false, forecast: { task_id: 't1', durations_from: 'estimate' } });
    expect((await row('t1')).status).toBe('Queued');
    expect((await post('/v1/tasks', dated('t2'))).body).toEqual({ task_id: 't2', repeated: false });
    const batch = await post('/v1/tasks?forecast=true', { tasks: [dated('t3'), { ...dated('t1'), priority: 'low' }] });
    expect(submittedTasks.parse(batch.body).results).toMatchObject([
      { ok: true, value: { task_id: 't3', forecast: { before: { tasks: 2 } } } },
      { ok: false, error: { code: 'task-conflict' } },
    ]);
    expect((await post('/v1/tasks?forecast=maybe', dated('t4'))).status).toBe(400);
  });
});
