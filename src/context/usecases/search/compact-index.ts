import { flushedEntries, segmentsToMerge } from '../../core/search/compaction.ts';
import { type IndexEntry, newestOf } from '../../core/search/entry.ts';
import { holdsAny } from '../../core/search/holds-any.ts';
import { mergeSegments } from '../../core/search/merge-segments.ts';
import { segmentFormat, type SegmentMeta } from '../../core/search/segment.ts';
import { type NewSegment, segmentOf } from '../../core/search/write-segment.ts';
import type { IndexContent, IndexDeps, IndexMaking, IndexManifest, IndexName, LoadedIndex } from '../../index-ports.ts';

/** Entries of one new segment. More: a backlog becomes a segment that takes too long to make. */
const flushedEntriesMax = 4_096;
/** How long the objects of merged segments stay: longer than any question takes that began before. */
export const droppedMs = 120_000;

/** What a compaction did. `more`: something is left to do. */
export interface Compaction {
  readonly flushed: number;
  readonly merged: number;
  readonly more: boolean;
}

/** What the keys of an index's segments begin with. */
const segmentPrefix = ({ namespace, generation }: IndexName) => `index/${namespace}/${String(generation)}/`;

/** Named by the revision it is made for, so that a repeat writes the same object and a later one never writes over it. */
function keyFor(deps: IndexDeps, name: IndexName, revision: number, parts: readonly string[]) {
  const hash = deps.sources.hash(parts.join('\n')).slice(0, 32);
  return `${segmentPrefix(name)}${String(revision)}-${hash}`;
}

async function replace(
  deps: IndexDeps,
  name: IndexName,
  manifest: IndexManifest,
  made: NewSegment,
  gone: readonly SegmentMeta[],
): Promise<IndexManifest | undefined> {
  await deps.segments.put(made.meta.key, made.bytes);
  const keys = new Set(gone.map(({ key }) => key));
  const since = deps.sources.now();
  const kept = manifest.segments.filter(({ key }) => !keys.has(key));
  const next: IndexManifest = {
    ...manifest,
    revision: manifest.revision + 1,
    segments: made.meta.documents > 0 ? [...kept, made.meta] : kept,
    dropped: [...manifest.dropped, ...[...keys].map((key) => ({ key, since }))],
  };
  return (await deps.index.replace(name, next)) ? next : undefined;
}

/** Adds a segment of these entries to an index. Undefined: somebody else changed its manifest meanwhile. */
export async function addSegment(
  deps: IndexDeps,
  namespace: string,
  { generation, model }: IndexMaking,
  manifest: IndexManifest,
  entries: readonly IndexEntry[],
): Promise<IndexManifest | undefined> {
  const name = { namespace, generation };
  const names = entries.map(({ id, version }) => `${id} ${String(version)}`);
  const key = keyFor(deps, name, manifest.revision, names);
  return replace(deps, name, manifest, segmentOf(key, newestOf(entries), model), []);
}

async function merge(
  deps: IndexDeps,
  namespace: string,
  { generation, model }: IndexMaking,
  manifest: IndexManifest,
  group: readonly SegmentMeta[],
  without: ReadonlySet<string> = new Set(),
): Promise<IndexManifest | undefined> {
  const name = { namespace, generation };
  const inputs = await Promise.all(
    group.map(async (meta) => ({ meta, bytes: await deps.segments.read(meta.key, 0, meta.bytes) })),
  );
  const keys = group.map(({ key }) => key);
  const made = mergeSegments(keyFor(deps, name, manifest.revision, keys), inputs, {
    keepTombstones: group.length < manifest.segments.length,
    model,
    without,
  });
  return replace(deps, name, manifest, made, group);
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
async function compact(deps: IndexDeps, namespace: string, content: IndexContent): Promise<Compaction> {
  const { making, manifest: found, recent } = content;
  if (making.format !== segmentFormat) return { flushed: 0, merged: 0, more: false };
  const manifest: IndexManifest = { ...found, dropped: await sweep(deps, found) };
  if (recent.length >= flushedEntries) {
    const part = recent.slice(0, flushedEntriesMax);
    const next = await addSegment(deps, namespace, making, manifest, part);
    if (next !== undefined) {
      const name = { namespace, generation: making.generation };
      await deps.index.flushed(name, part, deps.sources.now());
      await deps.index.remove(name, part);
    }
    const left = recent.length - part.length >= flushedEntries;
    const more = left || next === undefined || segmentsToMerge(next.segments).length > 0;
    return { flushed: next === undefined ? 0 : part.length, merged: 0, more };
  }
  const group = segmentsToMerge(manifest.segments);
  if (group.length === 0) return { flushed: 0, merged: 0, more: false };
  const next = await merge(deps, namespace, making, manifest, group);
  const more = next === undefined || segmentsToMerge(next.segments).length > 0;
  return { flushed: 0, merged: next === undefined ? 0 : group.length, more };
}

/** Takes a step of the compaction of an index, and of the one that is built beside it. */
export async function compactIndex(deps: IndexDeps, namespace: string): Promise<Compaction> {
  const { build, ...live } = await deps.index.load(namespace);
  const own = await compact(deps, namespace, live);
  if (own.flushed > 0) await deps.index.count(namespace, -own.flushed);
  const beside = build === undefined ? undefined : await compact(deps, namespace, build);
  return { ...own, more: own.more || beside?.more === true };
}

/** Takes documents out of one making of an index. Answers with those that it had. */
async function purge(deps: IndexDeps, namespace: string, content: IndexContent, ids: ReadonlySet<string>) {
  const { making, manifest: loaded, recent } = content;
  const name = { namespace, generation: making.generation };
  let manifest: IndexManifest = { ...loaded, dropped: await sweep(deps, loaded) };
  await removeIdle(deps, name, manifest);
  const entries = recent.filter(({ id, deleted }) => ids.has(id) && !deleted);
  if (entries.length > 0) await deps.index.remove(name, entries);
  const found = new Set(entries.map(({ id }) => id));
  for (const segment of loaded.segments) {
    const held = await holdsAny(deps.open(segment), ids);
    if (held.size === 0) continue;
    for (const id of held) found.add(id);
    const next = await merge(deps, namespace, making, manifest, [segment], ids);
    // A compaction was faster: its segments are looked at the next time.
    if (next === undefined) return found;
    manifest = next;
  }
  return found;
}

/**
 * Takes the terms and vectors of documents out of the index, and out of one that is built beside it: out of the recent entries, and out of each
 * segment that has them, by writing it anew. A segment's object goes once no question reads it any more, as does one that a compaction left idle.
 * Answers with the documents of which there still may be something, because something was there; whoever must know looks again after `droppedMs`.
 */
export async function purgeIndex(
  deps: IndexDeps,
  namespace: string,
  ids: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const { build, retired, ...live } = await deps.index.load(namespace);
  const found = await purge(deps, namespace, live, ids);
  const beside = build === undefined ? [] : await purge(deps, namespace, build, ids);
  // What is left of an index that was made anew goes as a whole, and may have any of them.
  return new Set([...found, ...beside, ...(retired.length > 0 ? ids : [])]);
}

/** Removes what nobody reads any more of indexes that others took the place of. Answers with whether something is left. */
export async function removeRetired(
  deps: IndexDeps,
  namespace: string,
  { retired, state }: LoadedIndex,
): Promise<boolean> {
  if (retired.length > 0 && state.changedAt + droppedMs >= deps.sources.now()) return true;
  for (const generation of retired) {
    const name = { namespace, generation };
    // The rows last: until then it is known that something is left.
    const objects = await deps.segments.list(segmentPrefix(name));
    await Promise.all(objects.map(({ key }) => deps.segments.remove(key)));
    await deps.index.drop(name);
  }
  return false;
}

/** Removes objects that are no part of the index and never became one: of two that compacted at once the slower one left them. */
async function removeIdle(deps: IndexDeps, name: IndexName, { segments, dropped }: IndexManifest): Promise<void> {
  const known = new Set([...segments, ...dropped].map(({ key }) => key));
  const idleSince = deps.sources.now() - droppedMs;
  const idle = (await deps.segments.list(segmentPrefix(name))).filter(
    ({ key, written_at }) => !known.has(key) && written_at < idleSince,
  );
  await Promise.all(idle.map(({ key }) => deps.segments.remove(key)));
}
