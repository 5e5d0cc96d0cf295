import * as sqs from '@aws-sdk/client-sqs';
import { awsError } from './aws-errors.ts';
import { textBytes } from './expressions/values.ts';
import type { FaultPlan } from './faults.ts';
import type { Random } from './random.ts';
import { receiveMessages, respond } from './sqs/receive.ts';
import type { OutgoingMessage } from './sqs/message.ts';
import { batchEntriesMax, createQueue, delaySecondsMax, messageBytesMax, visibilitySecondsMax } from './sqs/queue.ts';
import type { Queue } from './sqs/queue.ts';
import type { FakeClient, ProcessWire, Wire } from './wire.ts';

/** The account and region that the twin pretends to be in. */
export const twinAccount = '000000000000';
/** See {@link twinAccount}. */
export const twinRegion = 'us-east-1';

/** A fake SQS: its clients, and the view that oracles and the other fakes have of it. */
export interface FakeSqs {
  client(wire: ProcessWire): FakeClient;
  /** Makes a queue, or gives the one of that name. */
  createQueue(name: string, attributes?: Readonly<Record<string, string>>): Queue;
  /** By name, URL or ARN. */
  find(nameUrlOrArn: string): Queue | undefined;
  queues(): Queue[];
}

/** An SQS without queues. */
export function createFakeSqs(wire: Wire, random: Random): FakeSqs {
  const queues = new Map<string, Queue>();
  const { clock, faults } = wire;

  function find(key: string): Queue | undefined {
    return queues.get(key.slice(Math.max(key.lastIndexOf('/'), key.lastIndexOf(':')) + 1));
  }

  const service: FakeSqs = {
    client: (processWire) => createClient(service, queues, processWire),
    createQueue(name, attributes = {}) {
      const known = queues.get(name);
      if (known !== undefined) return known;
      const url = `https://sqs.${twinRegion}.amazonaws.com/${twinAccount}/${name}`;
      const arn = `arn:aws:sqs:${twinRegion}:${twinAccount}:${name}`;
      const queue = createQueue(name, url, arn, { clock, faults, random, findByArn: find });
      for (const [key, value] of Object.entries(attributes)) queue.attributes.set(key, value);
      queues.set(name, queue);
      return queue;
    },
    find,
    queues: () => [...queues.values()],
  };
  return service;
}

interface Call {
  readonly service: FakeSqs;
  readonly queues: Map<string, Queue>;
  readonly wire: ProcessWire;
  readonly faults: FaultPlan;
  readonly queue: (url: string | undefined) => Queue;
}

type Operation = (call: Call, input: never) => object;

function entry<Input extends object>(
  command: new (input: Input) => { readonly input: Input },
  operation: (call: Call, input: Input) => object,
): [unknown, { readonly name: string; readonly run: Operation }] {
  return [command, { name: command.name.replace(/Command$/, ''), run: operation }];
}

const operations = new Map([
  entry(sqs.CreateQueueCommand, ({ service }, input) => ({
    QueueUrl: service.createQueue(requireName(input.QueueName), input.Attributes).url,
  })),
  entry(sqs.DeleteQueueCommand, ({ queues, queue }, input) => {
    const found = queue(input.QueueUrl);
    found.purge();
    queues.delete(found.name);
    return {};
  }),
  entry(sqs.GetQueueUrlCommand, ({ queue }, input) => ({ QueueUrl: queue(input.QueueName).url })),
  entry(sqs.ListQueuesCommand, ({ queues }, input) => ({
    QueueUrls: [...queues.values()]
      .filter((each) => each.name.startsWith(input.QueueNamePrefix ?? ''))
      .map(({ url }) => url),
  })),
  entry(sqs.GetQueueAttributesCommand, ({ queue }, input) => ({
    Attributes: describe(queue(input.QueueUrl), input.AttributeNames),
  })),
  entry(sqs.SetQueueAttributesCommand, ({ queue }, input) => {
    const { attributes } = queue(input.QueueUrl);
    for (const [key, value] of Object.entries(input.Attributes ?? {})) attributes.set(key, value);
    return {};
  }),
  entry(sqs.SendMessageCommand, ({ queue, wire }, input) => {
    const target = queue(input.QueueUrl);
    const message = outgoing(input, wire.process);
    refuseMessage(target, message);
    return sent(target.send(message));
  }),
  entry(sqs.SendMessageBatchCommand, sendBatch),
  entry(sqs.DeleteMessageCommand, ({ queue }, input) => {
    if (!queue(input.QueueUrl).remove(input.ReceiptHandle ?? '')) throw invalidHandle();
    return {};
  }),
  entry(sqs.DeleteMessageBatchCommand, ({ queue, faults }, input) => {
    const target = queue(input.QueueUrl);
    return batch(input.Entries, faults, `sqs:${target.name}`, (each) => {
      if (!target.remove(each.ReceiptHandle ?? '')) throw invalidHandle();
      return {};
    });
  }),
  entry(sqs.ChangeMessageVisibilityCommand, ({ queue }, input) => {
    changeVisibility(queue(input.QueueUrl), input.ReceiptHandle, input.VisibilityTimeout);
    return {};
  }),
  entry(sqs.ChangeMessageVisibilityBatchCommand, ({ queue, faults }, input) => {
    const target = queue(input.QueueUrl);
    return batch(input.Entries, faults, `sqs:${target.name}`, (each) => {
      changeVisibility(target, each.ReceiptHandle, each.VisibilityTimeout);
      return {};
    });
  }),
  entry(sqs.PurgeQueueCommand, ({ queue }, input) => {
    queue(input.QueueUrl).purge();
    return {};
  }),
]);

function createClient(service: FakeSqs, queues: Map<string, Queue>, wire: ProcessWire): FakeClient {
  const call: Call = {
    service,
    queues,
    wire,
    faults: wire.faults,
    queue(url) {
      const found = service.find(url ?? '');
      if (found !== undefined) return found;
      throw new sqs.QueueDoesNotExist({
        message: 'The specified queue does not exist.',
        $metadata: { httpStatusCode: 400 },
      });
    },
  };
  return {
    send(command, options) {
      const signal = options?.abortSignal;
      if (command instanceof sqs.ReceiveMessageCommand) {
        const { input } = command;
        return receiveMessages(wire, () => call.queue(input.QueueUrl), input, signal).then((messages) =>
          respond(messages, input),
        );
      }
      const operation = operations.get(command.constructor);
      if (operation === undefined) {
        return Promise.reject(awsError('UnknownOperationException', `The twin has no ${command.constructor.name}`));
      }
      return wire.call('sqs', operation.name, () => operation.run(call, command.input as never), signal);
    },
    destroy: () => undefined,
  };
}

function requireName(name: string | undefined): string {
  if (name === undefined || !/^[\w-]{1,75}(\.fifo)?$/.test(name)) {
    throw awsError(
      'InvalidParameterValue',
      'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length',
    );
  }
  return name;
}

function describe(queue: Queue, names: readonly string[] | undefined): Record<string, string> {
  const { visible, inFlight, delayed } = queue.counts();
  const all: Record<string, string> = {
    ...Object.fromEntries(queue.attributes),
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    ...(queue.fifo ? { FifoQueue: 'true' } : {}),
  };
  if (names?.includes('All') === true) return all;
  return Object.fromEntries(Object.entries(all).filter(([name]) => names?.includes(name) === true));
}

function outgoing(input: Omit<sqs.SendMessageCommandInput, 'QueueUrl'>, senderId: string): OutgoingMessage {
  return {
    body: input.MessageBody ?? '',
    attributes: input.MessageAttributes,
    delaySeconds: input.DelaySeconds,
    groupId: input.MessageGroupId,
    deduplicationId: input.MessageDeduplicationId,
    senderId,
  };
}

function sent({ messageId, sequenceNumber }: ReturnType<Queue['send']>): object {
  return { MessageId: messageId, ...(sequenceNumber === undefined ? {} : { SequenceNumber: sequenceNumber }) };
}

function messageBytes(message: OutgoingMessage): number {
  let bytes = textBytes(message.body);
  for (const [name, value] of Object.entries(message.attributes ?? {})) {
    bytes +=
      textBytes(name) +
      textBytes(value.DataType ?? '') +
      textBytes(value.StringValue ?? '') +
      (value.BinaryValue?.byteLength ?? 0);
  }
  return bytes;
}

function refuseMessage(queue: Queue, message: OutgoingMessage): void {
  if (message.body === '') throw awsError('MissingParameter', 'The request must contain the parameter MessageBody.');
  if (messageBytes(message) > messageBytesMax) {
    throw awsError(
      'InvalidParameterValue',
      `One or more parameters are invalid. Reason: Message must be shorter than ${messageBytesMax} bytes.`,
    );
  }
  if ((message.delaySeconds ?? 0) > delaySecondsMax) {
    throw awsError(
      'InvalidParameterValue',
      `Value ${message.delaySeconds ?? 0} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= ${delaySecondsMax}.`,
    );
  }
  if (!queue.fifo) return;
  if (message.groupId === undefined)
    throw awsError('MissingParameter', 'The request must contain the parameter MessageGroupId.');
  if (message.delaySeconds !== undefined && message.delaySeconds > 0) {
    throw awsError(
      'InvalidParameterValue',
      'The request include parameter that is not valid for this queue type. Reason: DelaySeconds',
    );
  }
  if (message.deduplicationId === undefined && queue.attributes.get('ContentBasedDeduplication') !== 'true') {
    throw awsError(
      'InvalidParameterValue',
      'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    );
  }
}

function sendBatch({ queue, wire, faults }: Call, input: sqs.SendMessageBatchCommandInput): object {
  const target = queue(input.QueueUrl);
  const messages = new Map((input.Entries ?? []).map((each) => [each, outgoing(each, wire.process)]));
  let bytes = 0;
  for (const message of messages.values()) bytes += messageBytes(message);
  if (bytes > messageBytesMax) {
    throw new sqs.BatchRequestTooLong({
      message: `Batch requests cannot be longer than ${messageBytesMax} bytes. You have sent ${bytes} bytes.`,
      $metadata: { httpStatusCode: 400 },
    });
  }
  return batch(input.Entries, faults, `sqs:${target.name}`, (each) => {
    const message = messages.get(each) ?? outgoing(each, wire.process);
    refuseMessage(target, message);
    return sent(target.send(message));
  });
}

/** A batch of independent entries: each succeeds or fails by itself, and `partialBatch` fails some at random. */
function batch<Entry extends { readonly Id: string | undefined }>(
  entries: readonly Entry[] | undefined,
  faults: FaultPlan,
  detail: string,
  apply: (entry: Entry) => object,
): object {
  if (entries === undefined || entries.length === 0) {
    throw new sqs.EmptyBatchRequest({
      message: 'There should be at least one entry in the request.',
      $metadata: { httpStatusCode: 400 },
    });
  }
  if (entries.length > batchEntriesMax) {
    throw new sqs.TooManyEntriesInBatchRequest({
      message: `Maximum number of entries per request are ${batchEntriesMax}. You have sent ${entries.length}.`,
      $metadata: { httpStatusCode: 400 },
    });
  }
  if (new Set(entries.map(({ Id }) => Id)).size < entries.length) {
    throw new sqs.BatchEntryIdsNotDistinct({
      message: 'Two or more batch entries in the request have the same Id.',
      $metadata: { httpStatusCode: 400 },
    });
  }
  const Successful: object[] = [];
  const Failed: object[] = [];
  for (const each of entries) {
    if (faults.strikes('partialBatch', detail)) {
      Failed.push({ Id: each.Id, Code: 'InternalError', Message: 'An internal error occurred', SenderFault: false });
      continue;
    }
    try {
      Successful.push({ Id: each.Id, ...apply(each) });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      Failed.push({ Id: each.Id, Code: error.name, Message: error.message, SenderFault: true });
    }
  }
  return { ...(Successful.length > 0 ? { Successful } : {}), ...(Failed.length > 0 ? { Failed } : {}) };
}

function invalidHandle(): Error {
  return new sqs.ReceiptHandleIsInvalid({
    message: 'The input receipt handle is invalid.',
    $metadata: { httpStatusCode: 400 },
  });
}

function changeVisibility(queue: Queue, handle: string | undefined, timeout: number | undefined): void {
  if (timeout === undefined || timeout < 0 || timeout > visibilitySecondsMax) {
    throw awsError('InvalidParameterValue', `Value ${timeout ?? ''} for parameter VisibilityTimeout is invalid.`);
  }
  const outcome = queue.changeVisibility(handle ?? '', timeout * 1000);
  if (outcome === 'unknown') throw invalidHandle();
  if (outcome === 'notInFlight') {
    throw new sqs.MessageNotInflight({
      message: 'The message referred to is not in flight.',
      $metadata: { httpStatusCode: 400 },
    });
  }
}
