import { describe, expect, it } from '@jest/globals';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { createTwinCloud } from '../../../../src/platform/twin/twin-cloud.ts';

async function open(name = 'q', attributes: Record<string, string> = {}) {
  const twin = createTwinCloud({ seed: 1 });
  const sqs = twin.process('alice').clients.sqs;
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
  const send = (MessageBody: string, more: object = {}) =>
    sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, ...more }));
  const receive = async (more: object = {}) =>
    (await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, ...more }))).Messages ?? [];
  const bodies = async (more: object = {}) => (await receive(more)).map(({ Body }) => Body);
  const remove = (ReceiptHandle: string | undefined) => sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  return { twin, sqs, QueueUrl, send, receive, bodies, remove };
}

describe('a standard queue', () => {
  it('delivers again after the visibility time-out and never after a delete', async () => {
    const { twin, send, receive, remove } = await open('q', { VisibilityTimeout: '5' });
    await send('hello');
    const [first] = await receive();
    expect(await receive()).toEqual([]);
    await twin.clock.advance(4_999);
    expect(await receive()).toEqual([]);
    await twin.clock.advance(1);
    const [second] = await receive({ MessageSystemAttributeNames: ['All'] });
    expect(second).toMatchObject({ Body: 'hello', Attributes: { ApproximateReceiveCount: '2', SenderId: 'alice' } });
    await remove(first?.ReceiptHandle);
    await remove(second?.ReceiptHandle);
    await remove(second?.ReceiptHandle);
    await twin.clock.advance(60_000);
    expect(await receive()).toEqual([]);
    await expect(remove('nonsense')).rejects.toMatchObject({ name: 'ReceiptHandleIsInvalid' });
  });

  it('holds back a delayed message and counts what it has', async () => {
    const { twin, sqs, QueueUrl, send, bodies } = await open();
    await send('now');
    await send('later', { DelaySeconds: 3 });
    const counts = async () => {
      const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
      return [
        Attributes?.ApproximateNumberOfMessages,
        Attributes?.ApproximateNumberOfMessagesNotVisible,
        Attributes?.ApproximateNumberOfMessagesDelayed,
      ];
    };
    expect(await counts()).toEqual(['1', '0', '1']);
    expect(await bodies()).toEqual(['now']);
    expect(await counts()).toEqual(['0', '1', '1']);
    await twin.clock.advance(3_000);
    expect(await bodies()).toEqual(['later']);
  });

  it('wakes a long poll when a message comes, and ends it at its time or when aborted', async () => {
    const { twin, sqs, QueueUrl, send } = await open();
    const start = twin.clock.now();
    const poll = (abortSignal?: AbortSignal) =>
      sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }), {
        ...(abortSignal ? { abortSignal } : {}),
      });
    const waiting = poll();
    twin.clock.at(start + 7_000, () => void send('late'));
    expect((await twin.clock.drive(waiting)).Messages?.[0]?.Body).toBe('late');
    expect(twin.clock.now()).toBe(start + 7_000);
    expect((await twin.clock.drive(poll())).Messages).toBeUndefined();
    expect(twin.clock.now()).toBe(start + 27_000);
    const stop = new AbortController();
    twin.clock.at(twin.clock.now() + 10, () => stop.abort());
    await expect(twin.clock.drive(poll(stop.signal))).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('moves a message to the dead-letter queue once it was received too often', async () => {
    const { twin, send, receive } = await open('q', { VisibilityTimeout: '1' });
    const dead = twin.sqs.createQueue('dead');
    twin.sqs
      .find('q')
      ?.attributes.set('RedrivePolicy', JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 2 }));
    await send('poison');
    for (let time = 0; time < 2; time++) {
      expect(await receive()).toHaveLength(1);
      await twin.clock.advance(1_000);
    }
    expect(dead.bodies()).toEqual([]);
    expect(await receive()).toEqual([]);
    expect(dead.bodies()).toEqual(['poison']);
  });

  it('changes visibility of what is in flight only', async () => {
    const { sqs, QueueUrl, send, receive, bodies } = await open();
    await send('x');
    const [message] = await receive();
    const change = (VisibilityTimeout: number) =>
      sqs.send(
        new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle, VisibilityTimeout }),
      );
    await change(0);
    await expect(change(5)).rejects.toMatchObject({ name: 'MessageNotInflight' });
    expect(await bodies()).toEqual(['x']);
  });

  it('takes a megabyte in a message and in a batch, and no byte more', async () => {
    const { sqs, QueueUrl, send } = await open();
    const megabyte = 1024 * 1024;
    await send('x'.repeat(megabyte - 1));
    await send('x'.repeat(megabyte));
    await expect(send('x'.repeat(megabyte + 1))).rejects.toThrow('shorter than');
    await expect(send('é'.repeat(megabyte / 2 + 1))).rejects.toThrow('shorter than');
    const batch = (...sizes: number[]) =>
      sqs.send(
        new SendMessageBatchCommand({
          QueueUrl,
          Entries: sizes.map((size, Id) => ({ Id: String(Id), MessageBody: 'x'.repeat(size) })),
        }),
      );
    await batch(megabyte / 2, megabyte / 2);
    await expect(batch(megabyte / 2, megabyte / 2 + 1)).rejects.toMatchObject({ name: 'BatchRequestTooLong' });
    expect((await batch(...Array.from({ length: 10 }, () => 1))).Successful).toHaveLength(10);
    await expect(batch(...Array.from({ length: 11 }, () => 1))).rejects.toMatchObject({
      name: 'TooManyEntriesInBatchRequest',
    });
  });

  it('refuses everything once deleted', async () => {
    const { sqs, QueueUrl, send } = await open();
    await sqs.send(new DeleteQueueCommand({ QueueUrl }));
    await expect(send('x')).rejects.toMatchObject({ name: 'QueueDoesNotExist' });
  });

  it('loses, repeats and fails entries as arranged', async () => {
    const { twin, sqs, QueueUrl, send, bodies } = await open();
    twin.faults.arrange('lose', (detail) => detail === 'sqs:q');
    await send('lost');
    expect(await bodies()).toEqual([]);
    twin.faults.arrange('duplicate', (detail) => detail === 'sqs:q');
    await send('twice');
    await twin.clock.advance(10_000);
    expect(await bodies()).toEqual(['twice', 'twice']);
    twin.faults.arrange('partialBatch', () => true);
    const Entries = ['a', 'b'].map((Id) => ({ Id, MessageBody: Id }));
    const answer = await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    expect([answer.Failed?.[0]?.Id, answer.Successful?.[0]?.Id]).toEqual(['a', 'b']);
  });
});

describe('a FIFO queue', () => {
  const fifo = () => open('q.fifo', { VisibilityTimeout: '5', ContentBasedDeduplication: 'true' });

  it('keeps the order of a group and locks it while any of it is in flight', async () => {
    const { twin, send, receive, bodies, remove } = await fifo();
    for (const body of ['a1', 'a2', 'a3']) await send(body, { MessageGroupId: 'a' });
    await send('b1', { MessageGroupId: 'b' });
    const [first, second] = await receive({ MaxNumberOfMessages: 2 });
    expect([first?.Body, second?.Body]).toEqual(['a1', 'a2']);
    expect(await bodies()).toEqual(['b1']);
    await remove(first?.ReceiptHandle);
    expect(await bodies()).toEqual([]);
    await remove(second?.ReceiptHandle);
    expect(await bodies()).toEqual(['a3']);
    await twin.clock.advance(5_000);
    expect(await bodies()).toEqual(['b1', 'a3']);
  });

  it('delivers a message again before those behind it', async () => {
    const { twin, send, bodies } = await fifo();
    await send('1', { MessageGroupId: 'g' });
    expect(await bodies()).toEqual(['1']);
    await send('2', { MessageGroupId: 'g' });
    expect(await bodies()).toEqual([]);
    await twin.clock.advance(5_000);
    expect(await bodies()).toEqual(['1', '2']);
  });

  it('forgets a deduplication id after five minutes, by id and by content', async () => {
    const { twin, send, receive, remove } = await fifo();
    const drain = async () => {
      const messages = await receive();
      for (const message of messages) await remove(message.ReceiptHandle);
      return messages.length;
    };
    await send('same', { MessageGroupId: 'g' });
    await send('same', { MessageGroupId: 'g' });
    await send('other', { MessageGroupId: 'g', MessageDeduplicationId: 'id' });
    await send('another', { MessageGroupId: 'g', MessageDeduplicationId: 'id' });
    expect(await drain()).toBe(2);
    await twin.clock.advance(5 * 60 * 1000 - 1);
    await send('same', { MessageGroupId: 'g' });
    expect(await drain()).toBe(0);
    await twin.clock.advance(1);
    await send('same', { MessageGroupId: 'g' });
    expect(await drain()).toBe(1);
  });

  it('demands a group and a way to tell repeats', async () => {
    const { send } = await open('strict.fifo');
    await expect(send('x', { MessageDeduplicationId: '1' })).rejects.toThrow('MessageGroupId');
    await expect(send('x', { MessageGroupId: 'g' })).rejects.toThrow('ContentBasedDeduplication');
    await send('x', { MessageGroupId: 'g', MessageDeduplicationId: '1' });
  });
});
