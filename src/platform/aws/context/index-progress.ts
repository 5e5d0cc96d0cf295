import { hash } from 'node:crypto';
import type { IndexEntry } from '../../../context/core/search/entry.ts';
import type { IndexName, IndexStore, SetAside } from '../../../context/index-ports.ts';
import { type Database, queryItems, writeAll } from '../database.ts';
import type { Item } from '../item.ts';

/** Beside the index's partition, which every question reads as a whole. */
const partition = (namespace: string) => `INDEXING#${namespace}`;
/** How long it is remembered what became a segment: catching up looks back by minutes. */
const flushedSeconds = 86_400;
/** Flushes that one look back reads, the latest. More: a backlog of a whole namespace reads its own flushes at each pass. */
const flushesMax = 64;
/** Bytes by which a version is remembered. Fewer: one that was lost may be taken for one that is there. */
const markBytes = 8;

const time = (ms: number) => new Date(ms).toISOString();
const markOf = ({ id, version }: Pick<IndexEntry, 'id' | 'version'>): Buffer =>
  hash('sha256', `${id} ${String(version)}`, 'buffer').subarray(0, markBytes);
const flushesOf = ({ generation }: IndexName) => `FLUSHED#${String(generation).padStart(6, '0')}#`;
const asideKey = (namespace: string, { id, at }: SetAside) => ({
  pk: partition(namespace),
  sk: `ASIDE#${time(at)}#${id}`,
});

function asideOf(item: Item): SetAside {
  const { id, reason, tries, at } = item as unknown as SetAside;
  return { id, reason, tries, at };
}

/** The marks of what became a segment of an index at this time or later. */
async function marksSince(db: Database, name: IndexName, since: number): Promise<ReadonlySet<string>> {
  const prefix = flushesOf(name);
  const items = await queryItems(
    db,
    {
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
      ExpressionAttributeValues: {
        ':pk': partition(name.namespace),
        ':from': `${prefix}${time(since)}`,
        ':to': `${prefix}~`,
      },
      ScanIndexForward: false,
      ConsistentRead: true,
    },
    flushesMax,
  );
  const marks = new Set<string>();
  for (const { marks: packed } of items) {
    const bytes = Buffer.from(packed as Uint8Array);
    for (let at = 0; at < bytes.length; at += markBytes) marks.add(bytes.toString('hex', at, at + markBytes));
  }
  return marks;
}

/** The part of the index's rows that says what became a segment lately, and what could not be indexed whole. */
export function indexProgress(db: Database): Pick<IndexStore, 'flushed' | 'setAside' | 'asides' | 'takeBack'> & {
  /** Those of the versions that became no segment at this time or later. */
  unflushed: <V extends Pick<IndexEntry, 'id' | 'version'>>(
    name: IndexName,
    versions: readonly V[],
    since: number,
  ) => Promise<readonly V[]>;
} {
  return {
    async flushed(name, entries, at) {
      const marks = Buffer.concat(entries.map(markOf));
      const sk = `${flushesOf(name)}${time(at)}#${marks.toString('hex', 0, markBytes)}`;
      const ttl = Math.ceil(at / 1_000) + flushedSeconds;
      await writeAll(db, [{ PutRequest: { Item: { pk: partition(name.namespace), sk, marks, ttl } } }]);
    },

    async unflushed(name, versions, since) {
      if (versions.length === 0) return [];
      const marks = await marksSince(db, name, since);
      return versions.filter((version) => !marks.has(markOf(version).toString('hex')));
    },

    setAside: (namespace, documents) =>
      writeAll(
        db,
        documents.map((each) => ({ PutRequest: { Item: { ...asideKey(namespace, each), ...each } } })),
      ),

    async asides(namespace, until, limit) {
      const items = await queryItems(
        db,
        {
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
          ExpressionAttributeValues: {
            ':pk': partition(namespace),
            ':from': 'ASIDE#',
            ':to': `ASIDE#${time(until)}~`,
          },
          ConsistentRead: true,
        },
        limit,
      );
      return items.map(asideOf);
    },

    takeBack: (namespace, documents) =>
      writeAll(
        db,
        documents.map((each) => ({ DeleteRequest: { Key: asideKey(namespace, each) } })),
      ),
  };
}
