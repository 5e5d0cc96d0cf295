/** A priority queue: what comes first by `before` is on top. Two entries neither of which is before the other come in any order. */
export interface Heap<T> {
  readonly size: number;
  peek(): T | undefined;
  pop(): T | undefined;
  push(entry: T): void;
  /** Lets the top find its place again after its own order changed: cheaper than a pop and a push. */
  sinkTop(): void;
}

/** A binary heap over these entries, made in linear time. */
export function heapOf<T>(entries: Iterable<T>, before: (one: T, other: T) => boolean): Heap<T> {
  const heap = [...entries];
  const sink = (from: number): void => {
    const entry = heap[from] as T;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as T, heap[child] as T)) child += 1;
      if (!before(heap[child] as T, entry)) break;
      heap[at] = heap[child] as T;
      at = child;
    }
    heap[at] = entry;
  };
  for (let at = (heap.length >> 1) - 1; at >= 0; at -= 1) sink(at);
  return {
    get size() {
      return heap.length;
    },
    peek: () => heap[0],
    pop: () => {
      const top = heap[0];
      const last = heap.pop();
      if (heap.length > 0) {
        heap[0] = last as T;
        sink(0);
      }
      return top;
    },
    push: (entry) => {
      let at = heap.length;
      heap.push(entry);
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (!before(entry, heap[parent] as T)) break;
        heap[at] = heap[parent] as T;
        at = parent;
      }
      heap[at] = entry;
    },
    sinkTop: () => {
      if (heap.length > 1) sink(0);
    },
  };
}
