import type * as z from 'zod';
import type {
  changesAnswer,
  changesRequest,
  listRequest,
  relationsAnswer,
  relationsRequest,
} from '../../../contracts/context/queries.ts';
import type { ContextHead, ShownHead } from '../../../contracts/context/context.ts';
import { changeSettleMs, visitedDocumentsMax } from '../../../contracts/limits.ts';
import { accessOf } from '../../core/access.ts';
import { liesIn } from '../../core/pointer.ts';
import { headOf, isGone, versionsById } from '../../core/version.ts';
import type { Caller, ContextDeps, ContextPage, Edge, NamespaceRow } from '../../ports.ts';
import { headFor, liveFor, loadHead } from './load-document.ts';

type ListRequest = z.output<typeof listRequest>;

/** Documents whose relations are asked for at once. More: one call of a walk reads more than it will show. */
const askedAtOnce = 10;

function isAskedFor(head: ContextHead, request: ListRequest): boolean {
  const { under, context_type, tags, changed_since, changed_before } = request;
  const changed = Date.parse(head.updated_at);
  return (
    (under === undefined || liesIn(head.context_id, under)) &&
    (context_type === undefined || head.context_type === context_type) &&
    tags.every((tag) => head.tags.includes(tag)) &&
    (changed_since === undefined || changed >= Date.parse(changed_since)) &&
    (changed_before === undefined || changed < Date.parse(changed_before))
  );
}

function isReadable(head: ContextHead, room: NamespaceRow | undefined, caller: Caller, now: number): boolean {
  return !isGone(head, now) && accessOf(room?.policy, head, caller.principal).actions.has('read');
}

/** Lists documents in the order of their paths: looks through the rows of a tag, else of a type, else of the place, and shows what the caller may read, in the `versions` asked for. */
export async function listDocuments(
  deps: ContextDeps,
  caller: Caller,
  request: ListRequest,
): Promise<ContextPage<ShownHead>> {
  const { namespace, under, context_type, tags, limit, cursor } = request;
  const [tag] = tags;
  const by = tag !== undefined ? { tag } : context_type !== undefined ? { type: context_type } : undefined;
  const [page, room] = await Promise.all([
    deps.documents.find({ namespace, by, under }, limit, cursor),
    deps.documents.namespace(namespace),
  ]);
  const heads = await deps.documents.heads(page.items.map((context_id) => ({ namespace, context_id })));
  const now = deps.sources.now();
  const items = heads.filter(
    (head) => head !== undefined && isAskedFor(head, request) && isReadable(head, room, caller, now),
  ) as ContextHead[];
  const versions = versionsById(request.versions);
  const shown = await Promise.all(
    items.map(async (head) => {
      const version = versions.get(head.context_id) ?? head.version;
      if (version === head.version) return headFor(room, head, caller, head);
      const stored = await deps.documents.version(head, version);
      return stored === undefined || stored.deleted === true ? undefined : headFor(room, head, caller, headOf(stored));
    }),
  );
  return { ...page, items: shown.filter((head) => head !== undefined) };
}

/** The relations of documents, up to `limit`, and one more when there are more. */
async function edgesOf(
  deps: ContextDeps,
  { namespace, type, direction }: z.output<typeof relationsRequest>,
  ids: readonly string[],
  limit: number,
): Promise<readonly Edge[]> {
  const directions = direction === 'both' ? (['out', 'in'] as const) : [direction];
  const edges: Edge[] = [];
  for (let at = 0; at < ids.length && edges.length <= limit; at += askedAtOnce) {
    const left = limit + 1 - edges.length;
    const part = ids.slice(at, at + askedAtOnce);
    const found = await Promise.all(
      part.flatMap((id) =>
        directions.map((way) => deps.documents.edges({ namespace, context_id: id }, way, type, left)),
      ),
    );
    edges.push(...found.flat());
  }
  return edges.slice(0, limit + 1);
}

/**
 * Walks the relations of a document, level by level, to documents that the caller may read. Circles end where they began. It looks at
 * `visitedDocumentsMax` relations, those to documents that it does not show among them.
 */
export async function listRelations(
  deps: ContextDeps,
  caller: Caller,
  request: z.output<typeof relationsRequest>,
): Promise<z.output<typeof relationsAnswer>> {
  const { namespace, context_id, depth } = request;
  const { namespace: room } = await loadHead(deps, { namespace, context_id }).then((state) => {
    liveFor(state, caller, 'read');
    return state;
  });
  const seen = new Set([context_id]);
  const items: z.output<typeof relationsAnswer>['items'] = [];
  let level = [context_id];
  let left = visitedDocumentsMax;
  for (let step = 1; step <= depth && level.length > 0; step += 1) {
    const found = await edgesOf(deps, request, level, left);
    const edges = found.slice(0, left);
    left -= found.length;
    const others = [...new Set(edges.flatMap(({ from, to }) => [from, to]))];
    const heads = await deps.documents.heads(others.map((id) => ({ namespace, context_id: id })));
    const byId = new Map(others.map((id, at) => [id, heads[at]] as const));
    const now = deps.sources.now();
    const next = new Set<string>();
    for (const edge of edges) {
      const other = level.includes(edge.from) && !seen.has(edge.to) ? edge.to : edge.from;
      const head = byId.get(other);
      // An edge may name a document that does not exist yet; one that the caller may not read is not shown.
      if (head !== undefined && !isReadable(head, room, caller, now)) continue;
      items.push({ ...edge, depth: step, ...(head === undefined ? {} : { head: headFor(room, head, caller, head) }) });
      if (!seen.has(other)) next.add(other);
    }
    for (const id of next) seen.add(id);
    level = [...next];
    if (left < 0) return { items, cut: true };
  }
  return { items, cut: false };
}

/** What changed in a namespace since a cursor: each version once, of documents that the caller may read. Nothing is missed; what was written just now comes a moment later. */
export async function listChanges(
  deps: ContextDeps,
  caller: Caller,
  { namespace, under, limit, cursor }: z.output<typeof changesRequest>,
): Promise<z.output<typeof changesAnswer>> {
  const now = deps.sources.now();
  const [page, room] = await Promise.all([
    deps.documents.changes(namespace, { until: now - changeSettleMs }, limit, cursor),
    deps.documents.namespace(namespace),
  ]);
  const placed = page.items.filter(({ context_id }) => under === undefined || liesIn(context_id, under));
  const ids = [...new Set(placed.map(({ context_id }) => context_id))];
  const heads = await deps.documents.heads(ids.map((context_id) => ({ namespace, context_id })));
  const readable = new Set(
    ids.filter((context_id, at) =>
      accessOf(room?.policy, heads[at] ?? { context_id }, caller.principal).actions.has('read'),
    ),
  );
  return { ...page, items: placed.filter(({ context_id }) => readable.has(context_id)) };
}
