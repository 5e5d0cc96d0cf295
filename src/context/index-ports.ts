import type { IndexEntry } from './core/search/entry.ts';
import type { SegmentOpener } from './core/search/range-cache.ts';
import type { SegmentMeta } from './core/search/segment.ts';
import type { ContextDeps } from './ports.ts';

/** What one index consists of; replaced as a whole on its revision. */
export interface IndexManifest {
  /** Counts up with each replacement; 0: there is no index yet. */
  readonly revision: number;
  readonly segments: readonly SegmentMeta[];
  /** Objects that are no longer part of it, and since when (epoch milliseconds): a question may still be reading them. */
  readonly dropped: readonly { readonly key: string; readonly since: number }[];
}

/** A version that a document has now. */
export interface ChangedVersion {
  readonly id: string;
  readonly version: number;
  /** Epoch milliseconds. */
  readonly updated_at: number;
}

/** An index without the content of its segments. */
export interface LoadedIndex {
  readonly manifest: IndexManifest;
  readonly recent: readonly IndexEntry[];
  /** Every change up to this time (epoch milliseconds) is in the index; 0: nobody has looked yet. */
  readonly caughtUpAt: number;
}

/** The rows of an index. An index is named by its namespace. */
export interface IndexStore {
  /** Everything but the segments' content. The recent entries are read before the manifest, so that none is missed while it moves into a segment. */
  load(namespace: string): Promise<LoadedIndex>;
  /** Adds entries, idempotent by id and version. `waiting`: how many were added since the last flush, roughly, because a repeat counts twice. */
  add(
    namespace: string,
    entries: readonly IndexEntry[],
  ): Promise<{ readonly waiting: number; readonly caughtUpAt: number }>;
  /** Removes entries that have become part of a segment. */
  remove(namespace: string, entries: readonly IndexEntry[]): Promise<void>;
  /** Replaces the manifest of revision `manifest.revision - 1`; false when somebody else was faster. */
  replace(namespace: string, manifest: IndexManifest): Promise<boolean>;
  /** The namespace's documents that changed at this time (epoch milliseconds) or later, oldest change first. May be behind by a moment. */
  changes(namespace: string, since: number, limit: number): Promise<readonly ChangedVersion[]>;
  /** Those of the versions that are not among the recent entries. */
  missing(namespace: string, versions: readonly ChangedVersion[]): Promise<readonly ChangedVersion[]>;
  /** Notes until when every change is in the index. */
  caughtUp(namespace: string, at: number): Promise<void>;
}

/** The objects that segments are. */
export interface SegmentStore {
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** The bytes from the first offset up to the second. */
  read(key: string, from: number, to: number): Promise<Uint8Array>;
  /** Removes an object; one that is not there is removed already. */
  remove(key: string): Promise<void>;
  /** The objects whose keys begin so, and when each was written (epoch milliseconds). */
  list(prefix: string): Promise<readonly { readonly key: string; readonly written_at: number }[]>;
}

/** Turns texts into vectors of length one. Texts with like vectors are alike. */
export interface Embedder {
  /** Vectors of two models cannot be compared; the index keeps the name with them. */
  readonly model: string;
  embed(texts: readonly string[]): Promise<readonly Float32Array[]>;
}

/** What searching needs: the documents, which are the truth, and the index, loaded on demand because most functions never search. */
export interface SearchDeps extends ContextDeps {
  readonly indexes: () => Promise<IndexDeps>;
}

/** What the index needs beside the documents. */
export interface IndexDeps {
  readonly sources: { now(): number; hash(text: string): string };
  readonly index: IndexStore;
  readonly segments: SegmentStore;
  /** Opens segments of the store, through a memory that lasts as long as the process. */
  readonly open: SegmentOpener;
  readonly embedder: Embedder;
}
