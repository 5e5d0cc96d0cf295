import type { ContextHead, NamespacePolicy } from '../contracts/context.ts';
import type { ConflictDocument } from '../contracts/context-operations.ts';
import type { AuditEntry, ContextChange } from '../contracts/context-queries.ts';
import type { Announcement } from '../contracts/events.ts';
import type { DocumentKey, StoredVersion } from './core/version.ts';

/** Time, ids and randomness: everything the core must be given. */
export interface ContextSources {
  /** Epoch milliseconds. */
  now(): number;
  /** A unique, time-ordered id. */
  id(): string;
  /** A number in [0, 1). */
  random(): number;
  /** SHA-256 of the text, hex. */
  hash(text: string): string;
}

/** One page; `cursor` is opaque and absent on the last page. */
export interface ContextPage<T> {
  readonly items: readonly T[];
  readonly cursor?: string;
}

/** The next version of one document. It is written only if the document is still at `previous` (undefined: it must not exist, or be gone). */
export interface Commit {
  readonly previous: ContextHead | undefined;
  readonly next: StoredVersion;
  /** Refuse it when the operation was done before, for changes that name no expected version. */
  readonly once?: boolean;
}

/** A document that a transaction only looks at: it must be at this version. */
export interface Check {
  readonly key: DocumentKey;
  readonly version: number;
}

/** A typed edge between documents of one namespace. */
export interface Edge {
  readonly from: string;
  readonly type: string;
  readonly to: string;
}

/** Which documents a listing looks through, in the order of their paths. */
export interface Finding {
  readonly namespace: string;
  readonly by: { readonly tag: string } | { readonly type: string } | undefined;
  readonly under: string | undefined;
}

/** Who may do what in a namespace, in one read. */
export interface NamespaceRow {
  readonly namespace: string;
  readonly revision: number;
  readonly policy: NamespacePolicy;
  readonly updated_by: string;
}

export interface DocumentStore {
  /** The newest version with its data, strongly consistent; undefined when there never was one. A deleted document answers with its deletion. */
  latest(key: DocumentKey): Promise<StoredVersion | undefined>;
  version(key: DocumentKey, version: number): Promise<StoredVersion | undefined>;
  /** The version that an operation wrote which named none (append, merge); undefined when it never did. */
  operation(key: DocumentKey, operation_id: string): Promise<number | undefined>;
  /** Heads in the order of the keys, strongly consistent. */
  heads(keys: readonly DocumentKey[]): Promise<readonly (ContextHead | undefined)[]>;
  /** Versions, newest first. */
  versions(key: DocumentKey, limit: number, cursor?: string): Promise<ContextPage<StoredVersion>>;
  /**
   * Writes the next versions of up to 25 documents, all or none: heads, versions and whatever finds them. Answers with the keys of the documents
   * that were not as expected; an empty list: it is written.
   */
  commit(commits: readonly Commit[], checks?: readonly Check[]): Promise<readonly DocumentKey[]>;
  /** The newest versions with their data, in the order of the keys. */
  latestOf(keys: readonly DocumentKey[]): Promise<readonly (StoredVersion | undefined)[]>;
  /** Ids of documents, strongly consistent. A page may be shorter than asked for. */
  find(finding: Finding, limit: number, cursor?: string): Promise<ContextPage<string>>;
  /** The edges that leave or reach a document. */
  edges(key: DocumentKey, direction: 'out' | 'in', type?: string): Promise<readonly Edge[]>;
  /** Changes of a namespace written until `until`, in about their order: one page of each partition, and where to go on. */
  changes(
    namespace: string,
    until: number,
    limit: number,
    cursor?: string,
  ): Promise<{ readonly items: readonly ContextChange[]; readonly cursor: string }>;
  /** Keeps a change that could not be merged; the same conflict again changes nothing. */
  keepConflict(conflict: ConflictDocument): Promise<void>;
  conflicts(key: DocumentKey, limit: number, cursor?: string): Promise<ContextPage<ConflictDocument>>;
  /** The policy of a namespace, strongly consistent. */
  namespace(namespace: string): Promise<NamespaceRow | undefined>;
  /** Sets a policy whose revision follows the stored one. False: another one was faster. */
  setNamespace(row: NamespaceRow): Promise<boolean>;
  /** Adds to the audit, which nothing changes afterwards. */
  audit(namespace: string, id: string, entry: AuditEntry): Promise<void>;
  audited(namespace: string, day: string, limit: number, cursor?: string): Promise<ContextPage<AuditEntry>>;
}

/** All that the use cases of documents are given. */
export interface ContextDeps {
  readonly sources: ContextSources;
  readonly documents: DocumentStore;
  readonly messenger: { announce(events: readonly Announcement[]): Promise<void> };
}

/** Who calls, as the authorizer knows it, and the story the call belongs to. */
export interface Caller {
  readonly principal: string;
  readonly correlation_id: string;
}
