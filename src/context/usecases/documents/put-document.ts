import type * as z from 'zod';
import type { ContextHead } from '../../../contracts/context/context.ts';
import type { ChangeAnswer, ConflictDocument, putDocumentRequest } from '../../../contracts/context/requests.ts';
import { CadreError } from '../../../contracts/errors.ts';
import type { Json } from '../../../contracts/json.ts';
import { keepingMasked, visible, type Access } from '../../core/access.ts';
import { mergedDescription } from '../../core/merge-description.ts';
import { documentOf, headOf, nextVersion, type Stamp, type StoredVersion } from '../../core/version.ts';
import type { Caller, ContextDeps } from '../../ports.ts';
import { changeData, changeDocument, repeated, stampOf, type Decision } from './change-document.ts';
import { keptData, liveFor, permitted, withData, type DocumentState } from './load-document.ts';
import { mergeData } from './merge-change.ts';

type PutRequest = z.output<typeof putDocumentRequest>;

/** What a change makes of the version that it was made from. */
type DataOf = (base: StoredVersion, access: Access) => Json;

/** A change of a document that somebody else changed since `base`. */
interface Stale {
  readonly request: Omit<PutRequest, 'data'>;
  readonly dataOf: DataOf;
  readonly live: StoredVersion;
  readonly base: StoredVersion | undefined;
  readonly access: Access;
  readonly stamp: Stamp;
}

/**
 * Writes a document from the version that the caller saw. When that is no longer the latest, the change is refused with what a merge would give, or
 * merged when the caller asked for it; what cannot be merged is kept as a conflict document. Throws `not-found` and `forbidden`.
 */
export async function putDocument(
  deps: ContextDeps,
  caller: Caller,
  request: PutRequest | Omit<PutRequest, 'data'>,
  dataOf: DataOf = () => ('data' in request ? request.data : null),
): Promise<ChangeAnswer> {
  const { namespace, context_id, expected_version } = request;
  const key = { namespace, context_id };
  const stamp = stampOf(deps, caller, request);
  // Whole new data is written without looking at the old.
  const change = 'data' in request ? changeDocument : changeData;
  return change(deps, caller, key, async (state: DocumentState) => {
    const answer = await repeated(deps, state, expected_version, stamp.operation_id);
    if (answer !== undefined) return { answer };
    const { live, access } = liveFor(state, caller, 'write');
    // Who sets a policy decides about others.
    if (request.access_policy !== undefined) permitted(state.namespace, live, caller, 'admin');
    if (live.version !== expected_version) {
      // For whoever may not read nothing is merged: what a rule makes of what is stored would tell of it.
      if (!access.actions.has('read')) return { answer: { outcome: 'stale', head: headOf(live) } };
      const [ours, base] = await Promise.all([withData(deps, live), deps.documents.version(key, expected_version)]);
      return decideStale({ request, dataOf, live: ours, base, access, stamp });
    }
    if ('data' in request) return write(live, 'put', request, await keptData(deps, live, access, request.data), stamp);
    const stored = await withData(deps, live);
    const data = keepingMasked(dataOf(stored, access), stored.data, access.mask);
    return write(headOf(stored), 'patch', request, data, stamp);
  });
}

function write(
  previous: ContextHead,
  kind: 'put' | 'patch',
  request: Omit<PutRequest, 'data'>,
  data: Json,
  stamp: Stamp,
): Decision {
  const { tags, relations, access_policy, merge, ttl_ms, retention, subject, expected_version } = request;
  const change = {
    kind,
    base_version: expected_version,
    data,
    tags,
    relations,
    access_policy,
    merge,
    ttl_ms,
    retention,
    subject,
  };
  return { commit: { previous, next: nextVersion(previous, previous, change, stamp) }, outcome: 'written' };
}

/** The change merged into what is stored now, for a writer who may read that. */
async function decideStale({ request, dataOf, live, base, access, stamp }: Stale): Promise<Decision> {
  if (base?.data === undefined)
    throw new CadreError(
      'not-found',
      `${live.context_id} has no data at version ${String(request.expected_version)} to merge from`,
      {
        path: 'expected_version',
      },
    );
  const theirs = dataOf(base, access);
  const ours = live.data ?? null;
  const merged = await mergeData({ base: base.data, ours, theirs }, live.merge ?? [], access);
  const head = headOf(live);
  const document = documentOf(live);
  if (request.on_conflict === 'refuse') {
    const merge = merged.ok
      ? { ok: true as const, data: visible({ ...document, data: merged.data }, access).data }
      : { ok: false as const, conflicts: [...merged.conflicts] };
    return { answer: { outcome: 'stale', head, merge } };
  }
  if (!merged.ok)
    return keep({ ...request, data: keepingMasked(theirs, ours, access.mask) }, live, merged.conflicts, stamp);
  const change = {
    kind: 'merge' as const,
    base_version: request.expected_version,
    data: merged.data,
    ...mergedDescription(base, live, request),
  };
  return { commit: { previous: head, next: nextVersion(live, head, change, stamp), once: true }, outcome: 'merged' };
}

/** Both sides of what could not be merged, as a document of its own. It is named by the operation, so that a repeat keeps it once. */
function keep(
  {
    namespace,
    context_id,
    expected_version,
    data,
  }: Pick<PutRequest, 'namespace' | 'context_id' | 'expected_version' | 'data'>,
  live: StoredVersion,
  conflicts: ConflictDocument['conflicts'],
  stamp: Stamp,
): Decision {
  const conflict: ConflictDocument = {
    namespace,
    context_id,
    conflict_id: stamp.operation_id,
    at: new Date(stamp.now).toISOString(),
    by: stamp.principal,
    base_version: expected_version,
    version: live.version,
    data,
    conflicts: [...conflicts],
  };
  return {
    conflict,
    answer: { outcome: 'conflict', head: headOf(live), conflict_id: stamp.operation_id, conflicts: [...conflicts] },
  };
}
