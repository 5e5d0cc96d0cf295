import { hash } from 'node:crypto';
import type { FaultPlan } from '../faults.ts';
import type { Random } from '../random.ts';
import type { VirtualClock } from '../virtual-clock.ts';
import type { OutgoingMessage, QueuedMessage } from './message.ts';
import { createFifoList, createStandardList } from './ready-list.ts';

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

/** Makes an empty queue. A name that ends in `.fifo` makes it a FIFO queue. */
export function createQueue(name: string, url: string, arn: string, around: QueueSurroundings): Queue {
  const { clock, faults, random } = around;
  const fifo = name.endsWith('.fifo');
  const list = fifo ? createFifoList() : createStandardList();
  const attributes = new Map<string, string>();
  const messages = new Set<QueuedMessage>();
  const byHandle = new Map<string, QueuedMessage>();
  const remembered = new Map<string, { at: number; messageId: string; sequenceNumber: string | undefined }>();
  const listeners = new Set<() => void>();
  let sequence = 0;

  const seconds = (attribute: string, otherwise: number): number => Number(attributes.get(attribute) ?? otherwise);

  function notify(): void {
    if (list.available) for (const listener of [...listeners]) listener();
  }

  function store(message: QueuedMessage, delayMs: number): void {
    messages.add(message);
    if (delayMs > 0) {
      message.state = 'delayed';
      message.timer = clock.at(clock.now() + delayMs, () => {
        message.state = 'ready';
        message.timer = undefined;
        list.wake(message);
        notify();
      });
    }
    list.append(message);
    notify();
  }

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

  function drop(message: QueuedMessage): void {
    list.forget(message);
    message.timer?.cancel();
    message.state = 'deleted';
    messages.delete(message);
  }

  function becomeVisible(message: QueuedMessage): void {
    message.timer = undefined;
    message.state = 'ready';
    list.giveBack(message);
    clock.record(`sqs ${name} visible ${message.messageId}`);
    notify();
  }

  function hide(message: QueuedMessage, visibilityMs: number): void {
    message.timer?.cancel();
    if (visibilityMs <= 0) {
      becomeVisible(message);
      return;
    }
    message.timer = clock.at(clock.now() + visibilityMs, () => becomeVisible(message));
  }

  /** A message that is too old or was received too often is not delivered any more. */
  function giveUp(message: QueuedMessage): boolean {
    if (message.sentAt + seconds('MessageRetentionPeriod', retentionSecondsDefault) * 1000 <= clock.now()) {
      drop(message);
      return true;
    }
    const redrive = readRedrive(attributes.get('RedrivePolicy'));
    if (redrive === undefined || message.receiveCount < redrive.maxReceiveCount) return false;
    const target = around.findByArn(redrive.target);
    if (target === undefined) return false;
    clock.record(`sqs ${name} dead ${message.messageId}`);
    drop(message);
    target.adopt(message, arn);
    return true;
  }

  function deliver(message: QueuedMessage, visibilityMs: number): void {
    message.receiveCount++;
    message.firstReceivedAt ??= clock.now();
    if (message.receiptHandle !== '') byHandle.delete(message.receiptHandle);
    message.receiptHandle = `${message.messageId}#${message.receiveCount}`;
    byHandle.set(message.receiptHandle, message);
    const early = faults.strikes('visibilityExpiry', `sqs:${name}`);
    hide(message, early ? Math.min(visibilityMs, faults.delayMs()) : visibilityMs);
    clock.record(`sqs ${name} receive ${message.messageId} ${message.receiveCount}`);
  }

  return {
    name,
    url,
    arn,
    fifo,
    attributes,
    send(outgoing) {
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
      const asked = (outgoing.delaySeconds ?? seconds('DelaySeconds', 0)) * 1000;
      store(message, asked + (faults.strikes('delay', detail) ? faults.delayMs() : 0));
      if (!fifo && faults.strikes('duplicate', detail)) {
        store(create(outgoing, deduplicationId, messageId), asked + faults.delayMs());
      }
      return { messageId, sequenceNumber };
    },
    receive(max, visibilityMs = seconds('VisibilityTimeout', visibilitySecondsDefault) * 1000) {
      const received: QueuedMessage[] = [];
      while (received.length < max && list.available) {
        const choose = (count: number): number =>
          faults.active && faults.strikes('reorder', `sqs:${name}`) ? faults.below(count) : 0;
        for (const message of list.take(max - received.length, choose)) if (!giveUp(message)) received.push(message);
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
        drop(message);
        notify();
      }
      return true;
    },
    changeVisibility(receiptHandle, visibilityMs) {
      const message = byHandle.get(receiptHandle);
      if (message === undefined) return 'unknown';
      if (message.state !== 'inFlight') return 'notInFlight';
      hide(message, visibilityMs);
      return 'changed';
    },
    purge() {
      for (const message of [...messages]) drop(message);
      list.clear();
    },
    counts() {
      const counts = { visible: 0, inFlight: 0, delayed: 0 };
      for (const { state } of messages) {
        if (state === 'ready') counts.visible++;
        else if (state === 'inFlight') counts.inFlight++;
        else counts.delayed++;
      }
      return counts;
    },
    bodies: () => [...messages].map((message) => message.body),
    onAvailable(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    get available() {
      return list.available;
    },
    adopt(message, fromArn) {
      const moved: QueuedMessage = {
        ...message,
        deadLetterSource: fromArn,
        receiptHandle: '',
        state: 'ready',
        timer: undefined,
      };
      store(moved, 0);
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
