import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { LockRow } from '../../../context/core/lock.ts';
import type { DocumentStore } from '../../../context/ports.ts';
import { retentionMs } from '../../../contracts/limits.ts';
import { lockKey, lockPartition } from './keys.ts';
import { pageOfRows, placesUnder } from './listings.ts';
import { type Database, isApplied } from '../database.ts';
import type { Item } from '../item.ts';

function fromItem({ pk: _pk, sk: _sk, ttl: _ttl, ...row }: Item): LockRow {
  return row as unknown as LockRow;
}

/** When the row of a lock that nobody holds any more is removed: epoch seconds. */
function ttlOf({ token, holders }: LockRow): number {
  const last = Math.max(token, ...holders.map(({ until }) => Date.parse(until)));
  return Math.ceil((last + retentionMs) / 1_000);
}

/** The part of the store that has the locks: a row each. */
export function contextLocks(db: Database): Pick<DocumentStore, 'lock' | 'setLock' | 'locks'> {
  return {
    async lock(namespace, name) {
      const { Item: row } = await db.client.send(
        new GetCommand({ TableName: db.table, Key: lockKey(namespace, name), ConsistentRead: true }),
      );
      return row && fromItem(row);
    },

    async setLock(row) {
      const Item = { ...lockKey(row.namespace, row.name), ...row, ttl: ttlOf(row) };
      return isApplied(
        db.client.send(
          new PutCommand({
            TableName: db.table,
            Item,
            // as it was read: of two who saw the last free slot one gets it. A first change needs that there is none.
            ...(row.revision === 1
              ? { ConditionExpression: 'attribute_not_exists(pk)' }
              : {
                  ConditionExpression: 'revision = :before',
                  ExpressionAttributeValues: { ':before': row.revision - 1 },
                }),
          }),
        ),
      );
    },

    async locks(namespace, under, limit, cursor) {
      const page = await pageOfRows(db, lockPartition(namespace), placesUnder(under), { limit, cursor });
      return { ...page, items: page.items.map(fromItem) };
    },
  };
}
