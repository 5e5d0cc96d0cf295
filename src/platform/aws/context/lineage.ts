import { traceRetentionMs } from '../../../contracts/limits.ts';
import type { DocumentStore, DocumentVersion } from '../../../context/ports.ts';
import type { DocumentKey, StoredVersion } from '../../../context/core/version.ts';
import { lineagePrefix, readPrefix, documentPartition, lineagePartition } from './keys.ts';
import { type Database, queryItems, writeAll } from '../database.ts';
import type { Statement } from '../statements.ts';
import type { Item } from '../item.ts';

const padded = (version: number) => String(version).padStart(12, '0');
const ttlAt = (at: number) => Math.ceil((at + traceRetentionMs) / 1_000);

/** The row that says which task wrote a version; undefined when no task did. It is written with the version. */
export function writtenItem(version: StoredVersion): (Item & Statement['key']) | undefined {
  const { namespace, context_id, origin, updated_at } = version;
  if (origin?.task_id === undefined) return undefined;
  return {
    pk: lineagePartition(namespace, origin.task_id),
    sk: `${lineagePrefix.wrote}${context_id}#${padded(version.version)}`,
    ttl: ttlAt(Date.parse(updated_at)),
  };
}

/** Removes what tasks' lineage says of a document, as its versions and its readers' rows tell who that was. */
export async function removeLineage(
  db: Database,
  { namespace, context_id }: DocumentKey,
  rows: readonly Item[],
): Promise<void> {
  const keys = rows.flatMap((row) => {
    const reader = /^READ#(\d+)#(.*)$/.exec(typeof row['sk'] === 'string' ? row['sk'] : '');
    if (reader !== null)
      return [
        {
          pk: lineagePartition(namespace, reader[2] ?? ''),
          sk: `${lineagePrefix.read}${context_id}#${reader[1] ?? ''}`,
        },
      ];
    const task_id = (row['origin'] as StoredVersion['origin'])?.task_id;
    const sk = `${lineagePrefix.wrote}${context_id}#${padded(Number(row['version']))}`;
    return task_id === undefined ? [] : [{ pk: lineagePartition(namespace, task_id), sk }];
  });
  const distinct = new Map(keys.map((key) => [`${key.pk} ${key.sk}`, key]));
  await writeAll(
    db,
    [...distinct.values()].map((Key) => ({ DeleteRequest: { Key } })),
  );
}

/** Where the context id and the version are in a sort key of a task's rows. */
function versionOf(sk: string, prefix: string): DocumentVersion {
  const [context_id = '', version] = sk.slice(prefix.length).split('#');
  return { context_id, version: Number(version) };
}

/** The part of the store that knows which task read and wrote which version. */
export function contextLineage(db: Database): Pick<DocumentStore, 'recordReads' | 'readersOf' | 'touchedBy'> {
  const keysOf = async (pk: string, prefix: string, limit: number) => {
    const items = await queryItems(
      db,
      {
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': pk, ':prefix': prefix },
        ProjectionExpression: 'sk',
        ConsistentRead: true,
      },
      limit,
    );
    return items.map(({ sk }) => String(sk));
  };
  return {
    recordReads: async (namespace, task_id, reads, at) => {
      const ttl = ttlAt(at);
      // Both rows say the same and never change, so that a repeat does no harm: one finds it by its task, one by its document.
      const rows = reads.flatMap(({ context_id, version }) => [
        { pk: lineagePartition(namespace, task_id), sk: `${lineagePrefix.read}${context_id}#${padded(version)}`, ttl },
        { pk: documentPartition({ namespace, context_id }), sk: `${readPrefix}${padded(version)}#${task_id}`, ttl },
      ]);
      const distinct = new Map(rows.map((row) => [`${row.pk} ${row.sk}`, row]));
      await writeAll(
        db,
        [...distinct.values()].map((Item) => ({ PutRequest: { Item } })),
      );
    },
    readersOf: async (key, version, limit) => {
      const prefix = `${readPrefix}${padded(version)}#`;
      return (await keysOf(documentPartition(key), prefix, limit)).map((sk) => sk.slice(prefix.length));
    },
    touchedBy: async (namespace, task_id, action, limit) => {
      const prefix = lineagePrefix[action];
      const keys = await keysOf(lineagePartition(namespace, task_id), prefix, limit);
      return keys.map((sk) => versionOf(sk, prefix));
    },
  };
}
