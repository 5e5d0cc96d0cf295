import type { CanarySums } from '../../../contracts/distributor/canary.ts';
import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { PolicyRow } from '../../../contracts/rows.ts';
import type { PolicyStore } from '../../../distributor/ports.ts';
import { type Database, queryItems, isApplied } from '../database.ts';
import { expiryOf } from '../expiry.ts';
import { canaryKey, policyHeadKey, policyPartition, policyVersionKey } from '../keys.ts';
import type { Item } from '../item.ts';

/** The policy of an item; undefined for none. */
export function fromPolicyItem(item: Item | undefined): PolicyRow | undefined {
  if (item === undefined) return undefined;
  const { pk: _pk, sk: _sk, ...row } = item;
  return row as unknown as PolicyRow;
}

async function put(db: Database, item: Item, condition: string, was?: number): Promise<boolean> {
  return isApplied(
    db.client.send(
      new PutCommand({
        TableName: db.table,
        Item: item,
        ConditionExpression: condition,
        ...(was === undefined
          ? {}
          : { ExpressionAttributeNames: { '#version': 'version' }, ExpressionAttributeValues: { ':was': was } }),
      }),
    ),
  );
}

const sums = ['ended', 'completed', 'wait_ms', 'latency_ms', 'dated', 'met'] as const;
const sides = ['old', 'new'] as const;

/** The sums of a canary in its item: an attribute each, since an addition can create only those. */
export function fromCanaryItem(item: Item | undefined): CanarySums | undefined {
  if (item === undefined) return undefined;
  const of = (side: string) => Object.fromEntries(sums.map((name) => [name, (item[`${side}_${name}`] ?? 0) as number]));
  return Object.fromEntries(sides.map((side) => [side, of(side)])) as unknown as CanarySums;
}

async function count(db: Database, pool: string, version: number, added: CanarySums, at: string): Promise<void> {
  const parts = sides.flatMap((side) => sums.map((name) => ({ name: `${side}_${name}`, value: added[side][name] })));
  await db.client.send(
    new UpdateCommand({
      TableName: db.table,
      Key: canaryKey(pool, version),
      UpdateExpression: `SET expires_at = :expires ADD ${parts.map(({ name }) => `${name} :${name}`).join(', ')}`,
      ExpressionAttributeValues: {
        ':expires': expiryOf(at),
        ...Object.fromEntries(parts.map(({ name, value }) => [`:${name}`, value])),
      },
    }),
  );
}

/** Policies: the head beside the agents, where each dispatch reads it anyway; all versions in a partition of their own. */
export function createPolicyStore(db: Database): PolicyStore {
  return {
    head: async (pool) => {
      const { Item: item } = await db.client.send(
        new GetCommand({ TableName: db.table, Key: policyHeadKey(pool), ConsistentRead: true }),
      );
      return fromPolicyItem(item);
    },
    put: async (row) => {
      const { pool, version } = row;
      // The version that its author saw: of two who change the same one, the second is refused.
      const moved = await put(
        db,
        { ...policyHeadKey(pool), ...row },
        version === 1 ? 'attribute_not_exists(pk)' : '#version = :was',
        version === 1 ? undefined : version - 1,
      );
      if (!moved) return false;
      // The history follows the head: a crash in between is mended by the next change, which writes what it replaces.
      await put(db, { ...policyVersionKey(pool, version), ...row }, 'attribute_not_exists(pk)');
      return true;
    },
    keep: async (row) => {
      await put(db, { ...policyVersionKey(row.pool, row.version), ...row }, 'attribute_not_exists(pk)');
    },
    history: async (pool, limit) => {
      const items = await queryItems(
        db,
        {
          KeyConditionExpression: 'pk = :policy',
          ExpressionAttributeValues: { ':policy': policyPartition(pool) },
          ScanIndexForward: false,
          ConsistentRead: true,
        },
        limit,
      );
      return items.flatMap((item) => fromPolicyItem(item) ?? []);
    },
    count: (pool, version, added, at) => count(db, pool, version, added, at),
    counted: async (pool, version) => {
      const { Item: item } = await db.client.send(
        new GetCommand({ TableName: db.table, Key: canaryKey(pool, version), ConsistentRead: true }),
      );
      return fromCanaryItem(item);
    },
    version: async (pool, version) => {
      const { Item: item } = await db.client.send(
        new GetCommand({ TableName: db.table, Key: policyVersionKey(pool, version), ConsistentRead: true }),
      );
      return fromPolicyItem(item);
    },
  };
}
