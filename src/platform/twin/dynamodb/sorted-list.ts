/** Entries kept in order in chunks, so that inserting among a hundred thousand moves only a few hundred. */
export interface SortedList<T> {
  insert(entry: T): void;
  /** Removes the entry that `compare` calls equal. */
  remove(entry: T): void;
  /**
   * The entries for which `locate` says 0, in either direction. `locate` says -1 before the wanted range and 1 after it, and
   * must agree with the order of the list.
   */
  range(locate: (entry: T) => number, forward: boolean): Generator<T>;
  all(): T[];
  readonly size: number;
}

const chunkEntriesMax = 512;

/** The chunk that holds or should hold the first entry which is not before the target. */
function chunkFor<T>(chunks: readonly (readonly T[])[], isBefore: (entry: T) => boolean): number {
  let low = 0;
  let high = chunks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const last = chunks[middle]?.at(-1);
    if (last !== undefined && isBefore(last)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function indexIn<T>(chunk: readonly T[], isBefore: (entry: T) => boolean): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(chunk[middle] as T)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function* forwards<T>(chunks: readonly (readonly T[])[], locate: (entry: T) => number): Generator<T> {
  const isBefore = (entry: T): boolean => locate(entry) < 0;
  let chunkIndex = chunkFor(chunks, isBefore);
  let index = indexIn(chunks[chunkIndex] ?? [], isBefore);
  for (;;) {
    const chunk = chunks[chunkIndex];
    if (chunk === undefined) return;
    for (; index < chunk.length; index++) {
      const entry = chunk[index] as T;
      if (locate(entry) !== 0) return;
      yield entry;
    }
    chunkIndex++;
    index = 0;
  }
}

function* backwards<T>(chunks: readonly (readonly T[])[], locate: (entry: T) => number): Generator<T> {
  const isBefore = (entry: T): boolean => locate(entry) <= 0;
  let chunkIndex = chunkFor(chunks, isBefore);
  let index = indexIn(chunks[chunkIndex] ?? [], isBefore) - 1;
  for (;;) {
    for (; index >= 0; index--) {
      const entry = chunks[chunkIndex]?.[index] as T;
      if (locate(entry) !== 0) return;
      yield entry;
    }
    chunkIndex--;
    const chunk = chunks[chunkIndex];
    if (chunk === undefined) return;
    index = chunk.length - 1;
  }
}

/** An empty list in the order of `compare`. */
export function createSortedList<T>(compare: (a: T, b: T) => number): SortedList<T> {
  const chunks: T[][] = [];
  let size = 0;

  return {
    insert(entry) {
      size++;
      const isBefore = (other: T): boolean => compare(other, entry) < 0;
      const chunkIndex = Math.min(chunkFor(chunks, isBefore), chunks.length - 1);
      const chunk = chunks[chunkIndex];
      if (chunk === undefined) {
        chunks.push([entry]);
        return;
      }
      chunk.splice(indexIn(chunk, isBefore), 0, entry);
      if (chunk.length > chunkEntriesMax) chunks.splice(chunkIndex + 1, 0, chunk.splice(chunk.length >> 1));
    },
    remove(entry) {
      const isBefore = (other: T): boolean => compare(other, entry) < 0;
      const chunkIndex = chunkFor(chunks, isBefore);
      const chunk = chunks[chunkIndex];
      if (chunk === undefined) return;
      const index = indexIn(chunk, isBefore);
      const found = chunk[index];
      if (found === undefined || compare(found, entry) !== 0) return;
      size--;
      chunk.splice(index, 1);
      if (chunk.length === 0) chunks.splice(chunkIndex, 1);
    },
    range: (locate, forward) => (forward ? forwards(chunks, locate) : backwards(chunks, locate)),
    all: () => chunks.flat(),
    get size() {
      return size;
    },
  };
}
