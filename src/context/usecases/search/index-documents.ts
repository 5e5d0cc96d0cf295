import { flushedEntries } from '../../core/search/compaction.ts';
import { labelsOf, searchableText } from '../../core/search/document-text.ts';
import { segmentFormat } from '../../core/search/segment.ts';
import { type DocumentKey, isGone } from '../../core/version.ts';
import type { IndexDeps, IndexState, SearchDeps, SetAside } from '../../index-ports.ts';
import type { DocumentStore } from '../../ports.ts';
import { beginRebuild } from './begin-rebuild.ts';
import { compactIndex } from './compact-index.ts';
import { migrating } from '../define-type.ts';
import { reasonOf } from './embed-texts.ts';
import { type IndexChange, indexEntries } from './index-entries.ts';

/** Time after which an index is compared with the changes again. Shorter: more reads; longer: what a lost hint hid stays hidden longer. */
const caughtUpMs = 60_000;
/** Changes younger than this may not be in the order of changes yet: clocks differ, and its index is behind by a moment. */
const settledMs = 10_000;
/** Changes looked at in one pass. More: one call takes too long. */
const changesPerPass = 200;
/** Documents set aside that are tried again in one pass. More: one that waits for an embedder which refuses them all takes too long. */
const asidesPerPass = 50;
/** A document set aside is tried again after this time, and after twice the time before when it fails again. */
const asideMs = 60_000;
/** No document waits longer. */
const asideMsMax = 86_400_000;

/** A document by its id, its tags, its type and its place, where its data cannot be read. */
async function changeOfHead(
  documents: DocumentStore,
  now: number,
  key: DocumentKey,
  lacks: string,
): Promise<IndexChange | undefined> {
  const [head] = await documents.heads([key]);
  if (head === undefined) return undefined;
  const change = { id: key.context_id, version: head.version, updated_at: Date.parse(head.updated_at) };
  if (isGone(head, now)) return { ...change, deleted: true };
  return { ...change, text: searchableText(head, ''), labels: labelsOf(head), lacks };
}

/**
 * What the index has to know of a document as it is now, with the newest schema of its type; undefined when there never was one. Of one whose data cannot
 * be read, what its head says.
 */
export async function changeOf(
  documents: DocumentStore,
  now: number,
  key: DocumentKey,
): Promise<IndexChange | undefined> {
  try {
    return await changeOfLatest(documents, now, key);
  } catch (error) {
    return changeOfHead(documents, now, key, reasonOf(error));
  }
}

async function changeOfLatest(
  documents: DocumentStore,
  now: number,
  key: DocumentKey,
): Promise<IndexChange | undefined> {
  const latest = await documents.latest(key);
  if (latest === undefined) return undefined;
  const { version, data } = latest;
  const change = { id: key.context_id, version, updated_at: Date.parse(latest.updated_at) };
  if (data === undefined || isGone(latest, now)) return { ...change, deleted: true };
  return { ...change, text: searchableText(latest, data), labels: labelsOf(latest) };
}

/** Notes what the index does not have whole, to be tried again, and tells the operator. `before`: those that were tried again. */
export async function setAside(
  deps: SearchDeps,
  { index }: IndexDeps,
  namespace: string,
  lacking: ReadonlyMap<string, string>,
  before: readonly SetAside[] = [],
): Promise<void> {
  const tried = new Map(before.map((each) => [each.id, each.tries]));
  const now = deps.sources.now();
  const asides = [...lacking].map(([id, reason]): SetAside => {
    const tries = (tried.get(id) ?? 0) + 1;
    return { id, reason, tries, at: now + Math.min(asideMsMax, asideMs * 2 ** (tries - 1)) };
  });
  // Noted first: a crash between leaves one try too many.
  if (asides.length > 0) await index.setAside(namespace, asides);
  if (before.length > 0) await index.takeBack(namespace, before);
  for (const { id, reason, tries, at } of asides) {
    const next = new Date(at).toISOString();
    deps.log.warn('a document is not indexed whole', { namespace, context_id: id, reason, tries, next });
  }
}

/** Brings documents into the index as they are now; who reads them later sees at least this. `before`: those among them that had been set aside. */
async function indexLatest(
  deps: SearchDeps,
  index: IndexDeps,
  namespace: string,
  ids: readonly string[],
  before: readonly SetAside[] = [],
): Promise<IndexState> {
  const { sources } = deps;
  const documents = migrating(deps.documents, (text) => sources.hash(text));
  const changes = await Promise.all(
    [...new Set(ids)].map((context_id) => changeOf(documents, sources.now(), { namespace, context_id })),
  );
  const { state, lacking } = await indexEntries(
    index,
    namespace,
    changes.filter((change) => change !== undefined),
  );
  await setAside(deps, index, namespace, lacking, before);
  return state;
}

/** The oldest changes since a time; at least all of its first millisecond, in which more may lie than a pass looks at, or no pass would come beyond it. */
async function oldestChanges({ index }: IndexDeps, namespace: string, since: number) {
  for (let limit = changesPerPass; ; limit *= 2) {
    const changes = await index.changes(namespace, since, limit);
    const isCut = changes.length === limit;
    if (!isCut || (changes.at(-1)?.updated_at ?? since) > since) return { changes, isCut };
  }
}

/**
 * Compares the index with the order of changes, when nobody did for a minute, and brings in what is missing: a hint that was lost is made good by the
 * next change or question of its namespace, an index that does not exist yet is built, and what was set aside is tried again when its time has come. One
 * pass looks at the oldest changes. Answers with whether anything was missing, and until when it is complete now.
 */
export async function catchUp(
  deps: SearchDeps,
  index: IndexDeps,
  namespace: string,
  { live, caughtUpAt }: Pick<IndexState, 'live' | 'caughtUpAt'>,
): Promise<{ readonly brought: number; readonly caughtUpAt: number }> {
  const now = deps.sources.now();
  if (caughtUpAt + caughtUpMs > now) return { brought: 0, caughtUpAt };
  const since = Math.max(0, caughtUpAt - settledMs);
  const [{ changes, isCut }, asides] = await Promise.all([
    oldestChanges(index, namespace, since),
    index.index.asides(namespace, now, asidesPerPass),
  ]);
  const missing = await index.index.missing({ namespace, generation: live.generation }, changes, since);
  const ids = [...missing, ...asides].map(({ id }) => id);
  if (ids.length > 0) await indexLatest(deps, index, namespace, ids, asides);
  // The next pass goes back from here by the time in which changes settle; after a full one it goes on where this one ended.
  const at = isCut ? (changes.at(-1)?.updated_at ?? now) + settledMs : now;
  await index.index.caughtUp(namespace, at);
  return { brought: ids.length, caughtUpAt: at };
}

/**
 * Indexes documents that changed, catches up with what was missed, and compacts the index when enough is waiting. Has the index made anew when it was
 * made by another model or in another format than those of this deployment.
 */
export async function indexDocuments(
  deps: SearchDeps,
  namespace: string,
  ids: readonly string[],
): Promise<{ readonly indexed: number }> {
  const index = await deps.indexes();
  const state = await indexLatest(deps, index, namespace, ids);
  let { waiting, caughtUpAt } = state;
  let indexed = ids.length;
  while (caughtUpAt + caughtUpMs <= deps.sources.now()) {
    const pass = await catchUp(deps, index, namespace, { live: state.live, caughtUpAt });
    caughtUpAt = pass.caughtUpAt;
    indexed += pass.brought;
    waiting += pass.brought;
    if (waiting >= flushedEntries) {
      while ((await compactIndex(index, namespace)).more);
      waiting = 0;
    }
  }
  if (waiting >= flushedEntries) while ((await compactIndex(index, namespace)).more);
  const { format, model } = state.build ?? state.live;
  if (format !== segmentFormat || model !== index.embedders.model) await beginRebuild(deps, namespace);
  return { indexed };
}
