import { flushedEntries } from '../../core/search/compaction.ts';
import { labelsOf, searchableText } from '../../core/search/document-text.ts';
import { segmentFormat } from '../../core/search/segment.ts';
import { type DocumentKey, isGone } from '../../core/version.ts';
import type { IndexDeps, IndexState, SearchDeps } from '../../index-ports.ts';
import type { DocumentStore } from '../../ports.ts';
import { beginRebuild } from './begin-rebuild.ts';
import { compactIndex } from './compact-index.ts';
import { migrating } from '../define-type.ts';
import { type IndexChange, indexEntries } from './index-entries.ts';

/** Time after which an index is compared with the changes again. Shorter: more reads; longer: what a lost hint hid stays hidden longer. */
const caughtUpMs = 60_000;
/** Changes younger than this may not be in the order of changes yet: clocks differ, and its index is behind by a moment. */
const settledMs = 10_000;
/** Changes looked at in one pass. More: one call takes too long. */
const changesPerPass = 200;

/** What the index has to know of a document as it is now, with the newest schema of its type; undefined when there never was one. */
export async function changeOf(
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

/** Brings documents into the index as they are now; who reads them later sees at least this. */
async function indexLatest(deps: SearchDeps, index: IndexDeps, namespace: string, ids: readonly string[]) {
  const { sources } = deps;
  const documents = migrating(deps.documents, (text) => sources.hash(text));
  const changes = await Promise.all(
    [...new Set(ids)].map((context_id) => changeOf(documents, sources.now(), { namespace, context_id })),
  );
  return indexEntries(
    index,
    namespace,
    changes.filter((change) => change !== undefined),
  );
}

/**
 * Compares the index with the order of changes, when nobody did for a minute, and brings in what is missing: a hint that was lost is made good by the
 * next change or question of its namespace, and an index that does not exist yet is built. One pass looks at the oldest changes. Answers with whether
 * anything was missing, and until when it is complete now.
 */
export async function catchUp(
  deps: SearchDeps,
  index: IndexDeps,
  namespace: string,
  { live, caughtUpAt }: Pick<IndexState, 'live' | 'caughtUpAt'>,
): Promise<{ readonly brought: number; readonly caughtUpAt: number }> {
  const now = deps.sources.now();
  if (caughtUpAt + caughtUpMs > now) return { brought: 0, caughtUpAt };
  const changes = await index.index.changes(namespace, Math.max(0, caughtUpAt - settledMs), changesPerPass);
  const missing = await index.index.missing({ namespace, generation: live.generation }, changes);
  if (missing.length > 0) {
    const ids = missing.map(({ id }) => id);
    await indexLatest(deps, index, namespace, ids);
  }
  // The next pass goes back from here by the time in which changes settle; after a full one it goes on where this one ended.
  const at = changes.length === changesPerPass ? (changes.at(-1)?.updated_at ?? now) + settledMs : now;
  await index.index.caughtUp(namespace, at);
  return { brought: missing.length, caughtUpAt: at };
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
