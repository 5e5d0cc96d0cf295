import type { ContextHead, ShownHead } from '../../../contracts/context/context.ts';
import type { ContextAction } from '../../../contracts/context/policy.ts';
import { CadreError } from '../../../contracts/errors.ts';
import type { Json } from '../../../contracts/json.ts';
import { accessOf, keepingMasked, unmeasured, type Access, type Guarded } from '../../core/access.ts';
import { isGone, type DocumentKey, type StoredVersion } from '../../core/version.ts';
import type { Caller, ContextDeps, NamespaceRow } from '../../ports.ts';

/** Everything a decision about one document needs, as the table tells it now: its head, or all of its newest version. */
export interface DocumentState<V extends ContextHead = ContextHead> {
  readonly key: DocumentKey;
  readonly namespace: NamespaceRow | undefined;
  /** The newest version, a deletion included. */
  readonly latest: V | undefined;
  /** The newest version of a document that is there. */
  readonly live: V | undefined;
}

/** The newest version and the policy that guards it, both strongly consistent and at once. */
async function loaded<V extends ContextHead>(
  deps: ContextDeps,
  key: DocumentKey,
  newest: Promise<V | undefined>,
): Promise<DocumentState<V>> {
  const [latest, namespace] = await Promise.all([newest, deps.documents.namespace(key.namespace)]);
  const isThere = latest !== undefined && !isGone(latest, deps.sources.now());
  return { key, namespace, latest, live: isThere ? latest : undefined };
}

/** Loads what there is of a document beside its data, for the price of its head however large the data is. */
export async function loadHead(deps: ContextDeps, key: DocumentKey): Promise<DocumentState> {
  return loaded(
    deps,
    key,
    deps.documents.heads([key]).then(([head]) => head),
  );
}

/** Loads a document with its data. */
export async function loadDocument(deps: ContextDeps, key: DocumentKey): Promise<DocumentState<StoredVersion>> {
  return loaded(deps, key, deps.documents.latest(key));
}

/** A version with its data, which is read where it was loaded without. Throws `version-conflict` where it has gone since. */
export async function withData(deps: ContextDeps, version: ContextHead | StoredVersion): Promise<StoredVersion> {
  if ('operation_id' in version) return version;
  const stored = await deps.documents.version(version, version.version);
  if (stored === undefined)
    throw new CadreError('version-conflict', `${version.context_id} changes too fast; try again`, {
      path: 'context_id',
    });
  return stored;
}

/** The data that a writer sends, with the places that it may not see as they are stored. */
export async function keptData(deps: ContextDeps, live: ContextHead, { mask }: Access, data: Json): Promise<Json> {
  return mask.length === 0 ? data : keepingMasked(data, (await withData(deps, live)).data, mask);
}

/** What the caller may do with a document; throws `forbidden` when the action is not among it. */
export function permitted(
  namespace: NamespaceRow | undefined,
  document: Guarded,
  caller: Caller,
  action: ContextAction,
): Access {
  const access = accessOf(namespace?.policy, document, caller.principal);
  if (!access.actions.has(action)) {
    throw new CadreError('forbidden', `${caller.principal} may not ${action} ${document.context_id}`, {
      path: 'context_id',
    });
  }
  return access;
}

/** A head as the caller may have it, by the policy of the document as it is now. */
export function headFor(
  namespace: NamespaceRow | undefined,
  now: Guarded,
  { principal }: Caller,
  head: ShownHead,
): ShownHead {
  return unmeasured(head, accessOf(namespace?.policy, now, principal));
}

/** The document that is there, for a caller who may do this with it. Throws `forbidden`, `not-found` or `archived`. */
export function liveFor<V extends ContextHead>(
  { key, namespace, live }: DocumentState<V>,
  caller: Caller,
  action: ContextAction,
): { readonly live: V; readonly access: Access } {
  // Whoever may not look at a place does not learn whether something is there.
  const access = permitted(namespace, live ?? key, caller, action);
  if (live === undefined)
    throw new CadreError('not-found', `no document ${key.context_id} is in ${key.namespace}`, { path: 'context_id' });
  // A change of it would leave its history behind in the archive; a deletion can be undone by `restore` all the same.
  if (live.archive !== undefined && action !== 'delete')
    throw new CadreError('archived', `${key.context_id} was archived at ${live.archive.since}`, { path: 'context_id' });
  return { live, access };
}
