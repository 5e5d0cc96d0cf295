import { GetCommand, PutCommand, QueryCommand, type TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import { CadreError } from '../../contracts/errors.ts';
import type { ConflictDocument } from '../../contracts/context-operations.ts';
import { retentionMs } from '../../contracts/limits.ts';
import { headOf, type DocumentKey } from '../../context/core/version.ts';
import type { Commit, ContextPage, DocumentStore, NamespaceRow } from '../../context/ports.ts';
import {
  conflictKey,
  conflictPrefix,
  contextHeadKey,
  documentPartition,
  operationKey,
  policyKey,
  versionKey,
  versionPrefix,
} from './context-keys.ts';
import { type Bodies, findingRows, fromHeadItem, fromVersionItem, headItem, versionItem } from './context-rows.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { type Database, getItems, queryItems } from './database.ts';
import type { Item } from './task-rows.ts';
import { transact } from './workflow-advance.ts';

type Action = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

/** DynamoDB: actions of one TransactWriteItems. */
const transactionActionsMax = 100;

/** The rows of a partition whose sort key has a prefix, newest first, page after page. */
async function newestFirst(
  db: Database,
  pk: string,
  prefix: string,
  limit: number,
  cursor: string | undefined,
): Promise<ContextPage<Item>> {
  const start = decodeCursor(cursor);
  if (start !== undefined && !String(start['sk']).startsWith(prefix))
    throw new CadreError('invalid-input', 'this cursor was given out by another listing', { path: 'cursor' });
  const { Items = [], LastEvaluatedKey } = await db.client.send(
    new QueryCommand({
      TableName: db.table,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': pk, ':prefix': prefix },
      ScanIndexForward: false,
      ConsistentRead: true,
      Limit: limit,
      // Only the place inside this partition is taken from a cursor: it comes from outside.
      ...(start === undefined ? {} : { ExclusiveStartKey: { pk, sk: start['sk'] } }),
    }),
  );
  const next = encodeCursor(LastEvaluatedKey);
  return { items: Items, ...(next === undefined ? {} : { cursor: next }) };
}

/**
 * The actions of one commit. The head must be at the version that the decision saw, or must not exist: of two changes from one version only one
 * happens. The version row must not exist: none is ever written over. An operation's own row must not exist where the operation names no version:
 * its repeat would otherwise be another change.
 */
async function actionsOf(db: Database, bodies: Bodies, { previous, next, once }: Commit): Promise<Action[]> {
  const head = headOf(next);
  const [before, after] = [findingRows(previous), findingRows(head)];
  const expected =
    previous === undefined
      ? { ConditionExpression: 'attribute_not_exists(pk)' }
      : {
          ConditionExpression: '#version = :expected',
          ExpressionAttributeNames: { '#version': 'version' },
          ExpressionAttributeValues: { ':expected': previous.version },
        };
  const absent = { ConditionExpression: 'attribute_not_exists(pk)' };
  const operation = {
    ...operationKey(next, next.operation_id),
    version: next.version,
    ttl: Math.ceil((Date.parse(next.updated_at) + retentionMs) / 1_000),
  };
  return [
    { Put: { TableName: db.table, Item: headItem(head), ...expected } },
    { Put: { TableName: db.table, Item: await versionItem(bodies, next), ...absent } },
    ...(once === true ? [{ Put: { TableName: db.table, Item: operation, ...absent } }] : []),
    ...[...after].flatMap(([name, key]) => (before.has(name) ? [] : [{ Put: { TableName: db.table, Item: key } }])),
    ...[...before].flatMap(([name, key]) => (after.has(name) ? [] : [{ Delete: { TableName: db.table, Key: key } }])),
  ];
}

async function commit(db: Database, bodies: Bodies, commits: readonly Commit[]): Promise<readonly DocumentKey[]> {
  const groups = await Promise.all(commits.map((each) => actionsOf(db, bodies, each)));
  const actions = groups.flat();
  if (actions.length > transactionActionsMax) {
    throw new CadreError(
      'too-large',
      `${String(actions.length)} rows change at once (documents, tags, relations), and a transaction has ${String(transactionActionsMax)}`,
    );
  }
  const keyOf = ({ next: { namespace, context_id } }: Commit): DocumentKey => ({ namespace, context_id });
  let codes: readonly string[] | undefined;
  try {
    codes = await transact(db, actions);
  } catch (error) {
    // It met other transactions again and again: nothing is written, and what is stored has changed meanwhile.
    if (error instanceof Error && error.name === 'TransactionCanceledException') return commits.map(keyOf);
    throw error;
  }
  if (codes === undefined) return [];
  const owners = groups.flatMap((group, index) => group.map(() => index));
  const failed = new Set(owners.filter((_, at) => codes[at] === 'ConditionalCheckFailed'));
  return commits.filter((_, index) => failed.has(index)).map(keyOf);
}

async function keepConflict(db: Database, conflict: ConflictDocument): Promise<void> {
  const { data, conflicts, ...rest } = conflict;
  const Item = { ...conflictKey(conflict, conflict.conflict_id), ...rest, text: JSON.stringify({ data, conflicts }) };
  await db.client
    // must not exist: the operation's repeat keeps the same conflict.
    .send(new PutCommand({ TableName: db.table, Item, ConditionExpression: 'attribute_not_exists(pk)' }))
    .catch((error: unknown) => {
      if (!(error instanceof Error && error.name === 'ConditionalCheckFailedException')) throw error;
    });
}

function fromConflictItem({ pk: _pk, sk: _sk, text, ...rest }: Item): ConflictDocument {
  return { ...rest, ...(JSON.parse(String(text)) as object) } as ConflictDocument;
}

/** Documents in the table of their own; large bodies in the bucket. */
export function createDocumentStore(db: Database, bodies: Bodies): DocumentStore {
  const one = async (key: { pk: string; sk: string }): Promise<Item | undefined> =>
    (await db.client.send(new GetCommand({ TableName: db.table, Key: key, ConsistentRead: true }))).Item;
  return {
    latest: async (key) => {
      const [newest] = await queryItems(
        db,
        {
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
          ExpressionAttributeValues: { ':pk': documentPartition(key), ':prefix': versionPrefix },
          ScanIndexForward: false,
          ConsistentRead: true,
        },
        1,
      );
      return newest && fromVersionItem(bodies, newest);
    },
    version: async (key, version) => {
      const item = await one(versionKey(key, version));
      return item && fromVersionItem(bodies, item);
    },
    operation: async (key, operation_id) => {
      const item = await one(operationKey(key, operation_id));
      return item === undefined ? undefined : Number(item['version']);
    },
    heads: async (keys) => (await getItems(db, keys.map(contextHeadKey))).map((item) => item && fromHeadItem(item)),
    versions: async (key, limit, cursor) => {
      const page = await newestFirst(db, documentPartition(key), versionPrefix, limit, cursor);
      return { ...page, items: await Promise.all(page.items.map((item) => fromVersionItem(bodies, item))) };
    },
    commit: (commits) => commit(db, bodies, commits),
    keepConflict: (conflict) => keepConflict(db, conflict),
    conflicts: async (key, limit, cursor) => {
      const page = await newestFirst(db, documentPartition(key), conflictPrefix, limit, cursor);
      return { ...page, items: page.items.map(fromConflictItem) };
    },
    namespace: async (namespace) => {
      const item = await one(policyKey(namespace));
      if (item === undefined) return undefined;
      const { pk: _pk, sk: _sk, ...row } = item;
      return row as unknown as NamespaceRow;
    },
  };
}
