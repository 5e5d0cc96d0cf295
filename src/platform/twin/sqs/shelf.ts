import type { VirtualClock } from '../virtual-clock.ts';
import type { QueuedMessage } from './message.ts';
import { createFifoList, createStandardList } from './ready-list.ts';
import type { ReadyList } from './ready-list.ts';

/** Where a queue's messages lie, each in the state it has: delayed, ready, in flight or deleted. */
export interface Shelf {
  readonly list: ReadyList;
  /** Puts a message there, to be received at once or after a delay. */
  store(message: QueuedMessage, delayMs: number): void;
  /** Deletes a message. */
  drop(message: QueuedMessage): void;
  /** Keeps a received message from others for so long; 0 gives it back at once. */
  hide(message: QueuedMessage, visibilityMs: number): void;
  clear(): void;
  /** Tells the listeners if anything can be received. */
  notify(): void;
  /** Calls back whenever something may have become receivable; the returned function ends it. */
  onAvailable(listener: () => void): () => void;
  /** Everything not deleted. */
  messages(): Iterable<QueuedMessage>;
}

/** An empty shelf of the queue of that name. */
export function createShelf(name: string, fifo: boolean, clock: VirtualClock): Shelf {
  const list = fifo ? createFifoList() : createStandardList();
  const messages = new Set<QueuedMessage>();
  const listeners = new Set<() => void>();

  function notify(): void {
    if (list.available) for (const listener of [...listeners]) listener();
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

  return {
    list,
    store(message, delayMs) {
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
    },
    drop,
    hide(message, visibilityMs) {
      message.timer?.cancel();
      if (visibilityMs <= 0) becomeVisible(message);
      else message.timer = clock.at(clock.now() + visibilityMs, () => becomeVisible(message));
    },
    clear() {
      for (const message of [...messages]) drop(message);
      list.clear();
    },
    notify,
    onAvailable(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    messages: () => messages,
  };
}
