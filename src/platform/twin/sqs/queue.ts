import { hash } from 'node:crypto';
import type { FaultPlan } from '../faults.ts';
import type { Random } from '../random.ts';
import type { VirtualClock } from '../virtual-clock.ts';
import type { OutgoingMessage, QueuedMessage } from './message.ts';
import { createShelf } from './shelf.ts';
import type { Shelf } from './shelf.ts';

/** SQS's defaults for a new queue. */
export const visibilitySecondsDefault = 30;
/** See {@link visibilitySecondsDefault}. */
export const retentionSecondsDefault = 345_600;
/** For so long a FIFO queue remembers a deduplication id. */
export const deduplicationMsMax = 5 * 60 * 1000;
/** SQS's limit on one message, and on the messages of one batch together. */
export const messageBytesMax = 1024 * 1024;
/** SQS's limit on the entries of one batch. */
export const batchEntriesMax = 10;
/** SQS's longest delay and longest long poll. */
export const delaySecondsMax = 900;
/** See {@link delaySecondsMax}. */
export const waitSecondsMax = 20;
/** SQS's longest visibility time-out. */
export const visibilitySecondsMax = 43_200;

/** Where a message goes that was received too often. */
export interface Redrive {
  readonly target: string;
  readonly maxReceiveCount: number;
}

/** A queue in the twin. Everything is synchronous; waiting is the business of whoever receives. */
export interface Queue {
  readonly name: string;
  readonly url: string;
  readonly arn: string;
  readonly fifo: boolean;
  readonly attributes: Map<string, string>;
  /** Stores a message unless it is a duplicate within a FIFO queue's memory; its id and sequence number either way. */
  send(message: OutgoingMessage): { readonly messageId: string; readonly sequenceNumber: string | undefined };
  receive(max: number, visibilityMs?: number): QueuedMessage[];
  /** True when the handle belongs to a message of this queue, deleted or not. */
  remove(receiptHandle: string): boolean;
  changeVisibility(receiptHandle: string, visibilityMs: number): 'changed' | 'notInFlight' | 'unknown';
  purge(): void;
  counts(): { readonly visible: number; readonly inFlight: number; readonly delayed: number };
  /** Bodies of everything not deleted, for oracles. */
  bodies(): string[];
  /** Calls back whenever something may have become receivable; the returned function ends it. */
  onAvailable(listener: () => void): () => void;
  readonly available: boolean;
  /** Takes a message over from a queue that gave it up. */
  adopt(message: QueuedMessage, fromArn: string): void;
}

/** What a queue lives in. */
export interface QueueSurroundings {
  readonly clock: VirtualClock;
  readonly faults: FaultPlan;
  readonly random: Random;
  findByArn(arn: string): Queue | undefined;
}

/** The parts of one queue that sending, receiving and deleting share. */
interface QueueParts {
  readonly name: string;
  readonly arn: string;
  readonly fifo: boolean;
  readonly attributes: ReadonlyMap<string, string>;
  readonly shelf: Shelf;
  readonly around: QueueSurroundings;
}

function secondsOf({ attributes }: QueueParts, attribute: string, otherwise: number): number {
  return Number(attributes.get(attribute) ?? otherwise);
}

/** The sending side: identity, deduplication and the faults that befall a message on its way in. */
function createSender(parts: QueueParts): Queue['send'] {
  const { name, fifo, attributes, shelf, around } = parts;
  const { clock, faults, random } = around;
  const remembered = new Map<string, { at: number; messageId: string; sequenceNumber: string | undefined }>();
  let sequence = 0;

  function create(outgoing: OutgoingMessage, deduplicationId: string | undefined, messageId: string): QueuedMessage {
    return {
      messageId,
      body: outgoing.body,
      attributes: outgoing.attributes,
      senderId: outgoing.senderId,
      groupId: outgoing.groupId,
      deduplicationId,
      sequenceNumber: fifo ? String(++sequence).padStart(20, '0') : undefined,
      sentAt: clock.now(),
      deadLetterSource: undefined,
      firstReceivedAt: undefined,
      receiveCount: 0,
      receiptHandle: '',
      state: 'ready',
      timer: undefined,
    };
  }

  return (outgoing) => {
    const byContent = fifo && attributes.get('ContentBasedDeduplication') === 'true';
    const deduplicationId = outgoing.deduplicationId ?? (byContent ? hash('sha256', outgoing.body) : undefined);
    if (fifo && deduplicationId !== undefined) {
      const known = remembered.get(deduplicationId);
      if (known !== undefined && known.at > clock.now() - deduplicationMsMax) return known;
    }
    const message = create(outgoing, deduplicationId, messageIdFrom(random));
    const { messageId, sequenceNumber } = message;
    if (fifo && deduplicationId !== undefined) {
      remembered.set(deduplicationId, { at: clock.now(), messageId, sequenceNumber });
    }
    clock.record(`sqs ${name} send ${messageId} ${outgoing.body.length}`);
    const detail = `sqs:${name}`;
    if (faults.strikes('lose', detail)) return { messageId, sequenceNumber };
    const asked = (outgoing.delaySeconds ?? secondsOf(parts, 'DelaySeconds', 0)) * 1000;
    shelf.store(message, asked + (faults.strikes('delay', detail) ? faults.delayMs() : 0));
    if (!fifo && faults.strikes('duplicate', detail)) {
      shelf.store(create(outgoing, deduplicationId, messageId), asked + faults.delayMs());
    }
    return { messageId, sequenceNumber };
  };
}

/** A message that is too old or was received too often is not delivered any more. */
function giveUp(parts: QueueParts, message: QueuedMessage): boolean {
  const { name, arn, attributes, shelf, around } = parts;
  const retentionMs = secondsOf(parts, 'MessageRetentionPeriod', retentionSecondsDefault) * 1000;
  if (message.sentAt + retentionMs <= around.clock.now()) {
    shelf.drop(message);
    return true;
  }
  const redrive = readRedrive(attributes.get('RedrivePolicy'));
  if (redrive === undefined || message.receiveCount < redrive.maxReceiveCount) return false;
  const target = around.findByArn(redrive.target);
  if (target === undefined) return false;
  around.clock.record(`sqs ${name} dead ${message.messageId}`);
  shelf.drop(message);
  target.adopt(message, arn);
  return true;
}

/** The receiving side: receipt handles, and what can be done with one. */
function createReceiver(parts: QueueParts): Pick<Queue, 'receive' | 'remove' | 'changeVisibility'> {
  const { name, shelf, around } = parts;
  const { clock, faults } = around;
  const byHandle = new Map<string, QueuedMessage>();

  function deliver(message: QueuedMessage, visibilityMs: number): void {
    message.receiveCount++;
    message.firstReceivedAt ??= clock.now();
    if (message.receiptHandle !== '') byHandle.delete(message.receiptHandle);
    message.receiptHandle = `${message.messageId}#${message.receiveCount}`;
    byHandle.set(message.receiptHandle, message);
    const early = faults.strikes('visibilityExpiry', `sqs:${name}`);
    shelf.hide(message, early ? Math.min(visibilityMs, faults.delayMs()) : visibilityMs);
    clock.record(`sqs ${name} receive ${message.messageId} ${message.receiveCount}`);
  }

  return {
    receive(max, visibilityMs = secondsOf(parts, 'VisibilityTimeout', visibilitySecondsDefault) * 1000) {
      const received: QueuedMessage[] = [];
      const choose = (count: number): number =>
        faults.active && faults.strikes('reorder', `sqs:${name}`) ? faults.below(count) : 0;
      while (received.length < max && shelf.list.available) {
        for (const message of shelf.list.take(max - received.length, choose))
          if (!giveUp(parts, message)) received.push(message);
      }
      for (const message of received) deliver(message, visibilityMs);
      return received;
    },
    remove(receiptHandle) {
      const message = byHandle.get(receiptHandle);
      // Handles of earlier receives and of deleted messages are accepted and do nothing, as on AWS.
      if (message === undefined) return /#\d+$/.test(receiptHandle);
      byHandle.delete(receiptHandle);
      if (message.state !== 'deleted') {
        clock.record(`sqs ${name} delete ${message.messageId}`);
        shelf.drop(message);
        shelf.notify();
      }
      return true;
    },
    changeVisibility(receiptHandle, visibilityMs) {
      const message = byHandle.get(receiptHandle);
      if (message === undefined) return 'unknown';
      if (message.state !== 'inFlight') return 'notInFlight';
      shelf.hide(message, visibilityMs);
      return 'changed';
    },
  };
}

/** Makes an empty queue. A name that ends in `.fifo` makes it a FIFO queue. */
export function createQueue(name: string, url: string, arn: string, around: QueueSurroundings): Queue {
  const fifo = name.endsWith('.fifo');
  const attributes = new Map<string, string>();
  const shelf = createShelf(name, fifo, around.clock);
  const parts: QueueParts = { name, arn, fifo, attributes, shelf, around };
  return {
    name,
    url,
    arn,
    fifo,
    attributes,
    send: createSender(parts),
    ...createReceiver(parts),
    purge: () => shelf.clear(),
    counts() {
      const counts = { visible: 0, inFlight: 0, delayed: 0 };
      for (const { state } of shelf.messages()) {
        if (state === 'ready') counts.visible++;
        else if (state === 'inFlight') counts.inFlight++;
        else counts.delayed++;
      }
      return counts;
    },
    bodies: () => [...shelf.messages()].map((message) => message.body),
    onAvailable: (listener) => shelf.onAvailable(listener),
    get available() {
      return shelf.list.available;
    },
    adopt(message, fromArn) {
      shelf.store({ ...message, deadLetterSource: fromArn, receiptHandle: '', state: 'ready', timer: undefined }, 0);
    },
  };
}

/** The attribute `RedrivePolicy`, which is JSON. */
export function readRedrive(policy: string | undefined): Redrive | undefined {
  if (policy === undefined || policy === '') return undefined;
  const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(policy) as {
    deadLetterTargetArn?: string;
    maxReceiveCount?: number | string;
  };
  if (deadLetterTargetArn === undefined || maxReceiveCount === undefined) return undefined;
  return { target: deadLetterTargetArn, maxReceiveCount: Number(maxReceiveCount) };
}

/** Ids look like SQS's, but come from the seed. */
function messageIdFrom(random: Random): string {
  const hex = random.hex(32);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
