import type { QueuedMessage } from './message.ts';

/** Which messages of a queue can be received now. A queue is standard or FIFO by the list it has. */
export interface ReadyList {
  /** A new message, ready or delayed. */
  append(message: QueuedMessage): void;
  /** The delay of a message ended. */
  wake(message: QueuedMessage): void;
  /** A message in flight became visible again. */
  giveBack(message: QueuedMessage): void;
  /** Puts up to `max` messages in flight; `choose` may pick others than the first where order is not promised. */
  take(max: number, choose: (count: number) => number): QueuedMessage[];
  /** A message was deleted, which is still in the state it had. */
  forget(message: QueuedMessage): void;
  readonly available: boolean;
  clear(): void;
}

const compactAfter = 1_000;

/** Any order is allowed; without faults it is the order of becoming visible. */
export function createStandardList(): ReadyList {
  let messages: (QueuedMessage | undefined)[] = [];
  let head = 0;
  let ready = 0;

  function add(message: QueuedMessage): void {
    if (message.state !== 'ready') return;
    messages.push(message);
    ready++;
  }

  return {
    append: add,
    wake: add,
    giveBack: add,
    take(max, choose) {
      const taken: QueuedMessage[] = [];
      while (taken.length < max && head < messages.length) {
        const index = head + choose(messages.length - head);
        const message = messages[index];
        messages[index] = messages[head];
        messages[head] = undefined;
        head++;
        if (message?.state !== 'ready') continue;
        message.state = 'inFlight';
        ready--;
        taken.push(message);
      }
      if (head > compactAfter && head * 2 > messages.length) {
        messages = messages.slice(head);
        head = 0;
      }
      return taken;
    },
    forget(message) {
      if (message.state === 'ready') ready--;
    },
    get available() {
      return ready > 0;
    },
    clear() {
      messages = [];
      head = 0;
      ready = 0;
    },
  };
}

interface Group {
  readonly name: string;
  /** In order of sending; messages in flight keep their place. */
  readonly messages: QueuedMessage[];
  inFlight: number;
}

/** Strict order within a group, and nothing more of a group while any of it is in flight. */
export function createFifoList(): ReadyList {
  const groups = new Map<string, Group>();
  /** Groups whose first message can be received, in the order in which they became so. */
  const open = new Set<Group>();

  function groupOf(message: QueuedMessage): Group {
    const name = message.groupId ?? '';
    let group = groups.get(name);
    if (group === undefined) groups.set(name, (group = { name, messages: [], inFlight: 0 }));
    return group;
  }

  function refresh(group: Group): void {
    if (group.inFlight === 0 && group.messages[0]?.state === 'ready') open.add(group);
    else open.delete(group);
  }

  return {
    append(message) {
      const group = groupOf(message);
      group.messages.push(message);
      refresh(group);
    },
    wake: (message) => refresh(groupOf(message)),
    giveBack(message) {
      const group = groupOf(message);
      group.inFlight--;
      refresh(group);
    },
    take(max) {
      const taken: QueuedMessage[] = [];
      for (const group of open) {
        if (taken.length >= max) break;
        open.delete(group);
        for (const message of group.messages) {
          if (message.state !== 'ready' || taken.length >= max) break;
          message.state = 'inFlight';
          group.inFlight++;
          taken.push(message);
        }
      }
      return taken;
    },
    forget(message) {
      const group = groupOf(message);
      const index = group.messages.indexOf(message);
      if (index >= 0) group.messages.splice(index, 1);
      if (message.state === 'inFlight') group.inFlight--;
      if (group.messages.length === 0) groups.delete(group.name);
      refresh(group);
    },
    get available() {
      return open.size > 0;
    },
    clear() {
      groups.clear();
      open.clear();
    },
  };
}
