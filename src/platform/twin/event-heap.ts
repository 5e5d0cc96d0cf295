/** One thing that will happen at a time. Order is (time, tie, sequence), which is total. */
export interface ScheduledEvent {
  readonly time: number;
  readonly tie: number;
  readonly sequence: number;
  readonly background: boolean;
  cancelled: boolean;
  happened: boolean;
  readonly fn: () => void;
}

/** A binary heap of events that forgets cancelled ones when they come to the top. */
export interface EventHeap {
  push(event: ScheduledEvent): void;
  peek(): ScheduledEvent | undefined;
  pop(): ScheduledEvent | undefined;
  cancel(event: ScheduledEvent): void;
  /** How many events wait that are not background ones. */
  foreground(): number;
}

/** An empty heap. */
export function createEventHeap(): EventHeap {
  const events: ScheduledEvent[] = [];
  let foreground = 0;

  function removeTop(): ScheduledEvent | undefined {
    const top = events[0];
    const last = events.pop();
    if (top !== undefined && last !== undefined && top !== last) {
      events[0] = last;
      siftDown(events);
    }
    return top;
  }

  function peek(): ScheduledEvent | undefined {
    while (events[0]?.cancelled === true) removeTop();
    return events[0];
  }

  return {
    push(event) {
      events.push(event);
      if (!event.background) foreground++;
      siftUp(events);
    },
    peek,
    pop() {
      const top = peek();
      if (top === undefined) return undefined;
      removeTop();
      top.happened = true;
      if (!top.background) foreground--;
      return top;
    },
    cancel(event) {
      if (event.cancelled || event.happened) return;
      event.cancelled = true;
      if (!event.background) foreground--;
    },
    foreground: () => foreground,
  };
}

function before(a: ScheduledEvent, b: ScheduledEvent): boolean {
  if (a.time !== b.time) return a.time < b.time;
  return a.tie === b.tie ? a.sequence < b.sequence : a.tie < b.tie;
}

function siftUp(events: ScheduledEvent[]): void {
  let index = events.length - 1;
  const moving = events[index];
  if (moving === undefined) return;
  while (index > 0) {
    const parentIndex = (index - 1) >> 1;
    const parent = events[parentIndex];
    if (parent === undefined || !before(moving, parent)) break;
    events[index] = parent;
    index = parentIndex;
  }
  events[index] = moving;
}

function siftDown(events: ScheduledEvent[]): void {
  const moving = events[0];
  if (moving === undefined) return;
  let index = 0;
  for (;;) {
    let childIndex = 2 * index + 1;
    let child = events[childIndex];
    if (child === undefined) break;
    const right = events[childIndex + 1];
    if (right !== undefined && before(right, child)) {
      childIndex++;
      child = right;
    }
    if (!before(child, moving)) break;
    events[index] = child;
    index = childIndex;
  }
  events[index] = moving;
}
