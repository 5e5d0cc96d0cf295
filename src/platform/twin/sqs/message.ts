import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import type { Timer } from '../virtual-clock.ts';

/** What somebody sends. */
export interface OutgoingMessage {
  readonly body: string;
  readonly attributes?: Readonly<Record<string, MessageAttributeValue>> | undefined;
  readonly delaySeconds?: number | undefined;
  readonly groupId?: string | undefined;
  readonly deduplicationId?: string | undefined;
  /** Who sends: the principal, which SQS passes on as SenderId. */
  readonly senderId: string;
}

/** A message in a queue. */
export interface QueuedMessage {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, MessageAttributeValue>> | undefined;
  readonly senderId: string;
  readonly groupId: string | undefined;
  readonly deduplicationId: string | undefined;
  readonly sequenceNumber: string | undefined;
  readonly sentAt: number;
  readonly deadLetterSource: string | undefined;
  firstReceivedAt: number | undefined;
  receiveCount: number;
  receiptHandle: string;
  state: 'delayed' | 'ready' | 'inFlight' | 'deleted';
  /** Ends the delay or the visibility time-out. */
  timer: Timer | undefined;
}

/** The system attributes of a received message, under AWS's names. */
export function systemAttributes(message: QueuedMessage): Record<string, string> {
  const attributes: Record<string, string> = {
    ApproximateReceiveCount: String(message.receiveCount),
    SentTimestamp: String(message.sentAt),
    SenderId: message.senderId,
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt ?? message.sentAt),
  };
  if (message.groupId !== undefined) attributes['MessageGroupId'] = message.groupId;
  if (message.deduplicationId !== undefined) attributes['MessageDeduplicationId'] = message.deduplicationId;
  if (message.sequenceNumber !== undefined) attributes['SequenceNumber'] = message.sequenceNumber;
  if (message.deadLetterSource !== undefined) attributes['DeadLetterQueueSourceArn'] = message.deadLetterSource;
  return attributes;
}
