import type * as z from 'zod';
import type { batchAnswer, batchRequest, diffAnswer, diffRequest } from '../../../contracts/context/queries.ts';
import type { ContextHead } from '../../../contracts/context/context.ts';
import { CadreError, refused } from '../../../contracts/errors.ts';
import { accessOf, type Guarded, unchangedFor, visible } from '../../core/access.ts';
import { difference } from '../../core/patch.ts';
import { documentOf, isGone, isStillLatest } from '../../core/version.ts';
import { answerBytesMax } from '../../../contracts/api.ts';
import type { Caller, ContextDeps } from '../../ports.ts';
import { getDocument } from './get-document.ts';

/** The heads of those documents of which the caller has the latest version, by their ids. */
async function stillLatest(
  { documents, sources }: ContextDeps,
  namespace: string,
  known_versions: Readonly<Record<string, number>>,
  context_ids: readonly string[],
): Promise<ReadonlyMap<string, ContextHead>> {
  const inHand = context_ids.filter((context_id) => known_versions[context_id] !== undefined);
  if (inHand.length === 0) return new Map();
  const heads = await documents.heads(inHand.map((context_id) => ({ namespace, context_id })));
  const now = sources.now();
  const isLatest = (head: ContextHead | undefined): head is ContextHead =>
    head !== undefined && isStillLatest(head, known_versions[head.context_id], now);
  return new Map(heads.filter(isLatest).map((head) => [head.context_id, head]));
}

/** Reads many documents, each with its own answer, in two calls to the table; in one, where the caller has the latest version of each. */
export async function getDocuments(
  deps: ContextDeps,
  caller: Caller,
  { namespace, context_ids, known_versions = {} }: z.output<typeof batchRequest>,
): Promise<z.output<typeof batchAnswer>> {
  const read = async () => {
    const known = await stillLatest(deps, namespace, known_versions, context_ids);
    const others = context_ids.filter((id) => !known.has(id));
    const keys = others.map((context_id) => ({ namespace, context_id }));
    const versions = keys.length === 0 ? [] : await deps.documents.latestOf(keys);
    return { known, stored: new Map(others.map((context_id, at) => [context_id, versions[at]])) };
  };
  const [{ known, stored }, room] = await Promise.all([read(), deps.documents.namespace(namespace)]);
  const accessTo = (document: Guarded) => accessOf(room?.policy, document, caller.principal);
  const now = deps.sources.now();
  let bytes = 0;
  const items = context_ids.flatMap((context_id) => {
    const head = known.get(context_id);
    const version = stored.get(context_id);
    const live = version !== undefined && !isGone(version, now) ? version : undefined;
    const access = accessTo(head ?? live ?? { context_id });
    if (!access.actions.has('read')) return refused('forbidden', `${caller.principal} may not read ${context_id}`);
    if (head !== undefined) return [];
    if (live === undefined) return refused('not-found', `no document ${context_id} is in ${namespace}`);
    if (live.data === undefined) return refused('archived', `the data of ${context_id} is in the archive`);
    // What one answer does not hold is left to another call, told by its item.
    bytes += live.bytes;
    if (bytes > answerBytesMax)
      return refused('too-large', `${context_id} does not fit into this answer; ask for it again`);
    return { ok: true as const, value: visible(documentOf(live), access) };
  });
  const readable = [...known.values()].flatMap((head) => {
    const access = accessTo(head);
    return access.actions.has('read') ? unchangedFor(head, access) : [];
  });
  return {
    items: items.map((item) => (item.ok ? item : { ok: false as const, error: { ...item.error } })),
    ...(readable.length === 0 ? {} : { unchanged: readable }),
  };
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
