import { describe, expect, it } from '@jest/globals';
import type { SQSEvent } from 'aws-lambda';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { FaultMix } from '../../../../src/platform/twin/faults.ts';
import { createTwinCloud } from '../../../../src/platform/twin/twin-cloud.ts';

const storm: FaultMix = {
  latencyMsMax: 30,
  throttle: 0.05,
  lostAnswer: 0.1,
  duplicate: 0.1,
  delay: 0.1,
  reorder: 0.3,
  lambdaCrashDuring: 0.1,
  lambdaCrashAfter: 0.1,
  clockSkewMsMax: 500,
};

/** Twenty messages, each to be applied once by its id although it may come more than once. */
async function run(seed: number, faults: FaultMix) {
  const twin = createTwinCloud({ seed, faults });
  const queue = twin.sqs.createQueue('q', { VisibilityTimeout: '5' });
  twin.addFunction('fn', ({ clients }) => async (event: SQSEvent) => {
    for (const { body } of event.Records) {
      await clients.dynamodb.send(
        new UpdateCommand({
          TableName: 'cadre',
          Key: { pk: 'P', sk: 'S' },
          UpdateExpression: 'ADD applied :id',
          ExpressionAttributeValues: { ':id': new Set([body]) },
        }),
      );
    }
    return { batchItemFailures: [] };
  });
  twin.connect({ queue: 'q', functionName: 'fn', reportBatchItemFailures: true });
  const commits: number[] = [];
  twin.dynamodb.onCommit(({ at }) => commits.push(at));
  for (let n = 0; n < 20; n++) {
    await twin.clock.drive(
      twin.clients.sqs
        .send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: String(n) }))
        .catch(() => queue.send({ body: String(n), senderId: 'retry' })),
    );
  }
  twin.clock.at(twin.clock.now() + 60_000, () => twin.faults.heal());
  await twin.clock.run();
  const applied = (twin.dynamodb.peek('P', 'S')?.['applied'] as Set<string>).size;
  return {
    trace: twin.clock.trace,
    applied,
    left: queue.bodies().length,
    faults: twin.faults.log.length,
    commits: commits.length,
  };
}

describe('the twin', () => {
  it('gives the same trace for the same seed and another for another', async () => {
    const first = await run(7, storm);
    expect(await run(7, storm)).toEqual(first);
    expect((await run(8, storm)).trace).not.toBe(first.trace);
    expect(first.faults).toBeGreaterThan(0);
  });

  it('loses nothing to faults that may only repeat or delay', async () => {
    for (let seed = 0; seed < 20; seed++) expect(await run(seed, storm)).toMatchObject({ applied: 20, left: 0 });
  });

  it('does without any fault what was asked, and records none', async () => {
    expect(await run(1, {})).toMatchObject({ applied: 20, left: 0, faults: 0, commits: 20 });
  });

  it('skews the clock of a process, the same each time, until healed', () => {
    const twin = createTwinCloud({ seed: 3, faults: { clockSkewMsMax: 500 } });
    const process = twin.process('agent');
    const skew = process.now() - twin.clock.now();
    expect(Math.abs(skew)).toBeLessThanOrEqual(500);
    expect(process.now() - twin.clock.now()).toBe(skew);
    twin.faults.heal();
    expect(process.now()).toBe(twin.clock.now());
  });

  it('throttles and tells so by the name that AWS gives', async () => {
    const twin = createTwinCloud({ seed: 3 });
    twin.faults.arrange('throttle', () => true, 2);
    const update = new UpdateCommand({ TableName: 'cadre', Key: { pk: 'P', sk: 'S' } });
    await expect(twin.clients.dynamodb.send(update)).rejects.toMatchObject({
      name: 'ProvisionedThroughputExceededException',
    });
    await expect(
      twin.clients.sqs.send(new SendMessageCommand({ QueueUrl: 'q', MessageBody: 'x' })),
    ).rejects.toMatchObject({ name: 'ThrottlingException' });
    expect(twin.dynamodb.items()).toEqual([]);
  });
});
