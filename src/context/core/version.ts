import type {
  ChangeKind,
  ContextDocument,
  ContextHead,
  ContextVersionView,
  Erasure,
  Origin,
  StoredVector,
} from '../../contracts/context/context.ts';
import { contextData, jsonBytes } from '../../contracts/context/data.ts';
import { CadreError } from '../../contracts/errors.ts';
import type { ShownVersions } from '../../contracts/context/declared-reads.ts';
import { canonicalJson, type Json } from '../../contracts/json.ts';
import { parse } from '../../contracts/parse.ts';

/** Which document. */
export interface DocumentKey {
  readonly namespace: string;
  readonly context_id: string;
}

/** A version of a document as it is stored: never changed afterwards. The head of a document is its newest version without the data. */
export interface StoredVersion extends ContextHead {
  readonly kind: ChangeKind;
  /** The version that the change was made from; 0 for a creation. */
  readonly base_version: number;
  /** Tells a repeat from another change. */
  readonly operation_id: string;
  readonly origin?: Origin;
  /** Why the lifecycle was asked for this. */
  readonly reason?: string;
  /** Undefined while the data is in the archive. */
  readonly data?: Json;
}

/** Who changes a document, when, and by which operation. */
export interface Stamp {
  /** Epoch milliseconds; another decision about the same change, which takes the place of the first, has a later one. */
  readonly now: number;
  readonly principal: string;
  readonly operation_id: string;
  readonly origin?: Origin | undefined;
  readonly hash: (text: string) => string;
}

/** What a document has beside its data; undefined keeps what is stored. */
export type Description = {
  readonly [K in 'context_type' | 'tags' | 'relations' | 'access_policy' | 'merge' | 'retention']?:
    ContextHead[K] | undefined;
} & {
  readonly ttl_ms?: number | undefined;
  readonly subject?: string | undefined;
};

/** A change as a use case has decided it. */
export interface Change extends Description {
  readonly kind: ChangeKind;
  readonly base_version: number;
  readonly data: Json;
  /** Who is its creator, of one that is created, where that is somebody else than who creates it. */
  readonly created_by?: string | undefined;
  /** Of an edit from offline: the vector with it. */
  readonly vector?: StoredVector;
}

/** A document that is not there for its readers: deleted, or its life is over. */
export function isGone(head: Pick<ContextHead, 'deleted' | 'expires_at'>, now: number): boolean {
  return head.deleted === true || (head.expires_at !== undefined && Date.parse(head.expires_at) <= now);
}

/** True while somebody who has this version would get just it: nothing newer is there, and the document is neither gone nor in the archive. */
export function isStillLatest(
  head: ContextHead | undefined,
  version: number | undefined,
  now: number,
): head is ContextHead {
  return head !== undefined && head.version === version && head.archive === undefined && !isGone(head, now);
}

/** A version without what only the history tells: the document's head. */
export function headOf(version: ContextHead & Partial<StoredVersion>): ContextHead {
  const { kind: _kind, base_version: _base, operation_id: _operation, origin: _origin, ...rest } = version;
  const { reason: _reason, data: _data, ...head } = rest;
  return head;
}

/** The version to show of each document that an answer is asked to show another one of. */
export function versionsById(versions: ShownVersions = []): ReadonlyMap<string, number> {
  return new Map(versions.map(({ context_id, version }) => [context_id, version]));
}

/** A version as its readers get it. Throws `archived` when its data is in the archive. */
export function documentOf(version: StoredVersion): ContextDocument {
  if (version.data === undefined)
    throw new CadreError('archived', `the data of ${version.context_id} is in the archive`, { path: 'context_id' });
  return { ...headOf(version), data: version.data };
}

/** A version as an entry of the history. */
export function historyEntry(version: Omit<StoredVersion, 'data'>): ContextVersionView {
  const { kind, updated_at, updated_by, operation_id, base_version, bytes, hash, origin, reason, erasure, deleted } =
    version;
  return {
    version: version.version,
    kind,
    at: updated_at,
    by: updated_by,
    operation_id,
    base_version,
    bytes,
    hash,
    ...(origin === undefined ? {} : { origin }),
    ...(reason === undefined ? {} : { reason }),
    ...(erasure === undefined ? {} : { erasure }),
    ...(deleted === undefined ? {} : { deleted }),
  };
}

/** Undefined properties are left out: the stores compare what they wrote with what they read. */
function defined<T extends object>(value: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}

/** Nothing may be written behind what an erasure removes: it would go with it. Throws `being-erased`. */
export function checkNotBeingErased(head: ContextHead | undefined): void {
  if (head?.erasure !== undefined && head.erasure.done_at === undefined)
    throw new CadreError('being-erased', `${head.context_id} is being erased`, { path: 'context_id' });
}

/**
 * The next version of a document. One that is gone begins anew, with its numbering going on, so that a version's number never means two things.
 * Throws `invalid-input` for data that merging, patching or appending made too large or too deep.
 */
export function nextVersion(
  key: DocumentKey,
  previous: ContextHead | undefined,
  change: Change,
  stamp: Stamp,
): StoredVersion {
  checkNotBeingErased(previous);
  const data = parse(contextData, change.data, ['data']);
  const { now } = stamp;
  const at = new Date(now).toISOString();
  const before = previous === undefined || change.kind === 'create' || change.kind === 'fork' ? undefined : previous;
  const version = (previous?.version ?? 0) + 1;
  // An older version comes back without the rules that were set since.
  const rules = change.kind === 'restore' ? undefined : before;
  const ttl_ms = change.ttl_ms ?? rules?.ttl_ms;
  return defined<StoredVersion>({
    namespace: key.namespace,
    context_id: key.context_id,
    context_type: change.context_type ?? before?.context_type ?? 'knowledge',
    version,
    created_version: before?.created_version ?? version,
    created_at: before?.created_at ?? at,
    updated_at: at,
    created_by: before?.created_by ?? change.created_by ?? stamp.principal,
    updated_by: stamp.principal,
    tags: change.tags ?? before?.tags ?? [],
    relations: change.relations ?? before?.relations ?? [],
    access_policy: change.access_policy ?? before?.access_policy,
    merge: change.merge ?? rules?.merge,
    retention: change.retention ?? rules?.retention,
    subject: subjectOf(previous, change),
    first_version: previous?.first_version,
    ttl_ms,
    expires_at: expiry(ttl_ms, now),
    // A hold is of the place: creating a document anew does not end it.
    legal_hold: previous?.legal_hold,
    vector: change.vector ?? (before?.vector && { ...before.vector, plain: version }),
    bytes: jsonBytes(data),
    hash: stamp.hash(canonicalJson(data)),
    schema_version: undefined,
    deleted: undefined,
    kind: change.kind,
    base_version: change.base_version,
    operation_id: stamp.operation_id,
    origin: stamp.origin,
    data,
  });
}

/** The subject of a document stays: whoever asks what is stored of it must find the history too. Throws `invalid-input` for another one. */
function subjectOf(previous: ContextHead | undefined, { subject }: Description): string | undefined {
  if (previous?.subject !== undefined && subject !== undefined && previous.subject !== subject)
    throw new CadreError('invalid-input', `${previous.context_id} has data of another subject until it is erased`, {
      path: 'subject',
    });
  return previous?.subject ?? subject;
}

function expiry(ttl_ms: number | undefined, now: number): string | undefined {
  return ttl_ms === undefined ? undefined : new Date(now + ttl_ms).toISOString();
}

/** The version that says a document is deleted. It keeps the description, so that the document can be restored as it was. */
export function deletion(previous: ContextHead, stamp: Stamp): StoredVersion {
  const { expires_at: _expiry, ...kept } = previous;
  return defined<StoredVersion>({
    ...kept,
    version: previous.version + 1,
    updated_at: new Date(stamp.now).toISOString(),
    updated_by: stamp.principal,
    bytes: 0,
    hash: stamp.hash('null'),
    deleted: true,
    kind: 'delete',
    base_version: previous.version,
    operation_id: stamp.operation_id,
    origin: stamp.origin,
    data: null,
  });
}

/** The same version again with other settings: a deleted document stays deleted. */
export function withHold(
  previous: StoredVersion,
  { legal_hold, reason }: Pick<StoredVersion, 'legal_hold'> & { readonly reason: string },
  stamp: Stamp,
): StoredVersion {
  checkNotBeingErased(previous);
  return defined<StoredVersion>({
    ...previous,
    legal_hold,
    reason,
    version: previous.version + 1,
    updated_at: new Date(stamp.now).toISOString(),
    updated_by: stamp.principal,
    kind: 'settings',
    base_version: previous.version,
    operation_id: stamp.operation_id,
    origin: stamp.origin,
  });
}

/** The tombstone of a document that is erased from now on: nothing in it tells what the document was, but for its place, its type and the proof. */
export function erasing(
  previous: ContextHead,
  { reason, ...erasure }: Erasure & { readonly reason: string },
  stamp: Stamp,
): StoredVersion {
  const { namespace, context_id, context_type, created_version } = previous;
  const at = new Date(stamp.now).toISOString();
  return defined<StoredVersion>({
    ...{ namespace, context_id, context_type, created_version },
    version: previous.version + 1,
    created_at: at,
    updated_at: at,
    created_by: stamp.principal,
    updated_by: stamp.principal,
    tags: [],
    relations: [],
    first_version: previous.version + 1,
    bytes: 0,
    hash: stamp.hash('null'),
    deleted: true,
    erasure,
    reason,
    due: { at, action: 'erase' },
    kind: 'erase',
    base_version: previous.version,
    operation_id: stamp.operation_id,
    origin: stamp.origin,
    data: null,
  });
}
