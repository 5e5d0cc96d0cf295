import { QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import type { ReadyTask } from '../../contracts/rows.ts';
import type { TaskStore } from '../../distributor/ports.ts';
import { type Database, queryItems } from './database.ts';
import { indexName, readyPartition } from './keys.ts';
import { fromIndexItem, type Item } from './task-rows.ts';

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

/** What waits, as the index shows it: sorted by the ready order within each route. */
export function readyIndex(db: Database): Pick<TaskStore, 'ready' | 'due' | 'count' | 'last'> {
  const query = async (
    pool: string,
    route: string,
    limit: number,
    { condition = '', values = {}, ...more }: Partial<QueryCommandInput> & { condition?: string; values?: Item } = {},
  ): Promise<readonly ReadyTask[]> => {
    const items = await queryItems(
      db,
      {
        IndexName: indexName,
        KeyConditionExpression: `gsi1pk = :partition${condition}`,
        ExpressionAttributeValues: { ':partition': readyPartition(pool, route), ...values },
        ...more,
      },
      limit,
    );
    return items.map(fromIndexItem);
  };
  return {
    ready: (pool, route, limit, after) =>
      query(
        pool,
        route,
        limit,
        after === undefined ? {} : { condition: ' AND gsi1sk > :after', values: { ':after': after } },
      ),
    due: (pool, route, level, at, limit) =>
      query(pool, route, limit, {
        condition: ' AND gsi1sk BETWEEN :first AND :last',
        // What is due at this very moment has more behind its time, and all of that sorts before a tilde.
        values: { ':first': `${level}#`, ':last': `${level}#${at}~` },
      }),
    count: (pool, route, most) => countReady(db, readyPartition(pool, route), most),
    last: (pool, route, limit) => query(pool, route, limit, { ScanIndexForward: false }),
  };
}
