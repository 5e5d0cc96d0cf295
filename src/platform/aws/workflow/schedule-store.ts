import { DeleteCommand, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { ScheduleRow } from '../../../contracts/workflow/rows.ts';
import type { ScheduleStore } from '../../../workflow/ports.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { type Database, isApplied } from '../database.ts';
import { scheduleKey, schedulesPartition, timerPartition } from '../keys.ts';
import type { Item } from '../item.ts';
import { packed, unpacked } from './packed-row.ts';

/** What a schedule runs, where it fits no row. */
const what = { name: 'definition with its input', fix: 'register the definition, and name its version' };

/** The item of a schedule: in the index exactly while it waits for a time. */
function scheduleItem(row: ScheduleRow): Item {
  const { pool, schedule_id, wake_at } = row;
  const timer = wake_at === undefined ? {} : { gsi1pk: timerPartition(pool), gsi1sk: `${wake_at}#${schedule_id}` };
  return { ...scheduleKey(pool, schedule_id), ...row, workflow: packed(row.workflow, what), ...timer };
}

function fromItem(item: Item): ScheduleRow {
  const { pk: _pk, sk: _sk, gsi1pk: _partition, gsi1sk: _key, workflow, ...row } = item;
  return { ...row, workflow: unpacked(workflow) } as unknown as ScheduleRow;
}

/** Puts a row on a condition; false when it failed. */
async function put(db: Database, row: ScheduleRow, condition: string, values?: Item): Promise<boolean> {
  return isApplied(
    db.client.send(
      new PutCommand({
        TableName: db.table,
        Item: scheduleItem(row),
        ConditionExpression: condition,
        ...(values === undefined
          ? {}
          : { ExpressionAttributeNames: { '#version': 'version' }, ExpressionAttributeValues: values }),
      }),
    ),
  );
}

async function get(db: Database, pool: string, schedule_id: string): Promise<ScheduleRow | undefined> {
  const { Item: item } = await db.client.send(
    new GetCommand({ TableName: db.table, Key: scheduleKey(pool, schedule_id), ConsistentRead: true }),
  );
  return item && fromItem(item);
}

/** The schedules of a pool: one item collection, in the order of their ids. */
export function createScheduleStore(db: Database): ScheduleStore {
  return {
    create: async (row) => {
      // must not exist: the first body under an id stays.
      if (await put(db, row, 'attribute_not_exists(pk)')) return undefined;
      return get(db, row.pool, row.schedule_id);
    },
    get: (pool, schedule_id) => get(db, pool, schedule_id),
    // the version that was read: two who decide about the same time cannot both write; a removed schedule stays removed.
    save: (row) => put(db, row, '#version = :was', { ':was': row.version - 1 }),
    remove: async (pool, schedule_id) => {
      await db.client.send(new DeleteCommand({ TableName: db.table, Key: scheduleKey(pool, schedule_id) }));
    },
    list: async (pool, limit, cursor) => {
      const start = decodeCursor(cursor, { pk: schedulesPartition(pool) });
      const page = await db.client.send(
        new QueryCommand({
          TableName: db.table,
          KeyConditionExpression: 'pk = :partition',
          ExpressionAttributeValues: { ':partition': schedulesPartition(pool) },
          Limit: limit,
          ...(start === undefined ? {} : { ExclusiveStartKey: start }),
        }),
      );
      const next = encodeCursor(page.LastEvaluatedKey);
      return { items: (page.Items ?? []).map(fromItem), ...(next === undefined ? {} : { cursor: next }) };
    },
  };
}
