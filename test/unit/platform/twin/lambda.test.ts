import { describe, expect, it } from '@jest/globals';
import type { SQSEvent } from 'aws-lambda';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { createTwinCloud } from '../../../../src/platform/twin/twin-cloud.ts';

function open(options: { name?: string; maximumConcurrency?: number; batchSize?: number } = {}) {
  const twin = createTwinCloud({ seed: 1 });
  const name = options.name ?? 'q';
  const queue = twin.sqs.createQueue(name, { VisibilityTimeout: '10' });
  const batches: string[][] = [];
  let active = 0;
  let activeMax = 0;
  let fail = (_body: string): boolean => false;
  twin.addFunction('fn', () => async (event: SQSEvent) => {
    batches.push(event.Records.map(({ body }) => body));
    activeMax = Math.max(activeMax, ++active);
    await twin.clock.sleep(100);
    active--;
    const failed = event.Records.filter(({ body }) => fail(body));
    return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  });
  twin.connect({ queue: name, functionName: 'fn', reportBatchItemFailures: true, ...options });
  const send = (body: string, groupId?: string) => queue.send({ body, groupId, deduplicationId: body, senderId: 'me' });
  return { twin, queue, batches, send, activeMax: () => activeMax, failWhen: (test: typeof fail) => (fail = test) };
}

describe('a queue as an event source', () => {
  it('gives batches of ten and deletes what succeeded', async () => {
    const { twin, queue, batches, send } = open();
    for (let n = 0; n < 11; n++) send(String(n));
    await twin.clock.run();
    expect(batches.map((batch) => batch.length)).toEqual([10, 1]);
    expect(queue.bodies()).toEqual([]);
  });

  it('leaves reported failures to their visibility time-out', async () => {
    const { twin, queue, batches, send, failWhen } = open();
    failWhen((body) => body === 'bad' && batches.length === 1);
    send('good');
    send('bad');
    await twin.clock.run();
    expect(batches).toEqual([['good', 'bad'], ['bad']]);
    expect(queue.bodies()).toEqual([]);
  });

  it('runs no more invocations at once than allowed', async () => {
    const { twin, batches, send, activeMax } = open({ maximumConcurrency: 2, batchSize: 1 });
    for (let n = 0; n < 6; n++) send(String(n));
    await twin.clock.run();
    expect(batches).toHaveLength(6);
    expect(activeMax()).toBe(2);
  });

  it('works on one batch of a FIFO group at a time', async () => {
    const { twin, batches, send, activeMax } = open({ name: 'q.fifo', batchSize: 2 });
    for (const body of ['1', '2', '3', '4', '5']) send(body, 'g');
    await twin.clock.run();
    expect(batches).toEqual([['1', '2'], ['3', '4'], ['5']]);
    expect(activeMax()).toBe(1);
  });

  it('shapes a record as AWS does', async () => {
    const twin = createTwinCloud({ seed: 1 });
    const queue = twin.sqs.createQueue('q');
    const seen: SQSEvent[] = [];
    twin.addFunction('fn', () => (event: SQSEvent) => void seen.push(event));
    twin.connect({ queue: 'q', functionName: 'fn' });
    queue.send({ body: 'x', senderId: 'me' });
    await twin.clock.run();
    expect(seen[0]?.Records[0]).toMatchObject({
      body: 'x',
      attributes: { SenderId: 'me', ApproximateReceiveCount: '1' },
      eventSource: 'aws:sqs',
      eventSourceARN: queue.arn,
      md5OfBody: '9dd4e461268c8034f5c8564e155c67a6',
    });
  });

  it.each(['lambdaCrashBefore', 'lambdaCrashAfter', 'lambdaTimeout'] as const)(
    'delivers again after %s',
    async (point) => {
      const { twin, queue, batches, send } = open();
      twin.faults.arrange(point, () => true);
      send('x');
      await twin.clock.run();
      expect(batches.length).toBe(point === 'lambdaCrashBefore' ? 1 : 2);
      expect(queue.bodies()).toEqual([]);
    },
  );
});

describe('a function', () => {
  it('stops half-way when its container dies, and works again in the next', async () => {
    const twin = createTwinCloud({ seed: 1 });
    twin.addFunction('fn', ({ clients }) => async () => {
      for (let n = 0; n < 8; n++)
        await clients.dynamodb.send(new PutCommand({ TableName: 'cadre', Item: { pk: 'P', sk: `${n}` } }));
      return 'done';
    });
    twin.faults.arrange('lambdaCrashDuring', () => true);
    await expect(twin.clock.drive(twin.lambda.invoke('fn', {}))).rejects.toMatchObject({
      errorType: 'Sandbox.Timedout',
    });
    expect(twin.dynamodb.items().length).toBeLessThan(8);
    expect(await twin.clock.drive(twin.lambda.invoke('fn', {}))).toBe('done');
    expect(twin.dynamodb.items()).toHaveLength(8);
  });

  it('times out in virtual time and keeps the name of what it throws', async () => {
    const twin = createTwinCloud({ seed: 1 });
    twin.addFunction('slow', () => () => twin.clock.sleep(5_000), { timeoutMs: 3_000 });
    twin.addFunction('bad', () => () => {
      throw Object.assign(new Error('no'), { name: 'TerminalError' });
    });
    const start = twin.clock.now();
    await expect(twin.clock.drive(twin.lambda.invoke('slow', {}))).rejects.toThrow('timed out after 3.00 seconds');
    expect(twin.clock.now()).toBe(start + 3_000);
    await expect(twin.lambda.invoke('bad', {})).rejects.toMatchObject({ errorType: 'TerminalError' });
    await expect(twin.lambda.invoke('none', {})).rejects.toThrow('Function not found');
  });

  it('is tried three times when nobody waits for it', async () => {
    const twin = createTwinCloud({ seed: 1 });
    let calls = 0;
    twin.addFunction('fn', () => () => {
      calls++;
      throw new Error('no');
    });
    twin.lambda.invokeAsync('fn', {});
    await twin.clock.run();
    expect(calls).toBe(3);
  });
});
