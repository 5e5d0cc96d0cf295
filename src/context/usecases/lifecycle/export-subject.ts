import * as z from 'zod';
import { contextId } from '../../../contracts/context/names.ts';
import type { ExportAnswer, exportRequest } from '../../../contracts/context/subjects.ts';
import { CadreError } from '../../../contracts/errors.ts';
import { exportBytesMax } from '../../../contracts/limits.ts';
import { historyEntry, type StoredVersion } from '../../core/version.ts';
import type { Caller, ContextDeps } from '../../ports.ts';
import { forAdmin } from '../access/guard-namespace.ts';

/** Versions of one page. More: it is read one by one, and takes too long. */
const versionsPerPage = 50;

/** Where an export goes on: with this version of this document, then with the documents after it. */
const place = z.strictObject({
  context_id: contextId.optional(),
  version: z.int().min(0),
  after: z.string().optional(),
});

function placeOf(cursor: string | undefined): z.infer<typeof place> {
  if (cursor === undefined) return { version: 0 };
  try {
    return place.parse(JSON.parse(atob(cursor)));
  } catch (cause) {
    throw new CadreError('invalid-input', 'this cursor was not given out by an export', { path: 'cursor', cause });
  }
}

function exported(version: StoredVersion): ExportAnswer['items'][number] {
  const { context_id, context_type, tags, relations, deleted, data } = version;
  return {
    context_id,
    context_type,
    tags,
    relations,
    ...(deleted === undefined ? {} : { deleted }),
    ...historyEntry(version),
    ...(data === undefined ? {} : { data }),
  };
}

/**
 * All that is stored of one subject, for admins of the whole namespace: every version of every document, deleted ones too, newest version first, a page at
 * a time. A page may be empty; without a cursor it was the last.
 */
export async function exportSubject(
  deps: ContextDeps,
  caller: Caller,
  { namespace, subject, cursor }: z.output<typeof exportRequest>,
): Promise<ExportAnswer> {
  await forAdmin(deps, caller, namespace);
  let at = placeOf(cursor);
  if (at.context_id === undefined) {
    const page = await deps.documents.find({ namespace, by: { subject }, under: undefined }, 1, at.after);
    const [context_id] = page.items;
    if (context_id === undefined) return { items: [] };
    const [head] = await deps.documents.heads([{ namespace, context_id }]);
    at = { context_id, version: head?.version ?? 0, after: page.cursor };
  }
  const { context_id = '', after } = at;
  const [head] = await deps.documents.heads([{ namespace, context_id }]);
  // The place comes from outside: whose document it is is looked at again.
  const first = head?.subject === subject ? (head.first_version ?? 1) : Infinity;
  const items: ExportAnswer['items'] = [];
  let { version } = at;
  for (let bytes = 0; version >= first && items.length < versionsPerPage && bytes < exportBytesMax; version -= 1) {
    const stored = await deps.documents.version({ namespace, context_id }, version);
    if (stored === undefined || stored.erasure !== undefined) continue;
    items.push(exported(stored));
    bytes += stored.bytes;
  }
  const isMore = version >= first;
  if (!isMore && after === undefined) return { items };
  return { items, cursor: btoa(JSON.stringify(isMore ? { context_id, version, after } : { version: 0, after })) };
}
