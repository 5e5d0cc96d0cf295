import { QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import type { ReadyPlace, ReadyTask } from '../../../contracts/rows.ts';
import type { TaskStore } from '../../../distributor/ports.ts';
import { type Database, queryItems } from '../database.ts';
import { indexName, readyPartition } from '../keys.ts';
import { fromIndexItem } from './task-rows.ts';
import type { Item } from '../item.ts';

/** Entries of a partition, up to `most`: counted by the table, so that none of them travels. */
async function countReady(db: Database, partition: string, most: number): Promise<number> {
  let count = 0;
  let start: Item | undefined;
  do {
    const page: { Count?: number | undefined; LastEvaluatedKey?: Item | undefined } = await db.client.send(
      new QueryCommand({
        TableName: db.table,
        IndexName: indexName,
        KeyConditionExpression: 'gsi1pk = :partition',
        ExpressionAttributeValues: { ':partition': partition },
        Select: 'COUNT',
        Limit: most - count,
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
      }),
    );
    count += page.Count ?? 0;
    start = page.LastEvaluatedKey;
  } while (start !== undefined && count < most);
  return count;
}

const byOrder = (one: ReadyTask, other: ReadyTask): number =>
  one.order < other.order ? -1 : Number(one.order > other.order);

/** What waits, as the index shows it: sorted by the ready order within each route, whose parts are read at once and merged. */
export function readyIndex(db: Database): Pick<TaskStore, 'ready' | 'due' | 'count' | 'last'> {
  const query = async (
    { pool, route, parts = 1 }: ReadyPlace,
    limit: number,
    { condition = '', values = {}, ...more }: Partial<QueryCommandInput> & { condition?: string; values?: Item } = {},
  ): Promise<ReadyTask[]> => {
    const pages = await Promise.all(
      Array.from({ length: parts }, (_, part) =>
        queryItems(
          db,
          {
            IndexName: indexName,
            KeyConditionExpression: `gsi1pk = :partition${condition}`,
            ExpressionAttributeValues: { ':partition': readyPartition(pool, route, part), ...values },
            ...more,
          },
          limit,
        ),
      ),
    );
    const tasks = pages.flat().map(fromIndexItem);
    return parts === 1 ? tasks : tasks.sort(byOrder);
  };
  return {
    ready: async (route, limit, after) => {
      const from = after === undefined ? {} : { condition: ' AND gsi1sk > :after', values: { ':after': after } };
      return (await query(route, limit, from)).slice(0, limit);
    },
    due: async (route, level, at, limit) => {
      const tasks = await query(route, limit, {
        condition: ' AND gsi1sk BETWEEN :first AND :last',
        // What is due at this very moment has more behind its time, and all of that sorts before a tilde.
        values: { ':first': `${level}#`, ':last': `${level}#${at}~` },
      });
      return tasks.slice(0, limit);
    },
    count: async ({ pool, route, parts = 1 }, most) => {
      const counts = await Promise.all(
        Array.from({ length: parts }, (_, part) => countReady(db, readyPartition(pool, route, part), most)),
      );
      return Math.min(
        most,
        counts.reduce((sum, count) => sum + count, 0),
      );
    },
    last: async (route, limit) => {
      const { parts = 1 } = route;
      const tasks = await query(route, limit, { ScanIndexForward: false });
      return parts === 1 ? tasks : tasks.reverse().slice(0, limit);
    },
  };
}
