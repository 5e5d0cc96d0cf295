import type * as z from 'zod';
import type { batchAnswer, batchRequest, diffAnswer, diffRequest } from '../../../contracts/context/queries.ts';
import { CadreError, refused } from '../../../contracts/errors.ts';
import { accessOf, visible } from '../../core/access.ts';
import { difference } from '../../core/patch.ts';
import { documentOf, isGone } from '../../core/version.ts';
import type { Caller, ContextDeps } from '../../ports.ts';
import { getDocument } from './get-document.ts';

/** Reads many documents, each with its own answer, in two calls to the table. */
export async function getDocuments(
  deps: ContextDeps,
  caller: Caller,
  { namespace, context_ids }: z.output<typeof batchRequest>,
): Promise<z.output<typeof batchAnswer>> {
  const keys = context_ids.map((context_id) => ({ namespace, context_id }));
  const [versions, room] = await Promise.all([deps.documents.latestOf(keys), deps.documents.namespace(namespace)]);
  const now = deps.sources.now();
  const items = keys.map((key, at) => {
    const stored = versions[at];
    const live = stored !== undefined && !isGone(stored, now) ? stored : undefined;
    const access = accessOf(room?.policy, live ?? key, caller.principal);
    if (!access.actions.has('read')) return refused('forbidden', `${caller.principal} may not read ${key.context_id}`);
    if (live === undefined) return refused('not-found', `no document ${key.context_id} is in ${namespace}`);
    if (live.data === undefined) return refused('archived', `the data of ${key.context_id} is in the archive`);
    return { ok: true as const, value: visible(documentOf(live), access) };
  });
  return { items: items.map((item) => (item.ok ? item : { ok: false as const, error: { ...item.error } })) };
}

/** What changed between two versions, as the patch that makes the later of the earlier. Only of places that the caller sees. */
export async function diffDocument(
  deps: ContextDeps,
  caller: Caller,
  { namespace, context_id, from, to }: z.output<typeof diffRequest>,
): Promise<z.output<typeof diffAnswer>> {
  const read = async (version: number | undefined) => {
    const answer = await getDocument(deps, caller, { namespace, context_id, version });
    if (answer.unchanged) throw new CadreError('internal', 'a read without a known version is never unchanged');
    return answer.document;
  };
  const [before, after] = await Promise.all([read(from), read(to)]);
  return { from: before.version, to: after.version, patch: difference(before.data, after.data) };
}
