import type * as z from 'zod';
import type { SearchHit, searchRequest } from '../../../contracts/context/search.ts';
import type { ContextHead } from '../../../contracts/context/context.ts';
import { searchCandidatesMax } from '../../../contracts/limits.ts';
import { accessOf, visible, type Access } from '../../core/access.ts';
import { excerptOf, labelsOf, searchableText } from '../../core/search/document-text.ts';
import { entryOf } from '../../core/search/entry.ts';
import type { Filter } from '../../core/search/filter.ts';
import { fuse } from '../../core/search/fuse.ts';
import { dot } from '../../core/search/quantise.ts';
import { tokensOf } from '../../core/search/tokens.ts';
import { documentOf, isGone, type StoredVersion, versionsById } from '../../core/version.ts';
import type { Embedder, IndexDeps, SearchDeps } from '../../index-ports.ts';
import type { Caller } from '../../ports.ts';
import { reasonOf, vectorsOf } from './embed-texts.ts';
import { catchUp } from './index-documents.ts';
import { type IndexAnswer, searchIndex } from './search-index.ts';

type SearchRequest = z.output<typeof searchRequest>;

/** Candidates of each ranking in the rounds after the first, as long as too few are for the caller. */
const moreCandidates = [500, searchCandidatesMax];

/** A candidate whose document the caller may read. `text` is set where it differs from what the index has. */
interface Readable {
  readonly head: ContextHead;
  readonly access: Access;
  /** What the caller sees of a document that the index knows otherwise: changed since, or with masked places. */
  readonly seen?: string;
}

function filterOf({ types, tags = [], under, from, to }: SearchRequest): Filter {
  return {
    labels: [
      ...(types === undefined ? [] : [types.map((type) => `type:${type}`)]),
      ...tags.map((tag) => [`tag:${tag}`]),
      ...(under === undefined ? [] : [[`under:${under}`]]),
    ],
    ...(from === undefined ? {} : { from: Date.parse(from) }),
    ...(to === undefined ? {} : { to: Date.parse(to) }),
  };
}

/** Whether the document as it is now passes. */
function passesNow(head: ContextHead, { labels, from = 0, to = Infinity }: Filter): boolean {
  const own = new Set(labelsOf(head));
  const at = Date.parse(head.updated_at);
  return at >= from && at <= to && labels.every((any) => any.some((label) => own.has(label)));
}

function textSeen(version: StoredVersion, access: Access): string {
  return searchableText(version, visible(documentOf(version), access).data);
}

/** What the caller sees of a document as it is now; of one whose data cannot be read its id and tags, so that the other hits are told. */
async function seenText(deps: SearchDeps, head: ContextHead, access: Access): Promise<string | undefined> {
  try {
    const latest = await deps.documents.latest(head);
    if (latest?.data === undefined || isGone(latest, deps.sources.now())) return undefined;
    return textSeen(latest, access);
  } catch (error) {
    const { namespace, context_id } = head;
    deps.log.warn('a document that was found cannot be read', { namespace, context_id, reason: reasonOf(error) });
    return searchableText(head, '');
  }
}

/** What a hit shows: the document as it is now, or the version asked for; undefined when that is not there. */
async function shown(
  deps: SearchDeps,
  { head, access, seen }: Readable,
  version = head.version,
): Promise<{ readonly head: ContextHead; readonly text: string } | undefined> {
  if (version === head.version) {
    const text = seen ?? (await seenText(deps, head, access));
    return text === undefined ? undefined : { head, text };
  }
  const stored = await deps.documents.version(head, version);
  return stored?.data === undefined ? undefined : { head: stored, text: textSeen(stored, access) };
}

/** Those of the candidates that are there, pass the filter now, and may be read by the caller. */
async function readable(
  deps: SearchDeps,
  caller: Caller,
  namespace: string,
  candidates: ReadonlyMap<string, number>,
  filter: Filter,
): Promise<ReadonlyMap<string, Readable>> {
  const keys = [...candidates.keys()].map((context_id) => ({ namespace, context_id }));
  const [heads, room] = await Promise.all([deps.documents.heads(keys), deps.documents.namespace(namespace)]);
  const found = await Promise.all(
    heads.map(async (head): Promise<(readonly [string, Readable])[]> => {
      if (head === undefined || isGone(head, deps.sources.now()) || !passesNow(head, filter)) return [];
      const access = accessOf(room?.policy, head, caller.principal);
      if (!access.actions.has('read')) return [];
      const isAsIndexed = head.version === candidates.get(head.context_id) && access.mask.length === 0;
      if (isAsIndexed) return [[head.context_id, { head, access }]];
      const seen = await seenText(deps, head, access);
      return seen === undefined ? [] : [[head.context_id, { head, access, seen }]];
    }),
  );
  return new Map(found.flat());
}

/**
 * The rankings again, by what the caller may see: a document with masked places, or changed since it was indexed, scores by its visible text. By
 * likeness it must be as good as the last candidate, or hidden words would have brought it in.
 */
async function rankings(
  embedder: Embedder | undefined,
  answer: IndexAnswer,
  documents: ReadonlyMap<string, Readable>,
): Promise<{ readonly text: readonly string[]; readonly vector: readonly string[] }> {
  const others = [...documents].flatMap(([id, { seen }]) => (seen === undefined ? [] : [{ id, seen }]));
  const { text, vector } = answer;
  const { vectors } = await vectorsOf(
    vector === undefined ? undefined : embedder,
    others.map(({ seen }) => seen),
  );
  const seenScores = new Map(
    others.map(({ id, seen }, at) => {
      const own = vectors[at];
      const entry = entryOf({ id, version: 0, updated_at: 0, text: seen, labels: [] });
      return [id, { text: text?.scoreOf(entry) ?? 0, vector: own && vector ? dot(own, vector.of) : -Infinity }];
    }),
  );
  const floor = vector?.candidates.at(-1)?.score ?? -Infinity;
  const ranked = (by: 'text' | 'vector', least: number) =>
    (answer[by]?.candidates ?? [])
      .filter(({ id }) => documents.has(id))
      .map(({ id, score }) => ({ id, score: seenScores.get(id)?.[by] ?? score }))
      .filter(({ score }) => score > least)
      .sort((one, other) => other.score - one.score || (one.id < other.id ? -1 : 1))
      .map(({ id }) => id);
  return { text: ranked('text', 0), vector: ranked('vector', floor - 1e-6) };
}

/** The index as it is, after a look at changes that it may have missed. */
async function loadedIndex(deps: SearchDeps, index: IndexDeps, namespace: string) {
  const loaded = await index.index.load(namespace);
  const { brought } = await catchUp(deps, index, namespace, loaded.state);
  return brought === 0 ? loaded : index.index.load(namespace);
}

/**
 * Finds documents by words, by likeness, or by both. The index proposes, the documents decide: each hit is read as it is now, guarded by the caller's
 * policy, and ranked by what the caller may see, so that no hit tells what a read would not. A hit of `versions` shows that version. `cut`: it looked at as
 * many candidates as it may, most of them not for the caller.
 */
export async function searchDocuments(
  deps: SearchDeps,
  caller: Caller,
  request: SearchRequest,
): Promise<{ readonly items: readonly SearchHit[]; readonly cut: boolean }> {
  const { namespace, text, mode, limit } = request;
  const index = await deps.indexes();
  const loaded = await loadedIndex(deps, index, namespace);
  const filter = filterOf(request);
  const versions = versionsById(request.versions);
  const tokens = new Set(tokensOf(text));
  for (const most of [limit * 3 + 20, ...moreCandidates]) {
    const answer = await searchIndex(index, loaded, { text, mode, filter, limit: most });
    if (answer.failure !== undefined)
      deps.log.warn('found by words alone', { namespace, reason: reasonOf(answer.failure) });
    const lists = [answer.text?.candidates ?? [], answer.vector?.candidates ?? []];
    const candidates = new Map(lists.flat().map(({ id, version }) => [id, version]));
    const documents = await readable(deps, caller, namespace, candidates, filter);
    const ranked = await rankings(index.embedders.of(loaded.making.model), answer, documents);
    const fused = fuse([ranked.text, ranked.vector]).slice(0, limit);
    const isAll = lists.every((list) => list.length < most);
    const cut = fused.length < limit && !isAll;
    if (cut && most < searchCandidatesMax) continue;
    const items = await Promise.all(
      fused.map(async ({ id, score, ranks: [text_rank, vector_rank] }): Promise<SearchHit[]> => {
        const document = documents.get(id);
        const hit = document && (await shown(deps, document, versions.get(id)));
        if (hit === undefined) return [];
        const { context_id, context_type, version, updated_at, tags } = hit.head;
        return [
          {
            context_id,
            context_type,
            version,
            updated_at,
            tags,
            score,
            ...(text_rank === undefined ? {} : { text_rank }),
            ...(vector_rank === undefined ? {} : { vector_rank }),
            excerpt: excerptOf(hit.text, tokens),
          },
        ];
      }),
    );
    return { items: items.flat(), cut };
  }
  return { items: [], cut: true };
}
