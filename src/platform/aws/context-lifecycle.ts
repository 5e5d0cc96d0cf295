import type { ContextHead, ContextVersionView } from '../../contracts/context.ts';
import { historyEntry, type DocumentKey, type StoredVersion } from '../../context/core/version.ts';
import type { DocumentStore } from '../../context/ports.ts';
import {
  contextHeadKey,
  documentPartition,
  duePartition,
  edgePrefix,
  feedShards,
  versionKey,
  versionPrefix,
} from './context-keys.ts';
import { bodiesOf, type Bodies, headItem } from './context-rows.ts';
import { type Database, queryItems, writeAll } from './database.ts';
import { indexName } from './keys.ts';
import { transact } from './workflow-advance.ts';

/** What the history shows of a version: all but its body. */
const entryAttributes = [
  ...['version', 'kind', 'updated_at', 'updated_by', 'operation_id', 'base_version', 'bytes', 'hash', 'origin'],
  ...['reason', 'erasure'],
];

async function entries(db: Database, key: DocumentKey): Promise<readonly ContextVersionView[]> {
  const items = await queryItems(db, {
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
    ExpressionAttributeValues: { ':pk': documentPartition(key), ':prefix': versionPrefix },
    ProjectionExpression: entryAttributes.map((name) => `#${name}`).join(', '),
    ExpressionAttributeNames: Object.fromEntries(entryAttributes.map((name) => [`#${name}`, name])),
    ConsistentRead: true,
  });
  return items.map((item) => historyEntry(item as unknown as StoredVersion));
}

/** Objects first: a row that names one is the only thing that leads to it by a read. */
async function removeContent(db: Database, { objects, bucket }: Bodies, key: DocumentKey): Promise<boolean> {
  const found = await objects.list(bucket, bodiesOf(key));
  await Promise.all(found.map((object) => objects.remove(bucket, object.key)));
  const items = await queryItems(db, {
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': documentPartition(key) },
    ProjectionExpression: 'pk, sk, kind',
    ConsistentRead: true,
  });
  const gone = items.filter(({ sk, kind }) => {
    const name = String(sk);
    return name !== contextHeadKey(key).sk && !name.startsWith(edgePrefix.in) && kind !== 'erase';
  });
  await writeAll(
    db,
    gone.map(({ pk, sk }) => ({ DeleteRequest: { Key: { pk: String(pk), sk: String(sk) } } })),
  );
  return found.length > 0 || gone.length > 0;
}

/** The head and the row of its version, which says the same, at once. The version is the condition: what somebody wrote since is noted by whoever wrote it. */
async function note(db: Database, head: ContextHead): Promise<boolean> {
  const notes = { due: head.due, erasure: head.erasure };
  const names = Object.keys(notes) as (keyof typeof notes)[];
  const set = names.filter((name) => notes[name] !== undefined).map((name) => `#${name} = :${name}`);
  const removed = names.filter((name) => notes[name] === undefined).map((name) => `#${name}`);
  const given = names.filter((name) => notes[name] !== undefined);
  const cancelled = await transact(db, [
    {
      Put: {
        TableName: db.table,
        Item: headItem(head),
        ConditionExpression: '#version = :version',
        ExpressionAttributeNames: { '#version': 'version' },
        ExpressionAttributeValues: { ':version': head.version },
      },
    },
    {
      Update: {
        TableName: db.table,
        Key: versionKey(head, head.version),
        UpdateExpression: [
          set.length > 0 ? `SET ${set.join(', ')}` : '',
          removed.length > 0 ? `REMOVE ${removed.join(', ')}` : '',
        ].join(' '),
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
        ...(given.length === 0
          ? {}
          : { ExpressionAttributeValues: Object.fromEntries(given.map((name) => [`:${name}`, notes[name]])) }),
      },
    },
  ]);
  return cancelled === undefined;
}

async function due(db: Database, namespace: string, limit: number) {
  const shards = await Promise.all(
    Array.from({ length: feedShards }, (_, shard) =>
      queryItems(
        db,
        {
          IndexName: indexName,
          KeyConditionExpression: 'gsi1pk = :shard',
          ExpressionAttributeValues: { ':shard': duePartition(namespace, shard) },
        },
        limit,
      ),
    ),
  );
  return shards
    .flat()
    .map(({ context_id, gsi1sk }) => ({ context_id: String(context_id), at: String(gsi1sk).split('#', 1)[0] ?? '' }))
    .sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0))
    .slice(0, limit);
}

/** The part of the store that ends what is stored. */
export function contextLifecycle(
  db: Database,
  bodies: Bodies,
): Pick<DocumentStore, 'entries' | 'removeContent' | 'note' | 'due'> {
  return {
    entries: (key) => entries(db, key),
    removeContent: (key) => removeContent(db, bodies, key),
    note: (head) => note(db, head),
    due: (namespace, limit) => due(db, namespace, limit),
  };
}
