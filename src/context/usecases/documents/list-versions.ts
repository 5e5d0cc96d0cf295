import type * as z from 'zod';
import type { ConflictDocument, historyRequest } from '../../../contracts/context/requests.ts';
import type { ShownVersion } from '../../../contracts/context/context.ts';
import { CadreError } from '../../../contracts/errors.ts';
import { unmeasured } from '../../core/access.ts';
import type { Caller, ContextDeps, ContextPage } from '../../ports.ts';
import { loadHead, permitted } from './load-document.ts';

type HistoryRequest = z.output<typeof historyRequest>;

async function keyForReader(deps: ContextDeps, caller: Caller, { namespace, context_id }: HistoryRequest) {
  const key = { namespace, context_id };
  const { latest, namespace: room } = await loadHead(deps, key);
  const access = permitted(room, latest ?? key, caller, 'read');
  if (latest === undefined)
    throw new CadreError('not-found', `no document ${context_id} is in ${namespace}`, { path: 'context_id' });
  return { key, access };
}

/** The versions of a document, newest first; those of a deleted one too. */
export async function listVersions(
  deps: ContextDeps,
  caller: Caller,
  request: HistoryRequest,
): Promise<ContextPage<ShownVersion>> {
  const { key, access } = await keyForReader(deps, caller, request);
  const page = await deps.documents.versions(key, request.limit, request.cursor);
  return { ...page, items: page.items.map((entry) => unmeasured(entry, access)) };
}

/** Changes that could not be merged. Readers who may not see all of the document do not see them, because they hold its data. */
export async function listConflicts(
  deps: ContextDeps,
  caller: Caller,
  request: HistoryRequest,
): Promise<ContextPage<ConflictDocument>> {
  const { key, access } = await keyForReader(deps, caller, request);
  if (access.mask.length > 0)
    throw new CadreError('forbidden', 'conflicts show places that are masked for you', { path: 'context_id' });
  return deps.documents.conflicts(key, request.limit, request.cursor);
}
