import { hash } from 'node:crypto';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import type { FakeLambda } from './lambda.ts';
import { systemAttributes } from './sqs/message.ts';
import type { QueuedMessage } from './sqs/message.ts';
import type { Queue } from './sqs/queue.ts';
import { twinRegion } from './sqs.ts';
import type { Wire } from './wire.ts';

/** A queue as the event source of a function. */
export interface EventSourceMapping {
  readonly queue: Queue;
  readonly functionName: string;
  /** Most messages of one invocation: 10, or more only on standard queues with a window. */
  readonly batchSize?: number;
  readonly maximumConcurrency?: number;
  /** Whether the answer's `batchItemFailures` are honoured. Without it a batch succeeds or fails as a whole. */
  readonly reportBatchItemFailures?: boolean;
  /** How long a batch may wait to fill. Standard queues only. */
  readonly batchingWindowMs?: number;
}

/** What Lambda takes when nothing else is said. */
const batchSizeDefault = 10;
const maximumConcurrencyDefault = 1_000;

/**
 * Polls a queue for a function, as Lambda does: deletes what succeeded and leaves the rest to its visibility time-out
 * (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html). Returns what ends the mapping.
 */
export function connectQueue(wire: Wire, lambda: FakeLambda, mapping: EventSourceMapping): () => void {
  const { queue, functionName } = mapping;
  const { clock, faults } = wire;
  const batchSize = mapping.batchSize ?? batchSizeDefault;
  const concurrency = mapping.maximumConcurrency ?? maximumConcurrencyDefault;
  const windowMs = queue.fifo ? 0 : (mapping.batchingWindowMs ?? 0);
  let running = 0;
  let scheduled = false;
  let ended = false;

  /** An event of its own, so that everything sent in one instant can share a batch. */
  function schedule(): void {
    if (scheduled || ended) return;
    scheduled = true;
    clock.at(clock.now() + windowMs, () => {
      scheduled = false;
      pump();
    });
  }

  function pump(): void {
    while (!ended && running < concurrency && queue.available) {
      const messages = queue.receive(batchSize);
      if (messages.length === 0) return;
      running++;
      void process(messages).finally(() => {
        running--;
        if (queue.available) schedule();
      });
    }
  }

  async function process(messages: readonly QueuedMessage[]): Promise<void> {
    // The handles of this delivery: a message that becomes visible meanwhile gets a new one.
    const handles = new Map(messages.map((message) => [message.messageId, message.receiptHandle]));
    const event: SQSEvent = { Records: messages.map((message) => toRecord(message, queue.arn)) };
    let failed: ReadonlySet<string>;
    try {
      const answer = await lambda.invoke(functionName, event);
      failed = mapping.reportBatchItemFailures === true ? failedIds(answer, messages) : new Set();
    } catch {
      return;
    }
    for (const [messageId, handle] of handles) {
      if (failed.has(messageId)) continue;
      // Lambda's own delete can be lost as well; the message then comes again.
      if (!faults.strikes('duplicate', `lambda:${functionName}`)) queue.remove(handle);
    }
  }

  const stop = queue.onAvailable(schedule);
  if (queue.available) schedule();
  return () => {
    ended = true;
    stop();
  };
}

/** A malformed answer fails the whole batch, as on AWS. */
function failedIds(answer: unknown, messages: readonly QueuedMessage[]): ReadonlySet<string> {
  const all = new Set(messages.map(({ messageId }) => messageId));
  if (answer === null || typeof answer !== 'object' || !('batchItemFailures' in answer)) return new Set();
  const { batchItemFailures } = answer;
  if (batchItemFailures === null) return new Set();
  if (!Array.isArray(batchItemFailures)) return all;
  const ids = new Set<string>();
  for (const failure of batchItemFailures as readonly unknown[]) {
    const id =
      typeof failure === 'object' && failure !== null && 'itemIdentifier' in failure
        ? failure.itemIdentifier
        : undefined;
    if (typeof id !== 'string' || !all.has(id)) return all;
    ids.add(id);
  }
  return ids;
}

function toRecord(message: QueuedMessage, arn: string): SQSRecord {
  return {
    messageId: message.messageId,
    receiptHandle: message.receiptHandle,
    body: message.body,
    attributes: systemAttributes(message) as unknown as SQSRecord['attributes'],
    messageAttributes: Object.fromEntries(
      Object.entries(message.attributes ?? {}).map(([name, value]) => [
        name,
        {
          dataType: value.DataType ?? 'String',
          ...(value.StringValue === undefined ? {} : { stringValue: value.StringValue }),
          stringListValues: [],
          binaryListValues: [],
        },
      ]),
    ),
    // Computed only when somebody looks: hashing each body would cost more than delivering it.
    get md5OfBody() {
      return hash('md5', message.body);
    },
    eventSource: 'aws:sqs',
    eventSourceARN: arn,
    awsRegion: twinRegion,
  };
}
