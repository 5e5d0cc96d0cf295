import { GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { CadreError } from '../../../contracts/errors.ts';
import type { AuditEntry, ContextChange } from '../../../contracts/context/queries.ts';
import { traceRetentionMs } from '../../../contracts/limits.ts';
import type { DocumentKey } from '../../../context/core/version.ts';
import type { ContextPage, DocumentStore, Edge, Finding } from '../../../context/ports.ts';
import {
  auditPartition,
  contextHeadKey,
  documentPartition,
  edgePrefix,
  feedPartition,
  feedShards,
  subjectPartition,
  tagPartition,
  treePartition,
  typePartition,
} from './keys.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { type Database, queryItems } from '../database.ts';
import { fromHeadItem } from './rows.ts';
import { indexName } from '../keys.ts';
import type { Item } from '../item.ts';

/** After every character that an id may have. */
const last = '~';

/** The keys at and below a path, and some beside it. */
export function placesUnder(under: string | undefined): readonly [string, string] {
  return under === undefined ? ['!', last] : [under, `${under}/${last}`];
}

/** Where a query of a partition goes on. Only the place inside the partition is taken from a cursor: it comes from outside. */
function startOf(pk: string, cursor: string | undefined, from: string, to: string) {
  const start = decodeCursor(cursor);
  if (start === undefined) return {};
  const sk = String(start['sk']);
  if (sk < from || sk > to)
    throw new CadreError('invalid-input', 'this cursor was given out by another listing', { path: 'cursor' });
  return { ExclusiveStartKey: { pk, sk } };
}

/** Rows of a partition between two sort keys, a page at a time. */
export async function pageOfRows(
  db: Database,
  pk: string,
  [from, to]: readonly [string, string],
  { limit, cursor, newestFirst = false }: { limit: number; cursor: string | undefined; newestFirst?: boolean },
): Promise<ContextPage<Item>> {
  const { Items = [], LastEvaluatedKey } = await db.client.send(
    new QueryCommand({
      TableName: db.table,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
      ExpressionAttributeValues: { ':pk': pk, ':from': from, ':to': to },
      ScanIndexForward: !newestFirst,
      ConsistentRead: true,
      Limit: limit,
      ...startOf(pk, cursor, from, to),
    }),
  );
  const next = encodeCursor(LastEvaluatedKey);
  return { items: Items, ...(next === undefined ? {} : { cursor: next }) };
}

/** The rows of a partition whose sort key has a prefix, newest first, a page at a time. */
export function rowsUnder(
  db: Database,
  pk: string,
  prefix: string,
  page: { readonly limit: number; readonly cursor: string | undefined },
): Promise<ContextPage<Item>> {
  return pageOfRows(db, pk, [prefix, `${prefix}${last}`], { ...page, newestFirst: true });
}

function partitionOf(namespace: string, by: Finding['by']): string {
  if (by === undefined) return treePartition(namespace);
  if ('tag' in by) return tagPartition(namespace, by.tag);
  return 'type' in by ? typePartition(namespace, by.type) : subjectPartition(namespace, by.subject);
}

async function find(db: Database, finding: Finding, limit: number, cursor?: string): Promise<ContextPage<string>> {
  const { namespace, by, under } = finding;
  const pk = partitionOf(namespace, by);
  const range = placesUnder(under);
  const page = await pageOfRows(db, pk, range, { limit, cursor });
  return { ...page, items: page.items.map(({ sk }) => String(sk)) };
}

/** The edges that leave a document are on its head, while it is there; those that reach it are rows beside it. */
async function edges(
  db: Database,
  key: DocumentKey,
  direction: 'out' | 'in',
  type: string | undefined,
  limit: number,
): Promise<readonly Edge[]> {
  if (direction === 'out') {
    const Key = contextHeadKey(key);
    const { Item: head } = await db.client.send(new GetCommand({ TableName: db.table, Key, ConsistentRead: true }));
    if (head === undefined || head['deleted'] === true) return [];
    const { relations } = fromHeadItem(head);
    const wanted = relations.filter((relation) => type === undefined || relation.type === type);
    const distinct = new Map(wanted.map((relation) => [`${relation.type}#${relation.to}`, relation]));
    return [...distinct.values()]
      .slice(0, limit)
      .map((relation) => ({ from: key.context_id, type: relation.type, to: relation.to }));
  }
  const items = await queryItems(
    db,
    {
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: {
        ':pk': documentPartition(key),
        ':prefix': `${edgePrefix}${type === undefined ? '' : `${type}#`}`,
      },
      ConsistentRead: true,
    },
    limit,
  );
  return items.map(({ sk }) => {
    const [edgeType = '', from = ''] = String(sk).slice(edgePrefix.length).split('#');
    return { from, type: edgeType, to: key.context_id };
  });
}

/** Where a reader of changes is: the last entry it saw in each partition. */
type Places = readonly (string | undefined)[];

function placesOf(cursor: string | undefined): Places {
  if (cursor === undefined) return [];
  try {
    const places: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (
      Array.isArray(places) &&
      places.length === feedShards &&
      places.every((each) => each === null || typeof each === 'string')
    )
      return (places as (string | null)[]).map((each) => each ?? undefined);
  } catch {
    // Falls through to the refusal: the reason is the same whatever the text was.
  }
  throw new CadreError('invalid-input', 'this cursor was not given out by the changes', { path: 'cursor' });
}

const changes = async (
  db: Database,
  ...[namespace, { since, until }, limit, cursor]: Parameters<DocumentStore['changes']>
) => {
  const places = placesOf(cursor);
  const to = `${new Date(until).toISOString()}#${last}`;
  // After every entry of that very time.
  const start = since === undefined ? '!' : `${since}$`;
  const shards = Array.from({ length: feedShards }, (_, shard) => shard);
  const found = await Promise.all(
    shards.map((shard) => {
      const place = places[shard];
      // The place itself was given out before; a `!` after it is before the next one.
      const from = place === undefined ? start : `${place}!`;
      return from > to
        ? Promise.resolve([])
        : queryItems(
            db,
            {
              IndexName: indexName,
              KeyConditionExpression: 'gsi1pk = :pk AND gsi1sk BETWEEN :from AND :to',
              ExpressionAttributeValues: {
                ':pk': feedPartition(namespace, shard),
                ':from': from,
                ':to': to,
              },
            },
            Math.ceil(limit / feedShards),
          );
    }),
  );
  const next = shards.map((shard) => found[shard]?.at(-1)?.['gsi1sk'] ?? places[shard] ?? null);
  const items = found.flat().map((item): ContextChange => {
    const { context_id, context_type, version, kind, updated_at, updated_by, operation_id, deleted } = item;
    return {
      context_id,
      context_type,
      version,
      kind,
      operation_id,
      at: updated_at,
      by: updated_by,
      deleted: deleted === true,
    } as ContextChange;
  });
  items.sort((a, b) => (a.at === b.at ? a.version - b.version : a.at < b.at ? -1 : 1));
  return { items, cursor: Buffer.from(JSON.stringify(next)).toString('base64url') };
};

/** The parts of the store that find documents, and the audit. */
export function contextListings(db: Database): Pick<DocumentStore, 'find' | 'edges' | 'changes' | 'audit' | 'audited'> {
  return {
    find: (finding, limit, cursor) => find(db, finding, limit, cursor),
    edges: (...args) => edges(db, ...args),
    changes: (...args) => changes(db, ...args),
    audit: async (namespace, id, entry) => {
      const day = entry.at.slice(0, 10);
      const ttl = Math.ceil((Date.parse(entry.at) + traceRetentionMs) / 1_000);
      const Item = { pk: auditPartition(namespace, day), sk: `${entry.at}#${id}`, ...entry, ttl };
      // must not exist: nothing in the audit is ever written over.
      await db.client.send(
        new PutCommand({ TableName: db.table, Item, ConditionExpression: 'attribute_not_exists(pk)' }),
      );
    },
    audited: async (namespace, { day, from, to }, limit, cursor) => {
      const page = await pageOfRows(db, auditPartition(namespace, day), [from, `${to}#${last}`], {
        limit,
        cursor,
        newestFirst: true,
      });
      return {
        ...page,
        items: page.items.map(({ pk: _pk, sk: _sk, ttl: _ttl, ...entry }) => entry as unknown as AuditEntry),
      };
    },
  };
}
