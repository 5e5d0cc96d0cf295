import type { IndexEntry } from './core/search/entry.ts';
import type { SegmentOpener } from './core/search/range-cache.ts';
import type { SegmentMeta } from './core/search/segment.ts';

/** What one index consists of; replaced as a whole on its revision. */
export interface IndexManifest {
  /** Counts up with each replacement; 0: there is no index yet. */
  readonly revision: number;
  readonly segments: readonly SegmentMeta[];
  /** Objects that are no longer part of it, and since when (epoch milliseconds): a question may still be reading them. */
  readonly dropped: readonly { readonly key: string; readonly since: number }[];
}

/** The rows of an index. An index is named by its namespace. */
export interface IndexStore {
  /** Everything but the segments' content. The recent entries are read before the manifest, so that none is missed while it moves into a segment. */
  load(namespace: string): Promise<{ readonly manifest: IndexManifest; readonly recent: readonly IndexEntry[] }>;
  /** Adds entries, idempotent by id and version. Answers with how many were added since the last flush, roughly: a repeat counts twice. */
  add(namespace: string, entries: readonly IndexEntry[]): Promise<number>;
  /** Removes entries that have become part of a segment. */
  remove(namespace: string, entries: readonly IndexEntry[]): Promise<void>;
  /** Replaces the manifest of revision `manifest.revision - 1`; false when somebody else was faster. */
  replace(namespace: string, manifest: IndexManifest): Promise<boolean>;
}

/** The objects that segments are. */
export interface SegmentStore {
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** The bytes from the first offset up to the second. */
  read(key: string, from: number, to: number): Promise<Uint8Array>;
  /** Removes an object; one that is not there is removed already. */
  remove(key: string): Promise<void>;
}

/** Turns texts into vectors of length one. Texts with like vectors are alike. */
export interface Embedder {
  /** Vectors of two models cannot be compared; the index keeps the name with them. */
  readonly model: string;
  embed(texts: readonly string[]): Promise<readonly Float32Array[]>;
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
