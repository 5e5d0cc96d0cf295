import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { packEntry, unpackEntry, type IndexEntry } from '../../../context/core/search/entry.ts';
import { segmentFormat } from '../../../context/core/search/segment.ts';
import type {
  ChangedVersion,
  IndexBuild,
  IndexContent,
  IndexMaking,
  IndexManifest,
  IndexName,
  IndexState,
  IndexStore,
  LoadedIndex,
} from '../../../context/index-ports.ts';
import { indexProgress } from './index-progress.ts';
import { feedPartition, feedShards } from './keys.ts';
import { type Database, getItems, queryItems, isApplied, writeAll } from '../database.ts';
import { indexName } from '../keys.ts';
import type { Item } from '../item.ts';

const partition = (namespace: string) => `INDEX#${namespace}`;
const generationKey = (generation: number) => String(generation).padStart(6, '0');
/** Entries come before manifests and these before the state in the order of the keys, which a query keeps: what the entries no longer have, the manifest has already. */
const entryKey = ({ namespace, generation }: IndexName, { id, version }: Pick<IndexEntry, 'id' | 'version'>) => ({
  pk: partition(namespace),
  sk: `ENTRY#${generationKey(generation)}#${id}#${String(version).padStart(10, '0')}`,
});
const manifestKey = ({ namespace, generation }: IndexName) => ({
  pk: partition(namespace),
  sk: `MANIFEST#${generationKey(generation)}`,
});
const stateKey = (namespace: string) => ({ pk: partition(namespace), sk: 'STATE' });
/** The generation of the row of an entry or a manifest. */
const generationOf = (item: Item): number => Number(String(item['sk']).split('#')[1]);

function manifestOf(item: Item | undefined): IndexManifest {
  return {
    revision: (item?.['revision'] as number | undefined) ?? 0,
    segments: (item?.['segments'] as IndexManifest['segments'] | undefined) ?? [],
    dropped: (item?.['dropped'] as IndexManifest['dropped'] | undefined) ?? [],
    ...(item?.['walk'] === undefined ? {} : { walk: item['walk'] as NonNullable<IndexManifest['walk']> }),
  };
}

/** How the first index of a namespace is made. */
const firstMaking = (model: string): IndexMaking => ({ generation: 1, format: segmentFormat, model });

function stateOf(item: Item | undefined, model: string): IndexState {
  return {
    live: (item?.['live'] as IndexMaking | undefined) ?? firstMaking(model),
    ...(item?.['build'] === undefined ? {} : { build: item['build'] as IndexBuild }),
    last: Number(item?.['last'] ?? 1),
    waiting: Number(item?.['waiting'] ?? 0),
    caughtUpAt: Number(item?.['caught_up_at'] ?? 0),
    changedAt: Number(item?.['changed_at'] ?? 0),
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

async function load(db: Database, namespace: string, model: string): Promise<LoadedIndex> {
  const items = await queryItems(db, {
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': partition(namespace) },
    ConsistentRead: true,
  });
  const rows = Map.groupBy(items, (item) => (item['sk'] === 'STATE' ? undefined : generationOf(item)));
  const state = stateOf(rows.get(undefined)?.[0], model);
  const contentOf = (making: IndexMaking): IndexContent => {
    const own = rows.get(making.generation) ?? [];
    const recent = own.filter((item) => item['entry'] !== undefined);
    return {
      making,
      manifest: manifestOf(own.find((item) => item['entry'] === undefined)),
      recent: recent.map((item) =>
        unpackEntry(item['id'] as string, item['version'] as number, Uint8Array.from(item['entry'] as Uint8Array)),
      ),
    };
  };
  const used = [state.live.generation, state.build?.generation];
  return {
    ...contentOf(state.live),
    state,
    ...(state.build === undefined ? {} : { build: contentOf(state.build) }),
    retired: [...rows.keys()].filter(
      (generation) => generation !== undefined && !used.includes(generation),
    ) as number[],
  };
}

async function unlisted(db: Database, name: IndexName, versions: readonly ChangedVersion[]) {
  const items = await getItems(
    db,
    versions.map((version) => entryKey(name, version)),
  );
  return versions.filter((_, at) => items[at] === undefined);
}

async function replaceManifest(
  db: Database,
  name: IndexName,
  { revision, segments, dropped, walk }: IndexManifest,
): Promise<boolean> {
  return isApplied(
    db.client.send(
      new UpdateCommand({
        TableName: db.table,
        Key: manifestKey(name),
        UpdateExpression: `SET revision = :revision, #segments = :segments, dropped = :dropped${walk === undefined ? '' : ', walk = :walk'}`,
        // Its revision: another compaction replaced it meanwhile, and this one would lose that one's segments.
        ConditionExpression: revision === 1 ? 'attribute_not_exists(revision)' : 'revision = :known',
        ExpressionAttributeNames: { '#segments': 'segments' },
        ExpressionAttributeValues: {
          ':revision': revision,
          ':segments': segments,
          ':dropped': dropped,
          ...(walk === undefined ? {} : { ':walk': walk }),
          ...(revision === 1 ? {} : { ':known': revision - 1 }),
        },
      }),
    ),
  );
}

function beginBuild(db: Database, namespace: string, build: IndexBuild, at: number): Promise<boolean> {
  return isApplied(
    db.client.send(
      new UpdateCommand({
        TableName: db.table,
        Key: stateKey(namespace),
        UpdateExpression: 'SET #build = :build, #last = :generation, changed_at = :at',
        // live: there is an index. last: nobody else began one meanwhile, which would have this generation too.
        ConditionExpression: 'attribute_exists(#live) AND #last = :known',
        ExpressionAttributeNames: { '#build': 'build', '#last': 'last', '#live': 'live' },
        ExpressionAttributeValues: {
          ':build': build,
          ':generation': build.generation,
          ':known': build.generation - 1,
          ':at': at,
        },
      }),
    ),
  );
}

function switchReaders(
  db: Database,
  { namespace, generation }: IndexName,
  waiting: number,
  at: number,
): Promise<boolean> {
  return isApplied(
    db.client.send(
      new UpdateCommand({
        TableName: db.table,
        Key: stateKey(namespace),
        UpdateExpression: 'SET #live = #build, waiting = :waiting, changed_at = :at REMOVE #build',
        // Its generation: another build took its place, because what it was to have changed meanwhile.
        ConditionExpression: '#build.generation = :generation',
        ExpressionAttributeNames: { '#live': 'live', '#build': 'build' },
        ExpressionAttributeValues: { ':generation': generation, ':waiting': waiting, ':at': at },
      }),
    ),
  );
}

async function dropGeneration(db: Database, name: IndexName): Promise<void> {
  const items = await queryItems(db, {
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :entries)',
    ExpressionAttributeValues: {
      ':pk': partition(name.namespace),
      ':entries': `ENTRY#${generationKey(name.generation)}#`,
    },
    ProjectionExpression: 'pk, sk',
  });
  const keys = items.map((item) => ({ pk: item['pk'] as string, sk: item['sk'] as string }));
  // The manifest last: until then it is known that something is left.
  await writeAll(
    db,
    keys.map((Key) => ({ DeleteRequest: { Key } })),
  );
  await writeAll(db, [{ DeleteRequest: { Key: manifestKey(name) } }]);
}

/**
 * The rows of the indexes: a state, a manifest for each making and an entry for each recent version, in one partition a namespace. `model` is that of
 * first indexes.
 */
export function createIndexStore(db: Database, model: string): IndexStore {
  const { unflushed, ...progress } = indexProgress(db);
  return {
    ...progress,
    load: (namespace) => load(db, namespace, model),

    async count(namespace, entries) {
      const { Attributes } = await db.client.send(
        new UpdateCommand({
          TableName: db.table,
          Key: stateKey(namespace),
          UpdateExpression:
            'SET #live = if_not_exists(#live, :live), #last = if_not_exists(#last, :one) ADD waiting :count',
          ExpressionAttributeNames: { '#live': 'live', '#last': 'last' },
          ExpressionAttributeValues: { ':live': firstMaking(model), ':one': 1, ':count': entries },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return stateOf(Attributes, model);
    },

    add: (name, entries) =>
      writeAll(
        db,
        entries.map((entry) => ({
          PutRequest: {
            Item: { ...entryKey(name, entry), id: entry.id, version: entry.version, entry: packEntry(entry) },
          },
        })),
      ),

    remove: (name, entries) =>
      writeAll(
        db,
        entries.map((entry) => ({ DeleteRequest: { Key: entryKey(name, entry) } })),
      ),

    replace: (name, manifest) => replaceManifest(db, name, manifest),
    changes: (namespace, since, limit) => changesSince(db, namespace, since, limit),
    missing: async (name, versions, since) => unflushed(name, await unlisted(db, name, versions), since),

    async caughtUp(namespace, at) {
      await db.client.send(
        new UpdateCommand({
          TableName: db.table,
          Key: stateKey(namespace),
          UpdateExpression: 'SET caught_up_at = :at',
          ExpressionAttributeValues: { ':at': at },
        }),
      );
    },

    begin: (namespace, build, at) => beginBuild(db, namespace, build, at),
    switchTo: (name, waiting, at) => switchReaders(db, name, waiting, at),
    drop: (name) => dropGeneration(db, name),
  };
}
