import * as z from 'zod';
import { contextId } from '../../../contracts/context/names.ts';
import type { ContextHead } from '../../../contracts/context/context.ts';
import type { ExportAnswer, exportRequest } from '../../../contracts/context/subjects.ts';
import { CadreError } from '../../../contracts/errors.ts';
import { exportBytesMax } from '../../../contracts/limits.ts';
import { historyEntry, type StoredVersion } from '../../core/version.ts';
import type { Caller, ContextDeps } from '../../ports.ts';
import { forAdmin } from '../access/guard-namespace.ts';

/** Versions, or conflicts, of one page. More: it is read one by one, and takes too long. */
const versionsPerPage = 50;

/** Where an export goes on: with this version of this document, or with its conflicts from a cursor on, then with the documents after it. */
const place = z.strictObject({
  context_id: contextId.optional(),
  version: z.int().min(0),
  conflicts: z.string().optional(),
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

/** Versions of a page, newest first from one on, and the one to go on with. Those in the archive are read there, a part at a time. */
async function versionsFrom({ documents }: ContextDeps, head: ContextHead, from: number) {
  const first = head.first_version ?? 1;
  const items: ExportAnswer['items'] = [];
  let part: readonly StoredVersion[] = [];
  let version = Math.min(from, head.version);
  for (let bytes = 0; version >= first && items.length < versionsPerPage && bytes < exportBytesMax; version -= 1) {
    const isIn = (part.at(-1)?.version ?? Infinity) <= version;
    if (head.archive !== undefined && !isIn) part = await documents.archived(head, version, versionsPerPage);
    const stored = part.find((each) => each.version === version) ?? (await documents.version(head, version));
    if (stored === undefined || stored.erasure !== undefined) continue;
    items.push(exported(stored));
    bytes += stored.bytes;
  }
  return { items, version, isMore: version >= first };
}

/**
 * All that is stored of one subject, for admins of the whole namespace: every version of every document, deleted and archived ones too, newest version
 * first, then what could not be merged, a page at a time. A page may be empty; without a cursor it was the last.
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
    at = { context_id, version: Number.MAX_SAFE_INTEGER, after: page.cursor };
  }
  const { context_id = '', after } = at;
  const [head] = await deps.documents.heads([{ namespace, context_id }]);
  const goOn = (items: ExportAnswer['items'], next: z.infer<typeof place>): ExportAnswer => ({
    items,
    cursor: btoa(JSON.stringify(next)),
  });
  // The place comes from outside: whose document it is is looked at again.
  if (head?.subject !== subject) return after === undefined ? { items: [] } : goOn([], { version: 0, after });
  const { items, version, isMore } = await versionsFrom(deps, head, at.version);
  if (isMore) return goOn(items, { context_id, version, after });
  const kept = await deps.documents.conflicts(head, versionsPerPage, at.conflicts);
  items.push(...kept.items);
  if (kept.cursor !== undefined) return goOn(items, { context_id, version: 0, conflicts: kept.cursor, after });
  return after === undefined ? { items } : goOn(items, { version: 0, after });
}
