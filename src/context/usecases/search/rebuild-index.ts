import { flushedEntries, segmentsToMerge } from '../../core/search/compaction.ts';
import type { IndexEntry } from '../../core/search/entry.ts';
import type { IndexContent, IndexDeps, IndexManifest, LoadedIndex, SearchDeps } from '../../index-ports.ts';
import { addSegment, compactIndex, droppedMs, removeRetired } from './compact-index.ts';
import { migrating } from '../define-type.ts';
import { changeOf, setAside } from './index-documents.ts';
import { type Entries, entriesOf } from './index-entries.ts';

/** How long one look goes on with a build: half of what its function may run. */
const lookMs = 60_000;
/** Documents that are read and embedded at once. More: more memory, and more calls of an embedder at the same time. */
const documentsPerPage = 100;

/** Entries of the next documents of a walk, and where the ones after them begin. */
async function nextEntries(
  deps: SearchDeps,
  index: IndexDeps,
  namespace: string,
  { making, manifest }: IndexContent,
): Promise<Entries & { readonly cursor: string | undefined }> {
  const { sources } = deps;
  const documents = migrating(deps.documents, (text) => sources.hash(text));
  const entries: IndexEntry[] = [];
  const lacking = new Map<string, string>();
  let cursor = manifest.walk?.cursor;
  do {
    const page = await documents.find({ namespace, by: undefined, under: undefined }, documentsPerPage, cursor);
    const changes = await Promise.all(
      page.items.map((context_id) => changeOf(documents, sources.now(), { namespace, context_id })),
    );
    const there = changes.flatMap((change) => (change === undefined || 'deleted' in change ? [] : [change]));
    const made = await entriesOf(index.embedders.of(making.model), there);
    entries.push(...made.entries);
    for (const [id, reason] of made.lacking) lacking.set(id, reason);
    ({ cursor } = page);
  } while (cursor !== undefined && entries.length < flushedEntries);
  return { entries, lacking, cursor };
}

/** Takes the next documents into a build. Their segment and how far it has come are one write, so that a crash repeats a part and loses none. */
async function walkOn(deps: SearchDeps, index: IndexDeps, namespace: string, build: IndexContent): Promise<void> {
  const { entries, lacking, cursor } = await nextEntries(deps, index, namespace, build);
  await setAside(deps, index, namespace, lacking);
  const walk: IndexManifest['walk'] = {
    documents: (build.manifest.walk?.documents ?? 0) + entries.length,
    ...(cursor === undefined ? {} : { cursor }),
    isDone: cursor === undefined,
  };
  // Whoever was faster has gone on from the same place.
  await addSegment(index, namespace, build.making, { ...build.manifest, walk }, entries);
}

/** The next step of a build: segments are merged as they come, then more documents are taken in, and when there are none readers are switched. */
async function step(deps: SearchDeps, index: IndexDeps, namespace: string, build: IndexContent): Promise<void> {
  const { making, manifest, recent } = build;
  if (recent.length >= flushedEntries || segmentsToMerge(manifest.segments).length > 0) {
    await compactIndex(index, namespace);
  } else if (manifest.walk?.isDone === true) {
    await index.index.switchTo({ namespace, generation: making.generation }, recent.length, deps.sources.now());
  } else await walkOn(deps, index, namespace, build);
}

/**
 * Goes on with the making of a new index, for a part of its time at each look, or clears away what the last one left. What is written meanwhile is added
 * to both, and questions go to the old one until one conditional write switches them. Answers with when to look again (epoch milliseconds); undefined:
 * nothing is left to do.
 */
export async function rebuildIndex(deps: SearchDeps, namespace: string): Promise<number | undefined> {
  const index = await deps.indexes();
  const until = deps.sources.now() + lookMs;
  for (;;) {
    const loaded: LoadedIndex = await index.index.load(namespace);
    const now = deps.sources.now();
    const { state, build } = loaded;
    if (state.build === undefined || build === undefined) {
      return (await removeRetired(index, namespace, loaded)) ? state.changedAt + droppedMs + 1_000 : undefined;
    }
    if (now < state.build.from) return state.build.from;
    if (now >= until) return now;
    await step(deps, index, namespace, build);
  }
}
