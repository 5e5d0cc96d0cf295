import type { ContextHead, ContextVersionView } from '../contracts/context/context.ts';
import type { NamespacePolicy } from '../contracts/context/policy.ts';
import type { ConflictDocument } from '../contracts/context/requests.ts';
import type { AuditEntry, ContextChange } from '../contracts/context/queries.ts';
import type { Snapshot } from '../contracts/context/snapshots.ts';
import type { Certificate } from '../contracts/context/subjects.ts';
import type { TypeVersion } from '../contracts/context/types.ts';
import type { Announcement } from '../contracts/events.ts';
import type { LockRow } from './core/lock.ts';
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
  /** Where in the request it is told, when that has several. */
  readonly place?: string;
}

/** A document that a transaction only looks at: it must be at this version. */
export interface Check {
  readonly key: DocumentKey;
  readonly version: number;
}

/** A document at one of its versions. */
export interface DocumentVersion {
  readonly context_id: string;
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
  readonly by: { readonly tag: string } | { readonly type: string } | { readonly subject: string } | undefined;
  readonly under: string | undefined;
}

/** Who may do what in a namespace, in one read. */
export interface NamespaceRow {
  readonly namespace: string;
  readonly revision: number;
  readonly policy: NamespacePolicy;
  readonly updated_by: string;
}

/** How far the documents of a namespace were compared with a new retention. */
export interface Walk {
  /** The policy's revision that has the retention. */
  readonly revision: number;
  /** Before this time a change that was decided by the old retention may still be written. */
  readonly from: string;
  readonly cursor?: string;
}

/** An agent that is told of changes at and below places. `mark` is new with each request. */
export interface Watcher {
  readonly agent_id: string;
  readonly under: readonly string[];
  readonly mark: string;
}

/** An erasure of a subject's data that was asked for: what it is about stands before anything is erased. */
export interface Forgetting extends Pick<
  Certificate,
  'namespace' | 'subject' | 'reason' | 'requested_by' | 'requested_at'
> {
  readonly context_ids: readonly string[];
}

export interface DocumentStore {
  /** The newest version with its data, strongly consistent; undefined when there never was one. A deleted document answers with its deletion. */
  latest(key: DocumentKey): Promise<StoredVersion | undefined>;
  version(key: DocumentKey, version: number): Promise<StoredVersion | undefined>;
  /** The version that an operation wrote which named none (append, merge); undefined when it never did. */
  operation(key: DocumentKey, operation_id: string): Promise<number | undefined>;
  /** Heads in the order of the keys, strongly consistent. */
  heads(keys: readonly DocumentKey[]): Promise<readonly (ContextHead | undefined)[]>;
  /** The entries of the history that are not in the archive, newest first. */
  versions(key: DocumentKey, limit: number, cursor?: string): Promise<ContextPage<ContextVersionView>>;
  /**
   * Writes the next versions of up to 25 documents, all or none: heads, versions and whatever finds them. Answers with the keys of the documents
   * that were not as expected, or of all when their stamps became too old for readers of the changes; an empty list: it is written.
   */
  commit(commits: readonly Commit[], checks?: readonly Check[]): Promise<readonly DocumentKey[]>;
  /** The newest versions with their data, in the order of the keys. */
  latestOf(keys: readonly DocumentKey[]): Promise<readonly (StoredVersion | undefined)[]>;
  /** Ids of documents, strongly consistent. A page may be shorter than asked for. */
  find(finding: Finding, limit: number, cursor?: string): Promise<ContextPage<string>>;
  /** The edges that leave or reach a document, of one type or of all. */
  edges(key: DocumentKey, direction: 'out' | 'in', type: string | undefined, limit: number): Promise<readonly Edge[]>;
  /** Notes which versions a task has read; a repeat changes nothing. Which it wrote is noted with the versions. */
  recordReads(namespace: string, task_id: string, reads: readonly DocumentVersion[], at: number): Promise<void>;
  /** The tasks that have read a version. */
  readersOf(key: DocumentKey, version: number, limit: number): Promise<readonly string[]>;
  /** The versions that a task has read or written. */
  touchedBy(
    namespace: string,
    task_id: string,
    action: 'read' | 'wrote',
    limit: number,
  ): Promise<readonly DocumentVersion[]>;
  /** Changes of a namespace stamped after `since` and until `until`, in about their order: one page of each partition, and where to go on. */
  changes(
    namespace: string,
    time: { readonly since?: string; readonly until: number },
    limit: number,
    cursor?: string,
  ): Promise<{ readonly items: readonly ContextChange[]; readonly cursor: string }>;
  /** The agents that watch places of a namespace. */
  watchers(namespace: string): Promise<readonly Watcher[]>;
  /** Lets an agent watch these places, in the stead of those before. */
  watch(namespace: string, watcher: Watcher): Promise<void>;
  /** Lets it watch none any more, unless it has asked again meanwhile. */
  unwatch(namespace: string, watcher: Watcher): Promise<void>;
  /** The snapshots of a namespace by name, those among them that have expired a while ago. */
  snapshots(namespace: string): Promise<readonly Snapshot[]>;
  /** Keeps a snapshot. False: another one of its name has not expired yet. */
  keepSnapshot(snapshot: Snapshot): Promise<boolean>;
  removeSnapshot(namespace: string, name: string): Promise<void>;
  /** Keeps a change that could not be merged; the same conflict again changes nothing. */
  keepConflict(conflict: ConflictDocument): Promise<void>;
  /** What could not be merged, newest first. A page may be shorter than asked for. */
  conflicts(key: DocumentKey, limit: number, cursor?: string): Promise<ContextPage<ConflictDocument>>;
  lock(namespace: string, name: string): Promise<LockRow | undefined>;
  /** Writes a lock whose revision follows the stored one. False: somebody else changed it meanwhile. */
  setLock(row: LockRow): Promise<boolean>;
  /** Locks in the order of their names, those that nobody holds any more among them. */
  locks(namespace: string, under: string | undefined, limit: number, cursor?: string): Promise<ContextPage<LockRow>>;
  /** The versions of a registered type, newest first; none: nobody registered it. Without a type: all versions of all types of the namespace. */
  types(namespace: string, context_type?: string): Promise<readonly TypeVersion[]>;
  /** Registers the next version of a type. False: another one was registered meanwhile. */
  define(row: TypeVersion): Promise<boolean>;
  /** An erasure of a subject's data that has no certificate yet. */
  forgetting(namespace: string, subject: string): Promise<Forgetting | undefined>;
  /** Begins one; false: one was begun already. */
  beginForgetting(row: Forgetting): Promise<boolean>;
  /** Adds a certificate to the chain, and ends the erasure that it is about. False: its number was given out meanwhile. */
  certify(row: Certificate): Promise<boolean>;
  certificates(namespace: string, limit: number, cursor?: string): Promise<ContextPage<Certificate>>;
  /** A retention that has still to be compared with the documents of a namespace: until where that was done. */
  walk(namespace: string): Promise<Walk | undefined>;
  setWalk(namespace: string, walk: Walk | undefined): Promise<void>;
  /** The policy of a namespace, strongly consistent. */
  namespace(namespace: string): Promise<NamespaceRow | undefined>;
  /** Sets a policy whose revision follows the stored one. False: another one was faster. */
  setNamespace(row: NamespaceRow): Promise<boolean>;
  /** The entries of a document's history, oldest first, those in the archive too. */
  entries(key: DocumentKey): Promise<readonly ContextVersionView[]>;
  /**
   * Removes all that is stored of a document but for its tombstones and what other documents say of it: objects, versions, conflicts, operations. Those
   * that lie below it in the hierarchy stay. Answers with whether there was anything.
   */
  removeContent(key: DocumentKey): Promise<boolean>;
  /**
   * Notes on the head of the newest version what the lifecycle says of it (`due`, `erasure`, `archive`, `first_version`). False: somebody else changed
   * the document, what is due or its archive since `before`, and nothing is noted.
   */
  note(before: ContextHead, after: ContextHead): Promise<boolean>;
  /** Removes the versions before this one, with their objects and the conflicts that are about them, while nobody changes the document and that is due; stops when somebody has. */
  prune(head: ContextHead, first: number): Promise<void>;
  /** Writes the versions of a document to the archive under this name. Nothing refers to it yet. */
  pack(head: ContextHead, archive_id: string): Promise<void>;
  /** Removes what the archive has of a document, while its head says so and that archiving is due; stops when it no longer does. */
  removeArchived(head: ContextHead): Promise<void>;
  /** Versions in the archive of a document from this one back, newest first, at least one if there is any; what came after the archiving is not in it. */
  archived(head: ContextHead, version: number, limit: number): Promise<readonly StoredVersion[]>;
  /** Writes back the versions of a document that is in the archive. What an earlier call has written back is not written again. */
  thaw(head: ContextHead): Promise<void>;
  /** Documents with something due, the most overdue first. May be behind by a moment: the head says what is due indeed. */
  due(namespace: string, limit: number): Promise<readonly { readonly context_id: string; readonly at: string }[]>;
  /** Adds to the audit, which nothing changes afterwards. */
  audit(namespace: string, id: string, entry: AuditEntry): Promise<void>;
  /** What was added on a day from one time to another, newest first. */
  audited(
    namespace: string,
    time: { readonly day: string; readonly from: string; readonly to: string },
    limit: number,
    cursor?: string,
  ): Promise<ContextPage<AuditEntry>>;
}

/**
 * The timer of each namespace with something due in it. Times are RFC 3339. What is due stands on the documents; the timer says only when to look.
 */
export interface SweepStore {
  /** Sees to it that somebody looks at this time or before. Written before what is due, so that a crash between leaves a look too many and none too few. */
  arm(namespace: string, at: string): Promise<void>;
  /** Puts a timer that is due off until `until`: by then the look has ended, or another one begins. False: it is not due (any more). */
  postpone(namespace: string, now: string, until: string): Promise<boolean>;
  /** Counts up with each arming: what a look has not seen. */
  armed(namespace: string): Promise<number>;
  /** Sets the time of the next look (undefined: none) unless somebody armed the timer since it was read as `armed`: then false. */
  settle(namespace: string, armed: number, next: string | undefined): Promise<boolean>;
}

/** All that the use cases of documents are given. */
export interface ContextDeps {
  readonly sources: ContextSources;
  readonly documents: DocumentStore;
  readonly sweeps: SweepStore;
  /** Whose an agent is, and where its messages go; undefined when it is not registered. */
  readonly agents: {
    get(
      pool: string,
      agent_id: string,
    ): Promise<{ readonly principal: string; readonly inbox_url: string } | undefined>;
  };
  readonly messenger: { announce(events: readonly Announcement[]): Promise<void> };
}

/** Who calls, as the authorizer knows it, and the story the call belongs to. */
export interface Caller {
  readonly principal: string;
  readonly correlation_id: string;
}
