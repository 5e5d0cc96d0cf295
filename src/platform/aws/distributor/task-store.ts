import { ScanCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { TaskRow } from '../../../contracts/rows.ts';
import type { ChangeResult, KeyMark, TaskStore } from '../../../distributor/ports.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { type Database, getItems, isRefused } from '../database.ts';
import { expiryOf } from '../expiry.ts';
import { addDeadlines, deadlineTimers } from './deadline-timers.ts';
import { markKey, taskKey } from '../keys.ts';
import { readyIndex } from './ready-index.ts';
import { spreadRoutes } from './ready-parts.ts';
import { executeStatements, insertStatement } from '../statements.ts';
import { fromTaskItem, taskItem, taskPut, taskStatement, taskUpdate } from './task-rows.ts';
import type { Item } from '../item.ts';
import { transact } from '../transact.ts';

async function insert(
  db: Database,
  rows: readonly TaskRow[],
  partsOf: ReturnType<typeof spreadRoutes>,
): Promise<(TaskRow | undefined)[]> {
  await addDeadlines(db, rows);
  const partOf = await partsOf(rows);
  const results = await executeStatements(
    db,
    // INSERT refuses a key that exists: the same task_id twice is one task.
    rows.map((row) => insertStatement(db.table, taskItem(row, partOf(row)))),
  );
  const taken = rows.filter((_, index) => results[index]?.applied === false);
  const first = await getItems(
    db,
    taken.map((row) => taskKey(row.task_id)),
  );
  const byId = new Map(
    first.flatMap((item) => (item === undefined ? [] : [[item['task_id'], fromTaskItem(item)] as const])),
  );
  return rows.map((row, index) => (results[index]?.applied === false ? byId.get(row.task_id) : undefined));
}

async function change(db: Database, changes: Parameters<TaskStore['change']>[0]): Promise<ChangeResult[]> {
  const results = await executeStatements(
    db,
    changes.map((each) => taskStatement(db.table, each)),
  );
  return results.map((result): ChangeResult => {
    if (result.applied) return { applied: true };
    return result.item === undefined ? { applied: false } : { applied: false, current: fromTaskItem(result.item) };
  });
}

/** Lists by scanning: for people who look, never for the runtime. A page may be shorter than asked for while more follow. */
async function list(db: Database, filter: Parameters<TaskStore['list']>[0]) {
  const start = decodeCursor(filter.cursor, {});
  const items: Item[] = [];
  let next = start;
  do {
    const page: { Items?: Item[] | undefined; LastEvaluatedKey?: Item | undefined } = await db.client.send(
      new ScanCommand({
        TableName: db.table,
        FilterExpression: `sk = :task AND #pool = :pool${filter.status === undefined ? '' : ' AND #status = :status'}`,
        ExpressionAttributeNames: { '#pool': 'pool', ...(filter.status === undefined ? {} : { '#status': 'status' }) },
        ExpressionAttributeValues: {
          ':task': 'TASK',
          ':pool': filter.pool,
          ...(filter.status === undefined ? {} : { ':status': filter.status }),
        },
        ...(next === undefined ? {} : { ExclusiveStartKey: next }),
      }),
    );
    items.push(...(page.Items ?? []));
    next = page.LastEvaluatedKey;
  } while (next !== undefined && items.length < filter.limit);
  const shown = items.slice(0, filter.limit);
  const last = shown.at(-1);
  // A page cut inside a scanned block goes on after its last shown item.
  const after = items.length > filter.limit && last !== undefined ? { pk: last['pk'], sk: last['sk'] } : next;
  const cursor = encodeCursor(after);
  return { items: shown.map(fromTaskItem), ...(cursor === undefined ? {} : { cursor }) };
}

/** Tasks in the one table. */
export function createTaskStore(db: Database): TaskStore {
  const partsOf = spreadRoutes(db);
  return {
    insert: (rows) => insert(db, rows, partsOf),
    mark: async (pool, name) => {
      const [item] = await getItems(db, [markKey(pool, name)]);
      return item === undefined
        ? undefined
        : (({ name, task_id, since }) => ({ name, task_id, since }) as KeyMark)(item);
    },
    insertMarked: async (row, { mark, was, change: other }) => {
      await addDeadlines(db, [row]);
      const cancellation = await transact(db, [
        { Put: taskPut(db.table, row) },
        {
          Put: {
            TableName: db.table,
            Item: { ...markKey(row.pool, mark.name), ...mark, expires_at: expiryOf(row.created_at) },
            // Still whom the decision saw: of two who take the key from the same task one does.
            ConditionExpression: was === undefined ? 'attribute_not_exists(pk)' : 'task_id = :was',
            ...(was === undefined ? {} : { ExpressionAttributeValues: { ':was': was } }),
          },
        },
        ...(other === undefined ? [] : [{ Update: taskUpdate(db.table, other) }]),
      ]);
      return cancellation === undefined;
    },
    get: async (ids) => (await getItems(db, ids.map(taskKey))).map((item) => item && fromTaskItem(item)),
    ...readyIndex(db),
    change: (changes) => change(db, changes),
    ...deadlineTimers(db),
    countLateResult: async (task_id) => {
      await db.client
        .send(
          new UpdateCommand({
            TableName: db.table,
            Key: taskKey(task_id),
            UpdateExpression: 'ADD late_results :one',
            // Only a task that exists: a forged id must not make a row.
            ConditionExpression: 'attribute_exists(pk)',
            ExpressionAttributeValues: { ':one': 1 },
          }),
        )
        .catch((error: unknown) => {
          if (!isRefused(error)) throw error;
        });
    },
    list: (filter) => list(db, filter),
  };
}
