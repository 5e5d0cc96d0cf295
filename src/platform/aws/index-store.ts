import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { packEntry, unpackEntry, type IndexEntry } from '../../context/core/search/entry.ts';
import type { ChangedVersion, IndexManifest, IndexStore } from '../../context/index-ports.ts';
import { feedPartition, feedShards } from './context-keys.ts';
import { type Database, getItems, queryItems, isApplied, writeAll } from './database.ts';
import { indexName } from './keys.ts';
import type { Item } from './task-rows.ts';

const partition = (namespace: string) => `INDEX#${namespace}`;
const manifestKey = (namespace: string) => ({ pk: partition(namespace), sk: 'MANIFEST' });
/** Before the manifest in the order of the keys, which a query keeps: what the entries no longer have, the manifest has already. */
const entryKey = (namespace: string, { id, version }: Pick<IndexEntry, 'id' | 'version'>) => ({
  pk: partition(namespace),
  sk: `ENTRY#${id}#${String(version).padStart(10, '0')}`,
});

function manifestOf(item: Item | undefined): IndexManifest {
  return {
    revision: (item?.['revision'] as number | undefined) ?? 0,
    segments: (item?.['segments'] as IndexManifest['segments'] | undefined) ?? [],
    dropped: (item?.['dropped'] as IndexManifest['dropped'] | undefined) ?? [],
  };
}

/** From the order of changes that the documents' heads keep in the index of the table. */
async function changesSince(
  db: Database,
  namespace: string,
  since: number,
  limit: number,
): Promise<readonly ChangedVersion[]> {
  const shards = await Promise.all(
    Array.from({ length: feedShards }, (_, shard) =>
      queryItems(
        db,
        {
          IndexName: indexName,
          KeyConditionExpression: 'gsi1pk = :shard AND gsi1sk >= :since',
          ExpressionAttributeValues: {
            ':shard': feedPartition(namespace, shard),
            ':since': new Date(since).toISOString(),
          },
        },
        limit,
      ),
    ),
  );
  return shards
    .flat()
    .map((item) => ({
      id: item['context_id'] as string,
      version: item['version'] as number,
      updated_at: Date.parse(item['updated_at'] as string),
    }))
    .sort((one, other) => one.updated_at - other.updated_at)
    .slice(0, limit);
}

/** Changes one number of the manifest; answers with the manifest after it. */
async function update(db: Database, namespace: string, expression: string, value: number): Promise<Item> {
  const { Attributes = {} } = await db.client.send(
    new UpdateCommand({
      TableName: db.table,
      Key: manifestKey(namespace),
      UpdateExpression: expression,
      ExpressionAttributeValues: { ':value': value },
      ReturnValues: 'ALL_NEW',
    }),
  );
  return Attributes;
}

async function missingFrom(db: Database, namespace: string, versions: readonly ChangedVersion[]) {
  const items = await getItems(
    db,
    versions.map((version) => entryKey(namespace, version)),
  );
  return versions.filter((_, at) => items[at] === undefined);
}

async function replaceManifest(
  db: Database,
  namespace: string,
  { revision, segments, dropped }: IndexManifest,
): Promise<boolean> {
  return isApplied(
    db.client.send(
      new UpdateCommand({
        TableName: db.table,
        Key: manifestKey(namespace),
        UpdateExpression: 'SET revision = :revision, #segments = :segments, dropped = :dropped',
        // Its revision: another compaction replaced it meanwhile, and this one would lose that one's segments.
        ConditionExpression: revision === 1 ? 'attribute_not_exists(revision)' : 'revision = :known',
        ExpressionAttributeNames: { '#segments': 'segments' },
        ExpressionAttributeValues: {
          ':revision': revision,
          ':segments': segments,
          ':dropped': dropped,
          ...(revision === 1 ? {} : { ':known': revision - 1 }),
        },
      }),
    ),
  );
}

/** The rows of the indexes: a manifest and an entry for each recent version, in one partition a namespace. */
export function createIndexStore(db: Database): IndexStore {
  return {
    async load(namespace) {
      const items = await queryItems(db, {
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': partition(namespace) },
        ConsistentRead: true,
      });
      const manifest = items.find(({ sk }) => sk === 'MANIFEST');
      const recent = items.flatMap((item) =>
        item === manifest
          ? []
          : [
              unpackEntry(
                item['id'] as string,
                item['version'] as number,
                Uint8Array.from(item['entry'] as Uint8Array),
              ),
            ],
      );
      return { manifest: manifestOf(manifest), recent, caughtUpAt: Number(manifest?.['caught_up_at'] ?? 0) };
    },

    async add(namespace, entries) {
      await writeAll(
        db,
        entries.map((entry) => ({
          PutRequest: {
            Item: { ...entryKey(namespace, entry), id: entry.id, version: entry.version, entry: packEntry(entry) },
          },
        })),
      );
      const manifest = await update(db, namespace, 'ADD waiting :value', entries.length);
      return {
        waiting: Number(manifest['waiting']),
        caughtUpAt: Number(manifest['caught_up_at'] ?? 0),
      };
    },

    async remove(namespace, entries) {
      await writeAll(
        db,
        entries.map((entry) => ({ DeleteRequest: { Key: entryKey(namespace, entry) } })),
      );
      await update(db, namespace, 'ADD waiting :value', -entries.length);
    },

    replace: (namespace, manifest) => replaceManifest(db, namespace, manifest),
    changes: (namespace, since, limit) => changesSince(db, namespace, since, limit),

    missing: (namespace, versions) => missingFrom(db, namespace, versions),

    caughtUp: (namespace, at) => update(db, namespace, 'SET caught_up_at = :value', at).then(() => undefined),
  };
}
