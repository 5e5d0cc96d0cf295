import { GetCommand, PutCommand, type TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import { CadreError } from '../../../contracts/errors.ts';
import { commitBeginMsMax, retentionMs } from '../../../contracts/limits.ts';
import { headOf, historyEntry, type DocumentKey, type StoredVersion } from '../../../context/core/version.ts';
import type { Check, Commit, DocumentStore, NamespaceRow } from '../../../context/ports.ts';
import { contextHeadKey, documentPartition, operationKey, policyKey, versionKey, versionPrefix } from './keys.ts';
import { type Bodies, findingRows, fromHeadItem, fromVersionItem, headItem, versionItem } from './rows.ts';
import { contextArchive } from './archive.ts';
import { contextConflicts } from './conflicts.ts';
import { contextLocks } from './locks.ts';
import { contextTypes } from './types.ts';
import { contextWatchers } from './watchers.ts';
import { contextSnapshots } from './snapshots.ts';
import { contextSubjects } from './subjects.ts';
import { contextLifecycle } from './lifecycle.ts';
import { contextLineage, writtenItem } from './lineage.ts';
import { contextListings, rowsUnder } from './listings.ts';
import { type Database, getItems, queryItems, isApplied } from '../database.ts';
import type { Item } from '../item.ts';
import { transact } from '../transact.ts';

type Action = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

/** DynamoDB: actions of one TransactWriteItems. */
const transactionActionsMax = 100;

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
  const written = writtenItem(next);
  return [
    { Put: { TableName: db.table, Item: headItem(head), ...expected } },
    { Put: { TableName: db.table, Item: await versionItem(bodies, next), ...absent } },
    ...(written === undefined ? [] : [{ Put: { TableName: db.table, Item: written } }]),
    ...(once === true ? [{ Put: { TableName: db.table, Item: operation, ...absent } }] : []),
    ...[...after].flatMap(([name, key]) => (before.has(name) ? [] : [{ Put: { TableName: db.table, Item: key } }])),
    ...[...before].flatMap(([name, key]) => (after.has(name) ? [] : [{ Delete: { TableName: db.table, Key: key } }])),
  ];
}

/** The document must be at the version that was looked at: it stops what was decided from an older one. */
function checkAction(db: Database, { key, version }: Check): Action {
  return {
    ConditionCheck: {
      TableName: db.table,
      Key: contextHeadKey(key),
      ConditionExpression: '#version = :expected',
      ExpressionAttributeNames: { '#version': 'version' },
      ExpressionAttributeValues: { ':expected': version },
    },
  };
}

/** Writes the commits while their stamps are young: one that lands later lies behind the place of readers of the changes. */
async function commit(
  { db, bodies, now }: StoreDeps,
  commits: readonly Commit[],
  checks: readonly Check[],
): Promise<readonly DocumentKey[]> {
  const stamped = Math.min(...commits.map(({ next }) => Date.parse(next.updated_at)));
  const isLate = () => now() - stamped > commitBeginMsMax;
  const groups = await Promise.all(commits.map((each) => actionsOf(db, bodies, each)));
  const actions = [...groups.flat(), ...checks.map((check) => checkAction(db, check))];
  if (actions.length > transactionActionsMax) {
    let rows = 0;
    const first = commits.find((_, at) => (rows += groups[at]?.length ?? 0) > transactionActionsMax) ?? commits.at(-1);
    throw new CadreError(
      'too-large',
      `${String(actions.length)} rows change at once (documents, tags, relations), and a transaction has ${String(transactionActionsMax)}`,
      { path: first?.place ?? 'relations' },
    );
  }
  const keyOf = ({ next: { namespace, context_id } }: Commit): DocumentKey => ({ namespace, context_id });
  const keys = [...commits.map(keyOf), ...checks.map(({ key }) => key)];
  // A body was long on its way to the bucket: it is decided, and stamped, again.
  if (isLate()) return keys;
  let codes: readonly string[] | undefined;
  try {
    codes = await transact(db, actions, isLate);
  } catch (error) {
    // It met other transactions again and again, or for too long: nothing is written, and what is stored may have changed meanwhile.
    if (error instanceof Error && error.name === 'TransactionCanceledException') return keys;
    throw error;
  }
  if (codes === undefined) return [];
  const owners = [
    ...groups.flatMap((group, index) => group.map(() => index)),
    ...checks.map((_, at) => commits.length + at),
  ];
  const failed = new Set(owners.filter((_, at) => codes[at] === 'ConditionalCheckFailed'));
  return keys.filter((_, index) => failed.has(index));
}

/** Heads, then the versions that they name: immutable, so that nothing can come between. Two calls for a hundred documents. */
async function latestOf(db: Database, bodies: Bodies, keys: readonly DocumentKey[]) {
  const heads = await getItems(db, keys.map(contextHeadKey));
  const wanted = keys.flatMap((key, at) => {
    const version = heads[at]?.['version'];
    return version === undefined ? [] : [{ at, key: versionKey(key, Number(version)) }];
  });
  const items = await getItems(
    db,
    wanted.map(({ key }) => key),
  );
  const found = new Map(wanted.map(({ at }, index) => [at, items[index]] as const));
  return Promise.all(
    keys.map(async (_, at) => {
      const item = found.get(at);
      return item && fromVersionItem(bodies, item);
    }),
  );
}

/** The stored revision must be the one before: of two policies made from one only one is set. */
async function setNamespace(db: Database, row: NamespaceRow): Promise<boolean> {
  const first = row.revision === 1;
  return isApplied(
    db.client.send(
      new PutCommand({
        TableName: db.table,
        Item: { ...policyKey(row.namespace), ...row },
        ...(first
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : { ConditionExpression: 'revision = :before', ExpressionAttributeValues: { ':before': row.revision - 1 } }),
      }),
    ),
  );
}

/** The table and the bucket of the documents, and the clock that stamps changes (epoch milliseconds). */
interface StoreDeps {
  readonly db: Database;
  readonly bodies: Bodies;
  readonly now: () => number;
}

/** Documents in the table of their own; large bodies in the bucket. */
export function createDocumentStore({ db, bodies, now }: StoreDeps): DocumentStore {
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
    heads: async (keys) => {
      const [only, ...more] = keys;
      // Of one head by itself, because a batch takes about twice as long as a read.
      const isOne = only !== undefined && more.length === 0;
      const items = isOne ? [await one(contextHeadKey(only))] : await getItems(db, keys.map(contextHeadKey));
      return items.map((item) => item && fromHeadItem(item));
    },
    versions: async (key, limit, cursor) => {
      const page = await rowsUnder(db, documentPartition(key), versionPrefix, { limit, cursor });
      return { ...page, items: page.items.map((item) => historyEntry(item as unknown as StoredVersion)) };
    },
    commit: (commits, checks = []) => commit({ db, bodies, now }, commits, checks),
    latestOf: (keys) => latestOf(db, bodies, keys),
    namespace: async (namespace) => {
      const item = await one(policyKey(namespace));
      if (item === undefined) return undefined;
      const { pk: _pk, sk: _sk, ...row } = item;
      return row as unknown as NamespaceRow;
    },
    setNamespace: (row) => setNamespace(db, row),
    ...contextConflicts(db, bodies),
    ...contextListings(db),
    ...contextLineage(db),
    ...contextLifecycle(db, bodies),
    ...contextArchive(db, bodies),
    ...contextSubjects(db),
    ...contextSnapshots(db),
    ...contextWatchers(db),
    ...contextTypes(db),
    ...contextLocks(db),
  };
}
