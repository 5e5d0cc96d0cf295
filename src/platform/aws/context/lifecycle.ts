import type { ContextHead, ContextVersionView } from '../../../contracts/context/context.ts';
import { historyEntry, type DocumentKey, type StoredVersion } from '../../../context/core/version.ts';
import type { DocumentStore, Walk } from '../../../context/ports.ts';
import {
  contextHeadKey,
  documentPartition,
  duePartition,
  edgePrefix,
  feedShards,
  versionKey,
  versionPrefix,
  walkKey,
} from './keys.ts';
import { archived, archiveOf, archivedOrigins } from './archive.ts';
import { removeLineage } from './lineage.ts';
import { bodiesOf, type Bodies, fromHeadItem, headItem } from './rows.ts';
import { type Database, getItems, queryItems, writeAll } from '../database.ts';
import { indexName } from '../keys.ts';
import { transact } from '../transact.ts';

/** What the history shows of a version: all but its body. */
const entryAttributes = [
  ...['version', 'kind', 'updated_at', 'updated_by', 'operation_id', 'base_version', 'bytes', 'hash', 'origin'],
  ...['reason', 'erasure', 'deleted'],
];

async function entries(db: Database, bodies: Bodies, key: DocumentKey): Promise<readonly ContextVersionView[]> {
  const [head] = await getItems(db, [contextHeadKey(key)]);
  const found = new Map<number, ContextVersionView>();
  if (head?.['archive'] !== undefined)
    for await (const versions of archived(bodies, fromHeadItem(head)))
      for (const version of versions) found.set(version.version, historyEntry(version));
  const items = await queryItems(db, {
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
    ExpressionAttributeValues: { ':pk': documentPartition(key), ':prefix': versionPrefix },
    ProjectionExpression: entryAttributes.map((name) => `#${name}`).join(', '),
    ExpressionAttributeNames: Object.fromEntries(entryAttributes.map((name) => [`#${name}`, name])),
    ConsistentRead: true,
  });
  for (const item of items) {
    const entry = historyEntry(item as unknown as StoredVersion);
    found.set(entry.version, entry);
  }
  return [...found.values()].sort((one, other) => one.version - other.version);
}

/**
 * Objects before rows: a row that names one is the only thing that leads to it by a read. What tasks' lineage says of the document goes before the rows
 * that lead there; of versions that were pruned nothing leads there, and that expires.
 */
async function removeContent(db: Database, bodies: Bodies, key: DocumentKey): Promise<boolean> {
  const { objects, bucket } = bodies;
  const items = await queryItems(db, {
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': documentPartition(key) },
    ProjectionExpression: 'pk, sk, kind, version, origin',
    ConsistentRead: true,
  });
  await removeLineage(db, key, [...items, ...(await archivedOrigins(bodies, key))]);
  const found = (
    await Promise.all([bodiesOf(key), archiveOf(key)].map((prefix) => objects.list(bucket, prefix)))
  ).flat();
  await Promise.all(found.map((object) => objects.remove(bucket, object.key)));
  const gone = items.filter(({ sk, kind }) => {
    const name = String(sk);
    return name !== contextHeadKey(key).sk && !name.startsWith(edgePrefix) && kind !== 'erase';
  });
  await writeAll(
    db,
    gone.map(({ pk, sk }) => ({ DeleteRequest: { Key: { pk: String(pk), sk: String(sk) } } })),
  );
  return found.length > 0 || gone.length > 0;
}

/** What the lifecycle notes on a head; the row of its version says the same. */
const noted = ['due', 'erasure', 'archive', 'first_version'] as const;

/** The condition that nobody changed the document or its life since `before`: of two sweeps, and of a sweep and a writer, one goes on. */
function unchanged({ version, due, archive }: ContextHead) {
  const names = { '#version': 'version', '#due': 'due', '#archive': 'archive' };
  const clauses = [
    due === undefined ? 'attribute_not_exists(#due)' : '#due = :was_due',
    archive === undefined ? 'attribute_not_exists(#archive)' : '#archive = :was_archive',
  ];
  return {
    ConditionExpression: ['#version = :version', ...clauses].join(' AND '),
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: {
      ':version': version,
      ...(due === undefined ? {} : { ':was_due': due }),
      ...(archive === undefined ? {} : { ':was_archive': archive }),
    },
  };
}

/** The head and the row of its version at once. The body goes from the row when the archive has it and nothing of the archiving is due. */
async function note(db: Database, before: ContextHead, after: ContextHead): Promise<boolean> {
  const isArchived = after.archive !== undefined && after.due?.action !== 'archive';
  const set = noted.filter((name) => after[name] !== undefined);
  const removed = [
    ...noted.filter((name) => after[name] === undefined),
    ...(isArchived ? ['body', 'packed', 'body_object'] : []),
  ];
  const cancelled = await transact(db, [
    { Put: { TableName: db.table, Item: headItem(after), ...unchanged(before) } },
    {
      Update: {
        TableName: db.table,
        Key: versionKey(after, after.version),
        UpdateExpression: [
          set.length > 0 ? `SET ${set.map((name) => `#${name} = :${name}`).join(', ')}` : '',
          removed.length > 0 ? `REMOVE ${removed.map((name) => `#${name}`).join(', ')}` : '',
        ].join(' '),
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeNames: Object.fromEntries([...set, ...removed].map((name) => [`#${name}`, name])),
        ...(set.length === 0
          ? {}
          : { ExpressionAttributeValues: Object.fromEntries(set.map((name) => [`:${name}`, after[name]])) }),
      },
    },
  ]);
  return cancelled === undefined;
}

async function walk(db: Database, namespace: string): Promise<Walk | undefined> {
  const [row] = await getItems(db, [walkKey(namespace)]);
  if (row === undefined) return undefined;
  const { pk: _pk, sk: _sk, ...rest } = row;
  return rest as unknown as Walk;
}

async function setWalk(db: Database, namespace: string, row: Walk | undefined): Promise<void> {
  const Key = walkKey(namespace);
  await writeAll(db, [row === undefined ? { DeleteRequest: { Key } } : { PutRequest: { Item: { ...Key, ...row } } }]);
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
): Pick<DocumentStore, 'entries' | 'removeContent' | 'note' | 'due' | 'walk' | 'setWalk'> {
  return {
    entries: (key) => entries(db, bodies, key),
    removeContent: (key) => removeContent(db, bodies, key),
    note: (before, after) => note(db, before, after),
    due: (namespace, limit) => due(db, namespace, limit),
    walk: (namespace) => walk(db, namespace),
    setWalk: (namespace, row) => setWalk(db, namespace, row),
  };
}
