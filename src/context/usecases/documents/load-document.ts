import type { ContextAction } from '../../../contracts/context/policy.ts';
import { CadreError } from '../../../contracts/errors.ts';
import { accessOf, type Access, type Guarded } from '../../core/access.ts';
import { isGone, type DocumentKey, type StoredVersion } from '../../core/version.ts';
import type { Caller, ContextDeps, NamespaceRow } from '../../ports.ts';

/** Everything a decision about one document needs, as the table tells it now. */
export interface DocumentState {
  readonly key: DocumentKey;
  readonly namespace: NamespaceRow | undefined;
  /** The newest version, a deletion included. */
  readonly latest: StoredVersion | undefined;
  /** The newest version of a document that is there. */
  readonly live: StoredVersion | undefined;
}

/** Loads a document and the policy that guards it, both strongly consistent and at once. */
export async function loadDocument(deps: ContextDeps, key: DocumentKey): Promise<DocumentState> {
  const [latest, namespace] = await Promise.all([deps.documents.latest(key), deps.documents.namespace(key.namespace)]);
  return {
    key,
    namespace,
    latest,
    live: latest !== undefined && !isGone(latest, deps.sources.now()) ? latest : undefined,
  };
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

/** The document that is there, for a caller who may do this with it. Throws `forbidden`, `not-found` or `archived`. */
export function liveFor(
  { key, namespace, live }: DocumentState,
  caller: Caller,
  action: ContextAction,
): { readonly live: StoredVersion; readonly access: Access } {
  // Whoever may not look at a place does not learn whether something is there.
  const access = permitted(namespace, live ?? key, caller, action);
  if (live === undefined)
    throw new CadreError('not-found', `no document ${key.context_id} is in ${key.namespace}`, { path: 'context_id' });
  // A change of it would leave its history behind in the archive; a deletion can be undone by `restore` all the same.
  if (live.archive !== undefined && action !== 'delete')
    throw new CadreError('archived', `${key.context_id} was archived at ${live.archive.since}`, { path: 'context_id' });
  return { live, access };
}
