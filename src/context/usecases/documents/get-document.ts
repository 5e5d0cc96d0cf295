import type * as z from 'zod';
import type { GetDocumentAnswer, getDocumentRequest } from '../../../contracts/context/requests.ts';
import { CadreError } from '../../../contracts/errors.ts';
import { unchangedFor, visible } from '../../core/access.ts';
import { keysOf, valueAt } from '../../core/pointer.ts';
import { documentOf, isStillLatest } from '../../core/version.ts';
import type { Caller, ContextDeps } from '../../ports.ts';
import { liveFor, loadDocument, loadHead, permitted } from './load-document.ts';

/**
 * Reads a document: its latest version, or the one asked for; whole, or the part at a pointer. Who knows the latest version already is told so, which
 * costs no more than the head. Old versions are guarded by the policy of today. Throws `not-found` and `forbidden`.
 */
export async function getDocument(
  deps: ContextDeps,
  caller: Caller,
  request: z.output<typeof getDocumentRequest>,
): Promise<GetDocumentAnswer> {
  const { namespace, context_id, version, pointer, known_version } = request;
  const key = { namespace, context_id };
  if (known_version !== undefined && version === undefined) {
    const { latest, namespace: room } = await loadHead(deps, key);
    if (isStillLatest(latest, known_version, deps.sources.now()))
      return unchangedFor(latest, permitted(room, latest, caller, 'read'));
  }
  const state = await loadDocument(deps, key);
  const { live, access } = liveFor(state, caller, 'read');
  const stored = version === undefined || version === live.version ? live : await deps.documents.version(key, version);
  if (stored === undefined || stored.deleted === true) {
    throw new CadreError('not-found', `${context_id} has no data at version ${String(version)}`, { path: 'version' });
  }
  const document = visible(documentOf(stored), access);
  if (pointer === undefined) return { unchanged: false, document };
  const data = valueAt(document.data, keysOf(pointer));
  if (data === undefined)
    throw new CadreError('not-found', `${context_id} has nothing at ${pointer}`, { path: 'pointer' });
  return { unchanged: false, document: { ...document, data } };
}
