import { describe, expect, it } from '@jest/globals';
import { createApp } from '../../../src/api/app.ts';
import type { AgentGrant } from '../../../src/contracts/distributor/agent.ts';
import { bodyBytesMax, type Problem } from '../../../src/contracts/api.ts';
import { operations } from '../../../src/contracts/operations.ts';
import type { TaskRow } from '../../../src/contracts/rows.ts';
import { memoryDeps } from '../../support/memory-deps.ts';

const task = { task_id: 't1', task_type: 'demo', priority: 'high', required_capabilities: ['a'], payload: { n: 1 } };

function stage(principal = 'AIDA1') {
  const memory = memoryDeps();
  let caller: string | undefined = principal;
  const faults: unknown[] = [];
  const app = createApp(memory.deps, { principalOf: () => caller, onFault: (error) => faults.push(error) });
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await app.request(path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? undefined : JSON.parse(text)) as never,
    };
  };
  return { ...memory, call, faults, as: (other: string | undefined) => void (caller = other) };
}

describe('the API', () => {
  it('accepts a task, repeats it, and refuses another body under the same id', async () => {
    const { call } = stage();
    expect(await call('POST', '/v1/tasks', task)).toMatchObject({
      status: 202,
      body: { task_id: 't1', repeated: false },
    });
    expect(await call('POST', '/v1/tasks', task)).toMatchObject({ status: 202, body: { repeated: true } });
    const refusal = await call('POST', '/v1/tasks', { ...task, payload: 2 });
    expect(refusal).toMatchObject({ status: 409, body: { code: 'task-conflict', instance: '/v1/tasks' } });
    expect(refusal.headers.get('content-type')).toBe('application/problem+json');
  });

  it('refuses an escalation without a deadline, whatever else it is sent with', async () => {
    const { call } = stage();
    const rising = { ...task, escalation: [{ within_ms: 60_000, priority: 'critical' }] };
    const told = (path: string) => ({
      status: 400,
      body: { code: 'invalid-input', errors: expect.arrayContaining([expect.objectContaining({ path })]) },
    });
    expect(await call('POST', '/v1/tasks', rising)).toMatchObject(told('escalation'));
    expect(await call('POST', '/v1/tasks/forecast', { tasks: [task, rising] })).toMatchObject(
      told('tasks[1].escalation'),
    );
    expect(await call('POST', '/v1/tasks', { tasks: [task, rising] })).toMatchObject(told('tasks[1].escalation'));
  });

  it('tells a producer whose queue is full when to come again', async () => {
    const { call, deps } = stage();
    const rule = { name: 'backlog', waiting_max: 1, then: 'refuse' };
    const admission = { full: { backlog: { then: 'refuse' } }, policy: { document: { overflow: [rule] } } };
    Object.assign(deps.agents, { admission: async () => admission });
    const refusal = await call('POST', '/v1/tasks', task);
    expect(refusal).toMatchObject({ status: 429, body: { code: 'queue-full' } });
    expect(refusal.headers.get('retry-after')).toBe('3');
    const batch = await call('POST', '/v1/tasks', { tasks: [task] });
    expect(batch).toMatchObject({ status: 202, body: { results: [{ ok: false, error: { code: 'queue-full' } }] } });
  });

  it('answers a batch per task', async () => {
    const { call } = stage();
    await call('POST', '/v1/tasks', task);
    const { body } = await call('POST', '/v1/tasks', {
      tasks: [
        { ...task, payload: 2 },
        { ...task, task_id: 't2' },
      ],
    });
    expect(body).toMatchObject({
      results: [
        { ok: false, error: { code: 'task-conflict' } },
        { ok: true, value: { task_id: 't2' } },
      ],
    });
  });

  it('takes the principal from the authorizer and refuses a call without one', async () => {
    const { call, as, tasks } = stage('AROA1:me');
    await call('POST', '/v1/tasks', task);
    expect(tasks.get('t1')?.submitted_by).toBe('AROA1:me');
    as(undefined);
    expect(await call('GET', '/v1/tasks/t1')).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  });

  it('names the path of every fault of a body', async () => {
    const { call } = stage();
    const { status, body } = await call('POST', '/v1/tasks', { tasks: [{ ...task, colour: 1, priority: 'urgent' }] });
    expect(status).toBe(400);
    expect((body as Problem).errors.length).toBeGreaterThan(0);
    expect((body as Problem).type).toBe('docs/errors.md#invalid-input');
  });

  it('refuses text that is no JSON, and unknown keys of a query', async () => {
    const { call } = stage();
    expect(await call('POST', '/v1/tasks', '{oops')).toMatchObject({ status: 400, body: { code: 'invalid-json' } });
    expect(await call('GET', '/v1/tasks?colour=red')).toMatchObject({
      status: 400,
      body: { code: 'invalid-input', errors: [{ path: 'colour' }] },
    });
  });

  it.each([
    [bodyBytesMax - 1, 202],
    [bodyBytesMax, 202],
    [bodyBytesMax + 1, 413],
  ])('answers a body of %d bytes with %d, counting bytes and not characters', async (bytes, expected) => {
    const { call } = stage();
    const frame = JSON.stringify({ ...task, payload: 'ü' });
    const room = bytes - Buffer.byteLength(frame);
    const body = JSON.stringify({ ...task, payload: `ü${'ü'.repeat(Math.floor(room / 2))}${'x'.repeat(room % 2)}` });
    expect(Buffer.byteLength(body)).toBe(bytes);
    expect((await call('POST', '/v1/tasks', body)).status).toBe(expected);
  });

  it('pages through a listing with an opaque cursor', async () => {
    const { call } = stage();
    await call('POST', '/v1/tasks', { tasks: [1, 2, 3].map((n) => ({ ...task, task_id: `t${n}` })) });
    const first = (await call('GET', '/v1/tasks?limit=2&status=Queued')).body as { items: unknown[]; cursor: string };
    expect(first.items).toHaveLength(2);
    const second = (await call('GET', `/v1/tasks?limit=2&cursor=${first.cursor}`)).body as { items: unknown[] };
    expect(second).toEqual({ items: [expect.objectContaining({ task_id: 't3' })] });
  });

  it('ties calls with one idempotency key together', async () => {
    const { call } = stage();
    const headers = { 'idempotency-key': 'k1' };
    const [one, two] = [await call('POST', '/v1/tasks', task, headers), await call('POST', '/v1/tasks', task, headers)];
    expect(one.headers.get('x-correlation-id')).toBe(two.headers.get('x-correlation-id'));
  });

  it('gives large values by reference and, asked for, as they are', async () => {
    const { call } = stage();
    const payload = { text: 'ü'.repeat(40_000) };
    await call('POST', '/v1/tasks', { ...task, payload });
    expect((await call('GET', '/v1/tasks/t1')).body).toMatchObject({ payload_ref: { key: 'blobs/t1' } });
    expect((await call('GET', '/v1/tasks/t1/payload')).body).toEqual(payload);
    expect(await call('GET', '/v1/tasks/t1/output')).toMatchObject({ status: 404 });
  });

  it('says why a task waits', async () => {
    const { call } = stage();
    await call('POST', '/v1/tasks', task);
    expect((await call('GET', '/v1/tasks/t1')).body).toMatchObject({ waits_because: 'no registered agent offers a' });
  });

  it('cancels a task', async () => {
    const { call } = stage();
    await call('POST', '/v1/tasks', task);
    expect(await call('POST', '/v1/tasks/t1/cancel')).toMatchObject({ status: 200, body: { status: 'Cancelled' } });
    expect(await call('POST', '/v1/tasks/nobody/cancel')).toMatchObject({ status: 404, body: { code: 'not-found' } });
  });

  it('kills a task, drains, kills and revives an agent, each with a reason', async () => {
    const { call } = stage();
    await call('POST', '/v1/tasks', task);
    const reason = { reason: 'misbehaves' };
    expect(await call('POST', '/v1/tasks/t1/kill')).toMatchObject({ status: 400, body: { code: 'invalid-input' } });
    expect(await call('POST', '/v1/tasks/t1/kill', reason)).toMatchObject({ status: 200, body: { status: 'Failed' } });
    expect(await call('POST', '/v1/tasks/nobody/kill', reason)).toMatchObject({ status: 404 });
    await call('POST', '/v1/agents', { agent_id: 'a1', type: 'demo', capabilities: ['a'], capacity: 2 });
    for (const [command, how] of [
      ['drain', 'drained'],
      ['kill', 'killed'],
    ]) {
      expect(await call('POST', `/v1/agents/a1/${command}`, reason)).toMatchObject({
        status: 200,
        body: { status: 'Unavailable', stopped: { how, ...reason } },
      });
    }
    expect(await call('POST', '/v1/agents/a1/revive')).toMatchObject({ status: 200, body: { status: 'Idle' } });
    expect(await call('POST', '/v1/agents/nobody/kill', reason)).toMatchObject({ status: 404 });
  });

  it('registers an agent for its principal only', async () => {
    const { call, as } = stage('AIDA1');
    const registration = { agent_id: 'a1', type: 'demo', capabilities: ['a'], capacity: 2 };
    const { status, body } = await call('POST', '/v1/agents', registration);
    expect(status).toBe(201);
    expect((body as AgentGrant).inbox_url).toBe('https://sqs/inbox-a1');
    expect((await call('GET', '/v1/agents/a1')).body).toMatchObject({ id: 'a1', capacity: 2, status: 'Idle' });
    as('AIDA2');
    expect(await call('POST', '/v1/agents', registration)).toMatchObject({
      status: 409,
      body: { code: 'agent-conflict' },
    });
    expect(await call('DELETE', '/v1/agents/a1')).toMatchObject({ status: 403 });
    as('AIDA1');
    expect((await call('DELETE', '/v1/agents/a1')).status).toBe(204);
  });

  it('lists dead letters with their reasons and redrives them, or only says so', async () => {
    const { call, tasks, letters, resent } = stage();
    await call('POST', '/v1/tasks', task);
    const error = { code: 'attempts-exhausted', message: 'boom', retryable: true };
    tasks.set('t1', { ...(tasks.get('t1') as TaskRow), status: 'Failed', error });
    const message = {
      id: 'm1',
      pool: 'default',
      source: 'tasks-low',
      at: '2026-01-01T00:00:00Z',
      code: 'invalid-json',
    };
    letters.set('m1', { ...message, message: 'no JSON', body: { text: '{' } });
    const { body } = await call('GET', '/v1/dead-letters');
    expect(body).toMatchObject({
      items: [
        { id: 't1', kind: 'task', code: 'attempts-exhausted', message: 'boom' },
        { id: 'm1', kind: 'message', body: '{' },
      ],
    });
    const dry = await call('POST', '/v1/dead-letters/redrive', { dry_run: true });
    expect(dry.body).toMatchObject({ items: [{ outcome: 'would be redriven' }, { outcome: 'would be redriven' }] });
    expect(tasks.get('t1')?.status).toBe('Failed');
    const done = await call('POST', '/v1/dead-letters/redrive', { ids: ['t1', 'm1', 'nobody'] });
    expect(done.body).toMatchObject({
      items: [{ outcome: 'redriven' }, { outcome: 'redriven' }, { outcome: 'refused', error: { code: 'not-found' } }],
    });
    expect(tasks.get('t1')?.status).toBe('Queued');
    expect(resent).toEqual(['m1']);
  });

  it('shows queues and a status with its reasons', async () => {
    const { call } = stage();
    await call('POST', '/v1/tasks', task);
    expect((await call('GET', '/v1/queues')).body).toMatchObject({
      items: expect.arrayContaining([expect.objectContaining({ id: 'ready-high', current_size: 1 })]),
    });
    expect((await call('GET', '/v1/status')).body).toMatchObject({
      status: 'Critical',
      reasons: ['1 tasks wait and no agent is available'],
    });
  });

  it('maps capabilities to who offers them and what waits', async () => {
    const { call } = stage();
    await call('POST', '/v1/tasks', { ...task, required_capabilities: ['ocr'] });
    expect((await call('GET', '/v1/capabilities')).body).toEqual({
      items: [{ capability: 'ocr', agents: 0, available: 0, slots: 0, free: 0, waiting: 1 }],
    });
  });

  it('describes every operation that it serves', async () => {
    const { call } = stage();
    const { paths } = (await call('GET', '/v1/openapi.json')).body as { paths: Record<string, object> };
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(new Set(described)).toEqual(
      new Set(operations.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)),
    );
  });

  it('answers an unknown path with a problem, and keeps its own faults to itself', async () => {
    const { call, deps, faults } = stage();
    expect(await call('GET', '/v1/nothing')).toMatchObject({ status: 404, body: { code: 'not-found' } });
    Object.assign(deps.tasks, { get: () => Promise.reject(new Error('secret detail')) });
    const { status, body } = await call('GET', '/v1/tasks/t1');
    expect(status).toBe(500);
    expect(JSON.stringify(body)).not.toContain('secret');
    expect(faults).toHaveLength(1);
  });
});
