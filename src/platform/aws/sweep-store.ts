import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { SweepStore } from '../../context/ports.ts';
import { defaultPool } from '../../contracts/ids.ts';
import { type Database, isRefused } from './database.ts';
import { sweepKey, timerPartition } from './keys.ts';
import type { Item } from './item.ts';

/** Changes a timer; false when its condition did not hold. */
async function update(db: Database, namespace: string, change: object): Promise<Item | undefined> {
  try {
    const command = { TableName: db.table, Key: sweepKey(namespace), ReturnValues: 'ALL_NEW' as const, ...change };
    return (await db.client.send(new UpdateCommand(command))).Attributes ?? {};
  } catch (error) {
    if (isRefused(error)) return undefined;
    throw error;
  }
}

/** One row for each namespace, among the timers of the default pool, which always has a pulse. */
export function createSweepStore(db: Database): SweepStore {
  return {
    async arm(namespace, at) {
      const row = await update(db, namespace, {
        UpdateExpression:
          'SET gsi1pk = if_not_exists(gsi1pk, :timers), gsi1sk = if_not_exists(gsi1sk, :at) ADD armed :one',
        ExpressionAttributeValues: { ':timers': timerPartition(defaultPool), ':at': at, ':one': 1 },
      });
      if (String(row?.['gsi1sk']) <= at) return;
      await update(db, namespace, {
        UpdateExpression: 'SET gsi1pk = :timers, gsi1sk = :at',
        // later than this: somebody who armed it for an earlier time meanwhile must not wait.
        ConditionExpression: 'attribute_not_exists(gsi1sk) OR gsi1sk > :at',
        ExpressionAttributeValues: { ':timers': timerPartition(defaultPool), ':at': at },
      });
    },

    async postpone(namespace, now, until) {
      const row = await update(db, namespace, {
        UpdateExpression: 'SET gsi1sk = :until',
        // due: of two pulses that wake it one does.
        ConditionExpression: 'gsi1sk <= :now',
        ExpressionAttributeValues: { ':now': now, ':until': until },
      });
      return row !== undefined;
    },

    async armed(namespace) {
      const { Item: row } = await db.client.send(
        new GetCommand({ TableName: db.table, Key: sweepKey(namespace), ConsistentRead: true }),
      );
      return Number(row?.['armed'] ?? 0);
    },

    async settle(namespace, armed, next) {
      const row = await update(db, namespace, {
        UpdateExpression: next === undefined ? 'REMOVE gsi1pk, gsi1sk' : 'SET gsi1pk = :timers, gsi1sk = :next',
        // as it was read: what was armed since is due sooner or later than `next`, and this look knew nothing of it.
        ConditionExpression: armed === 0 ? 'attribute_not_exists(armed)' : 'armed = :armed',
        ExpressionAttributeValues: {
          ...(armed === 0 ? {} : { ':armed': armed }),
          ...(next === undefined ? {} : { ':timers': timerPartition(defaultPool), ':next': next }),
        },
      });
      return row !== undefined;
    },
  };
}
