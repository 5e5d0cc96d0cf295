import { describe, expect, it } from '@jest/globals';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { createHandler as acceptTasks } from '../../../functions/accept-tasks/handler.ts';
import { createHandler as applyResults } from '../../../functions/apply-results/handler.ts';
import { createHandler as dispatchTasks } from '../../../functions/dispatch-tasks/handler.ts';
import { createHandler as pulse } from '../../../functions/pulse/handler.ts';
import { createHandler as recordHeartbeats } from '../../../functions/record-heartbeats/handler.ts';
import type { DistributorDeps } from '../../../src/distributor/ports.ts';
import { eventSourceBatchSize } from '../../../src/platform/topology.ts';
import { distributorStage, task } from './stage.ts';

function record(
  messageId: string,
  body: unknown,
  over: Partial<SQSRecord> & { sender?: string; sentAt?: number } = {},
): SQSRecord {
  const { sender = 'principal-a1', sentAt = 0, ...rest } = over;
  return {
    messageId,
    receiptHandle: `receipt-${messageId}`,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: String(sentAt),
      SenderId: sender,
      ApproximateFirstReceiveTimestamp: '0',
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:cadre-tasks-high',
    awsRegion: 'us-east-1',
    ...rest,
  };
}

const event = (...records: SQSRecord[]): SQSEvent => ({ Records: records });
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const batch = (...task_ids: string[]) => ({ tasks: task_ids.map((task_id) => task({ task_id })) });
const none = { batchItemFailures: [] };

describe('a message that nobody could use', () => {
  it.each([
    ['no JSON', '{', { code: 'invalid-json' }],
    [
      'an unknown key',
      { tasks: [task(), { ...task(), colour: 1 }] },
      { code: 'invalid-input', path: 'tasks[1].colour' },
    ],
    [
      'several faults',
      { tasks: [{ ...task(), priority: 'now', task_type: 1 }] },
      { code: 'invalid-input', path: 'tasks[0].task_type', message: expect.stringContaining('tasks[0].priority') },
    ],
    ['nothing at all', '', { code: 'invalid-json' }],
  ])('for it is %s, becomes a dead letter with its reason and never comes back', async (_what, body, expected) => {
    const stage = distributorStage();
    expect(await acceptTasks(stage.deps, log)(event(record('m1', body), record('m2', batch('t1'))))).toEqual(none);
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    expect(await stage.deps.deadLetters.get('m1')).toMatchObject({ source: 'tasks-high', body: { text }, ...expected });
    expect(await stage.row('t1')).toMatchObject({ status: 'Queued', submitted_by: 'principal-a1' });
    expect(stage.told.events).toMatchObject([
      { type: 'TaskRefused', data: { dead_letter_id: 'm1', code: expected.code } },
    ]);
  });

  it('is kept whole on S3 when it is large, with a reason that is short', async () => {
    const stage = distributorStage();
    const body = JSON.stringify({ tasks: [], ['k'.repeat(500_000)]: 1, ['é'.repeat(200_000)]: 2 });
    expect(await acceptTasks(stage.deps, log)(event(record('m1', body)))).toEqual(none);
    const letter = await stage.deps.deadLetters.get('m1');
    expect(letter!.message.length).toBeLessThan(1_100);
    expect(await stage.deps.blobs.get(letter!.body.ref!.key)).toBe(body);
  });

  it('is buried once when it is delivered twice', async () => {
    const stage = distributorStage();
    const handler = acceptTasks(stage.deps, log);
    await handler(event(record('m1', '{')));
    await handler(event(record('m1', '{')));
    expect((await stage.deps.deadLetters.list('default', 9)).items).toHaveLength(1);
  });

  it('because its task conflicts is one too, while the first task stays', async () => {
    const stage = distributorStage();
    await stage.accept(task());
    const other = { tasks: [task({ payload: 'other' })] };
    expect(await acceptTasks(stage.deps, log)(event(record('m1', other)))).toEqual(none);
    expect(await stage.deps.deadLetters.get('m1')).toMatchObject({ code: 'task-conflict', path: 'task_id' });
  });

  it('keeps only the tasks that conflict when the others of its message were accepted', async () => {
    const stage = distributorStage();
    await stage.accept(task());
    const mixed = { tasks: [task({ task_id: 't2' }), task({ payload: 'other' }), task({ task_id: 't3' })] };
    expect(await acceptTasks(stage.deps, log)(event(record('m1', mixed)))).toEqual(none);
    for (const id of ['t2', 't3']) expect(await stage.row(id)).toMatchObject({ status: 'Queued' });
    const { body } = (await stage.deps.deadLetters.get('m1'))!;
    expect(JSON.parse(body.text!)).toMatchObject({ tasks: [{ task_id: 't1', payload: 'other' }] });
    expect(await acceptTasks(stage.deps, log)(event(record('m2', body.text)))).toEqual(none);
    expect(await stage.deps.deadLetters.get('m2')).toMatchObject({ code: 'task-conflict' });
  });

  it.each([
    ['results', applyResults],
    ['heartbeats', recordHeartbeats],
    ['dispatch', dispatchTasks],
    ['pulse', pulse],
  ] as const)('on the queue %s is buried under that name', async (source, make) => {
    const stage = distributorStage();
    const huge = { pool: 'p'.repeat(5_000), agent_id: 'a1', holding: [], interval_ms: 1, results: [], routes: [] };
    expect(await make(stage.deps, log)(event(record('m1', huge)) as never)).toEqual(none);
    expect(await stage.deps.deadLetters.get('m1')).toMatchObject({ source, code: 'invalid-input' });
  });
});

describe('a batch of which one message breaks the use case', () => {
  const breaking = (deps: DistributorDeps, poison: string): DistributorDeps => ({
    ...deps,
    tasks: {
      ...deps.tasks,
      change: async (changes) => {
        if (changes.some(({ task_id }) => task_id === poison)) throw new Error('the table said no');
        return deps.tasks.change(changes);
      },
    },
  });
  const result = (task_id: string) => ({
    pool: 'default',
    agent_id: 'a1',
    results: [{ task_id, attempt: 1, outcome: 'completed' }],
  });

  async function working() {
    const stage = distributorStage();
    await stage.join('a1', { capacity: 3 });
    await stage.accept(...['t1', 't2', 't3'].map((task_id) => task({ task_id })));
    await stage.dispatch('*');
    return stage;
  }

  it('settles nothing for an agent that names what is not its own: the message is a dead letter with its reason', async () => {
    const stage = await working();
    const output_ref = { key: 'contexts/acme/secret', bytes: 9 };
    const named = { ...result('t1'), results: [{ task_id: 't1', attempt: 1, outcome: 'completed', output_ref }] };
    expect(await applyResults(stage.deps, log)(event(record('m1', named), record('m2', result('t2'))))).toEqual(none);
    const letter = await stage.deps.deadLetters.get('m1');
    expect(letter).toMatchObject({ code: 'invalid-input', path: 'results[0].output_ref.key' });
    expect((await stage.row('t1')).status).toBe('Processing');
    expect((await stage.row('t2')).status).toBe('Completed');
  });

  it('is done one by one: only that message comes again', async () => {
    const stage = await working();
    const handler = applyResults(breaking(stage.deps, 't2'), log);
    const records = ['t1', 't2', 't3'].map((id) => record(`m-${id}`, result(id)));
    expect(await handler(event(...records))).toEqual({ batchItemFailures: [{ itemIdentifier: 'm-t2' }] });
    expect((await stage.row('t1')).status).toBe('Completed');
    expect((await stage.row('t2')).status).toBe('Processing');
    expect((await stage.row('t3')).status).toBe('Completed');
    expect(Object.keys((await stage.agent('a1')).holds)).toEqual(['t2#1']);
    expect((await stage.agent('a1')).completed).toBe(2);
  });

  it('of one message comes again, and is asked to come soon', async () => {
    const stage = await working();
    const hurried: unknown[] = [];
    const messenger = { ...stage.deps.messenger, retrySoon: async (...args: unknown[]) => void hurried.push(args) };
    const handler = applyResults({ ...breaking(stage.deps, 't2'), messenger }, log);
    expect(await handler(event(record('m1', result('t2'))))).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
    expect(hurried).toMatchObject([['results', [expect.objectContaining({ receipt: 'receipt-m1' })]]]);
    expect(await applyResults(stage.deps, log)(event(record('m1', result('t2'))))).toEqual(none);
    expect((await stage.row('t2')).status).toBe('Completed');
  });

  it('takes the identity from the sender that SQS names, not from the message', async () => {
    const stage = await working();
    await applyResults(stage.deps, log)(event(record('m1', result('t1'), { sender: 'forger' })));
    expect(await stage.row('t1')).toMatchObject({ status: 'Processing', late_results: 1 });
  });

  it('lets only the role of serve-agents speak for somebody else', async () => {
    const stage = await working();
    const relayed = { ...result('t1'), principal: 'principal-a1' };
    const handler = applyResults({ ...stage.deps, relayRoleId: 'AROARELAY' }, log);
    for (const sender of ['forger', 'AROARELAYED:x', 'x:AROARELAY', '']) {
      await handler(event(record(`m-${sender}`, relayed, { sender })));
      expect(await stage.deps.deadLetters.get(`m-${sender}`)).toMatchObject({ code: 'forbidden', path: 'principal' });
    }
    expect(await stage.row('t1')).toMatchObject({ status: 'Processing', late_results: 0 });
    await handler(event(record('m2', relayed, { sender: 'AROARELAY:cadre-serve-agents' })));
    expect((await stage.row('t1')).status).toBe('Completed');
    // Where nobody is told to be it, nobody is.
    await applyResults(stage.deps, log)(event(record('m3', { ...relayed, ...result('t2') }, { sender: 'undefined' })));
    expect((await stage.row('t2')).status).toBe('Processing');
  });
});

describe('messages that belong together', () => {
  it('as hints of one pool are one dispatch of all their routes', async () => {
    const stage = distributorStage();
    await stage.join('a1', { capacity: 2 });
    await stage.accept(task({ priority: 'low' }), task({ task_id: 't2', required_capabilities: ['x'] }));
    let reads = 0;
    const agents = { ...stage.deps.agents, pool: async (name: string) => (reads++, stage.deps.agents.pool(name)) };
    const hints = [['*'], ['x', '*'], []].map((routes, at) => record(`m${at}`, { pool: 'default', routes }));
    expect(await dispatchTasks({ ...stage.deps, agents }, log)(event(...hints))).toEqual(none);
    expect(reads).toBe(1);
    expect((await stage.row('t1')).status).toBe('Processing');
  });

  it('as many hints as come at once are followed by a look at what else waits', async () => {
    const stage = distributorStage();
    await stage.join('a1', { capacity: 1, capabilities: ['a', 'b'] });
    await stage.accept(
      task({ priority: 'low', required_capabilities: ['a'] }),
      task({ task_id: 't2', priority: 'critical', required_capabilities: ['b'] }),
    );
    const hints = Array.from({ length: eventSourceBatchSize }, (_, at) =>
      record(`m${at}`, { pool: 'default', routes: ['a'] }),
    );
    expect(await dispatchTasks(stage.deps, log)(event(...hints))).toEqual(none);
    expect((await stage.row('t2')).status).toBe('Processing');
  });

  it('as ticks are one pulse', async () => {
    const stage = distributorStage();
    let reads = 0;
    const agents = { ...stage.deps.agents, pool: async (name: string) => (reads++, stage.deps.agents.pool(name)) };
    const handler = pulse({ ...stage.deps, agents }, log);
    await handler(event(record('m1', { pool: 'default' }), record('m2', { pool: 'default' })));
    expect(reads).toBe(1);
  });

  it('as heartbeats renew leases from when the queue took them', async () => {
    const stage = distributorStage();
    await stage.join('a1');
    const beat = { pool: 'default', agent_id: 'a1', holding: [], interval_ms: 3_000 };
    const sentAt = stage.clock.now + 1_000;
    await recordHeartbeats(stage.deps, log)(event(record('m1', beat, { sentAt })));
    expect((await stage.agent('a1')).lease_until).toBe(new Date(sentAt + 7_500).toISOString());
  });
});
