import { describe, expect, it } from '@jest/globals';
import { CadreError } from '../../../src/contracts/errors.ts';
import type { Task } from '../../../src/contracts/distributor/task.ts';
import { createVirtualClock } from '../../../src/platform/twin/virtual-clock.ts';
import { createClient } from '../../../src/sdk/client/client.ts';

type Answer = { readonly status: number; readonly body?: unknown } | Error;

function stage(answers: readonly Answer[], token?: string) {
  const clock = createVirtualClock();
  const requests: { method: string; url: string; headers: Headers; body: unknown }[] = [];
  const times: number[] = [];
  let next = 0;
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const text = await request.text();
    requests.push({
      method: request.method,
      url: request.url,
      headers: request.headers,
      body: text === '' ? undefined : JSON.parse(text),
    });
    times.push(clock.now());
    const answer = answers[Math.min(next++, answers.length - 1)]!;
    if (answer instanceof Error) throw answer;
    return new Response(answer.body === undefined ? null : JSON.stringify(answer.body), { status: answer.status });
  };
  const client = createClient({
    apiUrl: 'https://api.example/',
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret', sessionToken: 'session' },
    ...(token === undefined ? {} : { token }),
    fetch,
    clock: { now: clock.now, sleep: (ms, signal) => clock.drive(clock.sleep(ms, signal)) },
    random: () => 0.5,
  });
  return { client, requests, times };
}

const task = (id: string): Task => ({
  task_id: id,
  task_type: 'demo',
  priority: 'low',
  required_capabilities: [],
  payload: 1,
});
const caught = async (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error as CadreError,
  );

const full = { status: 429, body: { code: 'queue-full', detail: 'full', errors: [] } };
const accepted = { ok: true, value: { task_id: 't1', repeated: false } };
const overflow = { ok: false, error: { code: 'queue-full', message: 'full' } };

describe('a producer whose queue is full', () => {
  it('is told at once, unless it waits: then it tries again, ever more slowly', async () => {
    const told = stage([full]);
    expect((await caught(told.client.submit(task('t1'))))?.code).toBe('queue-full');
    expect(told.requests).toHaveLength(1);
    const waits = stage([full, full, { status: 202, body: { task_id: 't1', repeated: false } }]);
    const start = waits.times.length;
    expect(await waits.client.submit(task('t1'), { waitForRoomMs: 60_000 })).toMatchObject({ task_id: 't1' });
    const [first = 0, second = 0, third = 0] = waits.times.slice(start);
    expect([second - first, third - second]).toEqual([2_250, 4_500]);
  });

  it('gives up when its time is over', async () => {
    const { client, requests } = stage([full]);
    expect((await caught(client.submit(task('t1'), { waitForRoomMs: 10_000 })))?.code).toBe('queue-full');
    expect(requests).toHaveLength(3);
  });

  it('sends again only those tasks of a batch that were refused', async () => {
    const { client, requests } = stage([
      { status: 202, body: { results: [overflow, accepted, overflow] } },
      { status: 202, body: { results: [accepted, accepted] } },
    ]);
    const outcomes = await client.submitAll(['a', 'b', 'c'].map(task), { waitForRoomMs: 10_000 });
    expect(outcomes).toEqual([accepted, accepted, accepted]);
    expect(requests[1]?.body).toMatchObject({ tasks: [{ task_id: 'a' }, { task_id: 'c' }] });
  });
});

describe('the client', () => {
  it('signs its calls with SigV4 for the region', async () => {
    const { client, requests } = stage([{ status: 202, body: { task_id: 't1', repeated: false } }]);
    expect(await client.submit(task('t1'))).toEqual({ task_id: 't1', repeated: false });
    expect(requests[0]).toMatchObject({ method: 'POST', url: 'https://api.example/v1/tasks', body: { task_id: 't1' } });
    expect(requests[0]?.headers.get('authorization')).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIATEST\/\d{8}\/eu-west-1\/execute-api\/aws4_request/,
    );
    expect(requests[0]?.headers.get('x-amz-security-token')).toBe('session');
  });

  it('sends a token instead where it is given one', async () => {
    const { client, requests } = stage([{ status: 200, body: { items: [] } }], 'jwt');
    await client.listAgents();
    expect(requests[0]?.headers.get('authorization')).toBe('Bearer jwt');
  });

  it('splits many tasks into calls of 25 and answers per task', async () => {
    const results = Array.from({ length: 25 }, () => ({ ok: true, value: { task_id: 't', repeated: false } }));
    const { client, requests } = stage([
      { status: 202, body: { results } },
      { status: 202, body: { results: results.slice(0, 1) } },
    ]);
    expect(await client.submitAll(Array.from({ length: 26 }, (_, n) => task(`t${n}`)))).toHaveLength(26);
    expect(requests).toHaveLength(2);
  });

  it('turns a problem into an error with the code and every fault', async () => {
    const errors = [{ code: 'invalid-input', message: 'unknown key "x"', path: 'x' }];
    const { client, requests } = stage([{ status: 400, body: { code: 'invalid-input', detail: 'bad', errors } }]);
    expect(await caught(client.submit(task('t1')))).toMatchObject({
      code: 'invalid-input',
      message: 'bad',
      faults: errors,
    });
    expect(requests).toHaveLength(1);
  });

  it('repeats a call that was throttled, refused by a busy service or cut off', async () => {
    const { client, requests } = stage([
      { status: 429 },
      { status: 503, body: { message: 'Service Unavailable' } },
      new TypeError('fetch failed'),
      { status: 200, body: { task_id: 't1' } },
    ]);
    expect(await client.getTask('t1')).toEqual({ task_id: 't1' });
    expect(requests).toHaveLength(4);
  });

  it('gives up in the end and says who does not answer', async () => {
    const { client } = stage([new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') })]);
    const error = await caught(client.status());
    expect(error).toBeInstanceOf(CadreError);
    expect(error).toMatchObject({ code: 'unavailable', message: 'https://api.example does not answer: ECONNREFUSED' });
  });

  it('waits from every 250 ms to every 2 s and tells each change once', async () => {
    const queued = { status: 200, body: { task_id: 't1', status: 'Queued' } };
    const running = { status: 200, body: { task_id: 't1', status: 'Processing' } };
    const done = { status: 200, body: { task_id: 't1', status: 'Completed', output: 7 } };
    const { client, times } = stage([...Array.from({ length: 8 }, () => queued), running, done]);
    const seen: string[] = [];
    const view = await client.waitTask('t1', { onProgress: ({ status }) => seen.push(status) });
    expect(view).toMatchObject({ output: 7 });
    expect(seen).toEqual(['Queued', 'Processing', 'Completed']);
    const pauses = times.slice(1).map((time, index) => time - times[index]!);
    expect(Math.min(...pauses)).toBe(250);
    expect(Math.max(...pauses)).toBe(2_000);
  });

  it('fetches an output that is stored apart', async () => {
    const { client, requests } = stage([
      { status: 200, body: { task_id: 't1', status: 'Completed', output_ref: { key: 'k', bytes: 9 } } },
      { status: 200, body: ['large'] },
    ]);
    expect(await client.waitTask('t1')).toMatchObject({ output: ['large'] });
    expect(requests[1]?.url).toBe('https://api.example/v1/tasks/t1/output');
  });

  it('stops waiting when its signal is aborted', async () => {
    const { client } = stage([{ status: 200, body: { task_id: 't1', status: 'Queued' } }]);
    const stop = new AbortController();
    const waiting = client.waitTask('t1', { signal: stop.signal, onProgress: () => stop.abort(new Error('enough')) });
    expect(await caught(waiting)).toMatchObject({ message: 'enough' });
  });

  it('runs a workflow under an id that says what and when', async () => {
    const { client, requests } = stage([{ status: 202, body: { workflow_id: 'w', warnings: [] } }]);
    const handle = await client.run({ name: 'flow', nodes: [{ name: 'a', task_type: 't' }] }, { x: 1 });
    expect(handle.workflow_id).toBe('flow-20260101T000000000Z-i');
    expect(requests[0]?.body).toMatchObject({ workflow_id: handle.workflow_id, input: { x: 1 } });
  });
});
