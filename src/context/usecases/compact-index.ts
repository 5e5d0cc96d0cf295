import { flushedEntries, segmentsToMerge } from '../core/search/compaction.ts';
import { type IndexEntry, newestOf } from '../core/search/entry.ts';
import { holdsAny } from '../core/search/holds-any.ts';
import { mergeSegments } from '../core/search/merge-segments.ts';
import type { SegmentMeta } from '../core/search/segment.ts';
import { type NewSegment, segmentOf } from '../core/search/write-segment.ts';
import type { IndexDeps, IndexManifest } from '../index-ports.ts';

/** Entries of one new segment. More: a backlog becomes a segment that takes too long to make. */
const flushedEntriesMax = 4_096;
/** How long the objects of merged segments stay: longer than any question takes that began before. */
const droppedMs = 120_000;

/** What a compaction did. `more`: something is left to do. */
export interface Compaction {
  readonly flushed: number;
  readonly merged: number;
  readonly more: boolean;
}

/** What the keys of a namespace's segments begin with. */
const segmentPrefix = (namespace: string) => `index/${namespace}/`;

/** Named by the revision it is made for, so that a repeat writes the same object and a later one never writes over it. */
function keyFor(deps: IndexDeps, namespace: string, revision: number, parts: readonly string[]): string {
  return `${segmentPrefix(namespace)}${revision}-${deps.sources.hash(parts.join('\n')).slice(0, 32)}`;
}

async function replace(
  deps: IndexDeps,
  namespace: string,
  manifest: IndexManifest,
  made: NewSegment,
  gone: readonly SegmentMeta[],
): Promise<IndexManifest | undefined> {
  await deps.segments.put(made.meta.key, made.bytes);
  const keys = new Set(gone.map(({ key }) => key));
  const since = deps.sources.now();
  const kept = manifest.segments.filter(({ key }) => !keys.has(key));
  const next: IndexManifest = {
    revision: manifest.revision + 1,
    segments: made.meta.documents > 0 ? [...kept, made.meta] : kept,
    dropped: [...manifest.dropped, ...[...keys].map((key) => ({ key, since }))],
  };
  return (await deps.index.replace(namespace, next)) ? next : undefined;
}

async function flush(
  deps: IndexDeps,
  namespace: string,
  manifest: IndexManifest,
  recent: readonly IndexEntry[],
): Promise<IndexManifest | undefined> {
  const names = recent.map(({ id, version }) => `${id} ${version}`);
  const key = keyFor(deps, namespace, manifest.revision, names);
  const made = segmentOf(key, newestOf(recent), deps.embedder.model);
  const next = await replace(deps, namespace, manifest, made, []);
  if (next !== undefined) await deps.index.remove(namespace, recent);
  return next;
}

async function merge(
  deps: IndexDeps,
  namespace: string,
  manifest: IndexManifest,
  group: readonly SegmentMeta[],
  without: ReadonlySet<string> = new Set(),
): Promise<IndexManifest | undefined> {
  const inputs = await Promise.all(
    group.map(async (meta) => ({ meta, bytes: await deps.segments.read(meta.key, 0, meta.bytes) })),
  );
  const names = group.map((meta) => meta.key);
  const made = mergeSegments(keyFor(deps, namespace, manifest.revision, names), inputs, {
    keepTombstones: group.length < manifest.segments.length,
    model: deps.embedder.model,
    without,
  });
  return replace(deps, namespace, manifest, made, group);
}

/** Removes objects that no question reads any more. The manifest forgets them with its next replacement. */
async function sweep(deps: IndexDeps, { dropped }: IndexManifest): Promise<IndexManifest['dropped']> {
  const due = dropped.filter(({ since }) => since + droppedMs < deps.sources.now());
  await Promise.all(due.map(({ key }) => deps.segments.remove(key)));
  return dropped.filter((entry) => !due.includes(entry));
}

/**
 * Moves recent entries into a segment when there are enough of them, or else merges one group of segments when there is one. Each step replaces the
 * manifest on its revision: of two that compact at once one wins, and the other's object lies idle. An entry that is in a segment and still among
 * the recent ones, after a crash between the two writes, is found once and flushed again.
 */
export async function compactIndex(deps: IndexDeps, namespace: string): Promise<Compaction> {
  const { manifest: found, recent } = await deps.index.load(namespace);
  const manifest: IndexManifest = { ...found, dropped: await sweep(deps, found) };
  if (recent.length >= flushedEntries) {
    const part = recent.slice(0, flushedEntriesMax);
    const next = await flush(deps, namespace, manifest, part);
    const left = recent.length - part.length >= flushedEntries;
    const more = left || next === undefined || segmentsToMerge(next.segments).length > 0;
    return { flushed: next === undefined ? 0 : part.length, merged: 0, more };
  }
  const group = segmentsToMerge(manifest.segments);
  if (group.length === 0) return { flushed: 0, merged: 0, more: false };
  const next = await merge(deps, namespace, manifest, group);
  const more = next === undefined || segmentsToMerge(next.segments).length > 0;
  return { flushed: 0, merged: next === undefined ? 0 : group.length, more };
}

/**
 * Takes the terms and vectors of documents out of the index: out of the recent entries, and out of each segment that has them, by writing it anew. A
 * segment's object goes once no question reads it any more, as does one that a compaction left idle. Answers with the documents of which there still
 * may be something, because something was there; whoever must know looks again after `droppedMs`.
 */
export async function purgeIndex(
  deps: IndexDeps,
  namespace: string,
  ids: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const { manifest: loaded, recent } = await deps.index.load(namespace);
  let manifest: IndexManifest = { ...loaded, dropped: await sweep(deps, loaded) };
  await removeIdle(deps, namespace, manifest);
  const entries = recent.filter(({ id, deleted }) => ids.has(id) && !deleted);
  if (entries.length > 0) await deps.index.remove(namespace, entries);
  const found = new Set(entries.map(({ id }) => id));
  for (const segment of loaded.segments) {
    const held = await holdsAny(deps.open(segment), ids);
    if (held.size === 0) continue;
    for (const id of held) found.add(id);
    const next = await merge(deps, namespace, manifest, [segment], ids);
    // A compaction was faster: its segments are looked at the next time.
    if (next === undefined) return found;
    manifest = next;
  }
  return found;
}

/** Removes objects that are no part of the index and never became one: of two that compacted at once the slower one left them. */
async function removeIdle(deps: IndexDeps, namespace: string, { segments, dropped }: IndexManifest): Promise<void> {
  const known = new Set([...segments, ...dropped].map(({ key }) => key));
  const idleSince = deps.sources.now() - droppedMs;
  const idle = (await deps.segments.list(segmentPrefix(namespace))).filter(
    ({ key, written_at }) => !known.has(key) && written_at < idleSince,
  );
  await Promise.all(idle.map(({ key }) => deps.segments.remove(key)));
}
