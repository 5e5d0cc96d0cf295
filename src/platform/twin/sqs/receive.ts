import { hash } from 'node:crypto';
import type { ReceiveMessageCommandInput } from '@aws-sdk/client-sqs';
import { abortError, awsError } from '../aws-errors.ts';
import type { ProcessWire } from '../wire.ts';
import { systemAttributes } from './message.ts';
import type { QueuedMessage } from './message.ts';
import { batchEntriesMax, waitSecondsMax } from './queue.ts';
import type { Queue } from './queue.ts';

/** ReceiveMessage, with the long poll in virtual time. An aborted poll takes nothing. */
export async function receiveMessages(
  wire: ProcessWire,
  find: () => Queue,
  input: ReceiveMessageCommandInput,
  signal?: AbortSignal,
): Promise<QueuedMessage[]> {
  const max = input.MaxNumberOfMessages ?? 1;
  if (max < 1 || max > batchEntriesMax) {
    throw awsError(
      'InvalidParameterValue',
      `Value ${max} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and ${batchEntriesMax}.`,
    );
  }
  const visibilityMs = input.VisibilityTimeout === undefined ? undefined : input.VisibilityTimeout * 1000;
  const waitSeconds = input.WaitTimeSeconds ?? Number(find().attributes.get('ReceiveMessageWaitTimeSeconds') ?? 0);
  if (waitSeconds > waitSecondsMax) {
    throw awsError('InvalidParameterValue', `Value ${waitSeconds} for parameter WaitTimeSeconds is invalid.`);
  }
  const deadline = wire.clock.now() + waitSeconds * 1000;
  while (!find().available && wire.clock.now() < deadline) await waitForMessage(wire, find(), deadline, signal);
  return wire.call('sqs', 'ReceiveMessage', () => find().receive(max, visibilityMs), signal);
}

/** Resolves when something may have come, or at the deadline. The wake-up is an event of its own, so that pollers race by the seed. */
function waitForMessage(wire: ProcessWire, queue: Queue, deadline: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(abortError());
      return;
    }
    const end = (settle: () => void): void => {
      timer.cancel();
      stop();
      signal?.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = (): void => end(() => reject(abortError()));
    const timer = wire.clock.at(deadline, () => end(resolve), true);
    const stop = queue.onAvailable(() => end(() => void wire.clock.at(wire.clock.now(), resolve)));
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** The answer of ReceiveMessage: attributes only where they were asked for. */
export function respond(messages: readonly QueuedMessage[], input: ReceiveMessageCommandInput): object {
  if (messages.length === 0) return {};
  const system = (input.MessageSystemAttributeNames ?? []) as string[];
  return {
    Messages: messages.map((message) => {
      const wanted = Object.entries(systemAttributes(message)).filter(
        ([name]) => system.includes('All') || system.includes(name),
      );
      const own = Object.entries(message.attributes ?? {}).filter(([name]) =>
        matchesName(input.MessageAttributeNames ?? [], name),
      );
      return {
        MessageId: message.messageId,
        ReceiptHandle: message.receiptHandle,
        Body: message.body,
        get MD5OfBody() {
          return hash('md5', message.body);
        },
        ...(wanted.length > 0 ? { Attributes: Object.fromEntries(wanted) } : {}),
        ...(own.length > 0 ? { MessageAttributes: Object.fromEntries(own) } : {}),
      };
    }),
  };
}

function matchesName(wanted: readonly string[], name: string): boolean {
  return wanted.some(
    (pattern) =>
      pattern === 'All' || pattern === name || (pattern.endsWith('.*') && name.startsWith(pattern.slice(0, -1))),
  );
}
