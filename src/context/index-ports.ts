import type { IndexEntry } from './core/search/entry.ts';
import type { SegmentOpener } from './core/search/range-cache.ts';
import type { SegmentMeta } from './core/search/segment.ts';
import type { ContextDeps } from './ports.ts';

/** One making of a namespace's index. While it is made anew there are two: the one that is asked, and the one that is built beside it. */
export interface IndexName {
  readonly namespace: string;
  /** Counts up with each making. */
  readonly generation: number;
}

/** How an index is made. */
export interface IndexMaking {
  readonly generation: number;
  /** Of the segments. */
  readonly format: number;
  /** Of the vectors. */
  readonly model: string;
}

/** An index that is being built. */
export interface IndexBuild extends IndexMaking {
  /** Epoch milliseconds: documents read before this time may not be as the build is to have them. */
  readonly from: number;
}

/** What everybody who writes to an index must know of it: a small row. */
export interface IndexState {
  readonly live: IndexMaking;
  readonly build?: IndexBuild;
  /** The generation that was given out last. */
  readonly last: number;
  /** How many entries were added since the last flush, roughly, because a repeat counts twice. */
  readonly waiting: number;
  /** Every change up to this time (epoch milliseconds) is in the index; 0: nobody has looked yet. */
  readonly caughtUpAt: number;
  /** When readers were last switched, or a build begun (epoch milliseconds): what is left of other generations may be read for a while. */
  readonly changedAt: number;
}

/** What one index consists of; replaced as a whole on its revision. */
export interface IndexManifest {
  /** Counts up with each replacement; 0: there is no index yet. */
  readonly revision: number;
  readonly segments: readonly SegmentMeta[];
  /** Objects that are no longer part of it, and since when (epoch milliseconds): a question may still be reading them. */
  readonly dropped: readonly { readonly key: string; readonly since: number }[];
  /** How far a build has come with the documents: they are in its segments up to the cursor. */
  readonly walk?: { readonly documents: number; readonly cursor?: string; readonly isDone: boolean };
}

/** A version that a document has now. */
export interface ChangedVersion {
  readonly id: string;
  readonly version: number;
  /** Epoch milliseconds. */
  readonly updated_at: number;
}

/** One making of an index, without the content of its segments. */
export interface IndexContent {
  readonly making: IndexMaking;
  readonly manifest: IndexManifest;
  readonly recent: readonly IndexEntry[];
}

/** An index as it is: what is asked, and what is built beside it. */
export interface LoadedIndex extends IndexContent {
  readonly state: IndexState;
  readonly build?: IndexContent;
  /** Generations of which something is left. */
  readonly retired: readonly number[];
}

/** A document that could not be indexed whole, for example because its body could not be read: it is tried again. */
export interface SetAside {
  readonly id: string;
  readonly reason: string;
  /** How often it was tried. */
  readonly tries: number;
  /** When it is tried again (epoch milliseconds): then or with its next change. */
  readonly at: number;
}

/** The rows of the indexes, one index a namespace. */
export interface IndexStore {
  /** Everything but the segments' content. Entries are read before manifests, so that none is missed while it moves into a segment, and the state last. */
  load(namespace: string): Promise<LoadedIndex>;
  /** Counts entries that are about to be added (or, negative, became a segment), and tells where they belong. */
  count(namespace: string, entries: number): Promise<IndexState>;
  /** Adds entries, idempotent by id and version. */
  add(name: IndexName, entries: readonly IndexEntry[]): Promise<void>;
  /** Removes entries that have become part of a segment. */
  remove(name: IndexName, entries: readonly IndexEntry[]): Promise<void>;
  /** Replaces the manifest of revision `manifest.revision - 1`; false when somebody else was faster. */
  replace(name: IndexName, manifest: IndexManifest): Promise<boolean>;
  /** The namespace's documents that changed at this time (epoch milliseconds) or later, oldest change first. May be behind by a moment. */
  changes(namespace: string, since: number, limit: number): Promise<readonly ChangedVersion[]>;
  /** Remembers for a while that entries became a segment at this time (epoch milliseconds). Said before they are removed. */
  flushed(name: IndexName, entries: readonly IndexEntry[], at: number): Promise<void>;
  /** Those of the versions, all changed at `since` (epoch milliseconds) or later, that are neither among the recent entries nor became a segment since. */
  missing(name: IndexName, versions: readonly ChangedVersion[], since: number): Promise<readonly ChangedVersion[]>;
  /** Notes documents that could not be indexed whole. */
  setAside(namespace: string, documents: readonly SetAside[]): Promise<void>;
  /** Documents that are set aside, those to be tried first before others, up to a time (epoch milliseconds). */
  asides(namespace: string, until: number, limit: number): Promise<readonly SetAside[]>;
  /** Forgets that documents were set aside, as `asides` told it. */
  takeBack(namespace: string, documents: readonly SetAside[]): Promise<void>;
  /** Notes until when every change is in the index. */
  caughtUp(namespace: string, at: number): Promise<void>;
  /** Begins a build, in place of one that is under way; whoever adds entries adds them to it too. False: there is no index yet, or another build began. */
  begin(namespace: string, build: IndexBuild, at: number): Promise<boolean>;
  /** Lets questions go to the build. False: another one has taken its place. */
  switchTo(name: IndexName, waiting: number, at: number): Promise<boolean>;
  /** Removes the rows of a generation that nobody reads any more. */
  drop(name: IndexName): Promise<void>;
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

/** The embedders of a deployment: an index is asked with the one that it was made with until it is made anew. */
export interface Embedders {
  /** The model that indexes are to be made with. */
  readonly model: string;
  /** Undefined for a model that this deployment cannot use: its vectors take no part. */
  of(model: string): Embedder | undefined;
}

/** What searching needs: the documents, which are the truth, and the index, loaded on demand because most functions never search. */
export interface SearchDeps extends ContextDeps {
  readonly indexes: () => Promise<IndexDeps>;
  /** Where warnings for the operator go. */
  readonly log: { warn(message: string, details: Record<string, unknown>): void };
}

/** What the index needs beside the documents. */
export interface IndexDeps {
  readonly sources: { now(): number; hash(text: string): string };
  readonly index: IndexStore;
  readonly segments: SegmentStore;
  /** Opens segments of the store, through a memory that lasts as long as the process. */
  readonly open: SegmentOpener;
  readonly embedders: Embedders;
}
