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

/** Before and behind all orders, which begin with a level. */
const [firstOrder, lastOrder] = ['0', '~'];
/** Where reading goes on: behind this order, and before one that begins with it. */
const behind = (order: string): string => `${order}!`;

/** Entries that each part is asked for, so that `limit` of all can mostly be told: the hash scatters them. */
const pageOf = (limit: number, parts: number): number =>
  parts === 1 ? limit : Math.min(limit, Math.ceil((limit / parts) * 1.25) + 8);

/**
 * The first entries of several parts in their common order. What stands behind the end of a page that was cut is not known: as long as that could come among the first, its part is read on.
 */
async function merge(
  read: (part: number, limit: number, after?: string) => Promise<ReadyTask[]>,
  parts: number | undefined = 1,
  limit: number,
): Promise<readonly ReadyTask[]> {
  const size = pageOf(limit, parts);
  let open = Array.from({ length: parts }, (_, part) => ({ part, after: undefined as string | undefined }));
  const tasks: ReadyTask[] = [];
  for (;;) {
    const pages = await Promise.all(
      open.map(async ({ part, after }) => ({ part, page: await read(part, size, after) })),
    );
    tasks.push(...pages.flatMap(({ page }) => page));
    if (parts > 1) tasks.sort(byOrder);
    const end = tasks[limit - 1]?.order;
    open = pages.flatMap(({ part, page }) => {
      const after = page.at(-1)?.order;
      return page.length === size && after !== undefined && (end === undefined || after < end) ? [{ part, after }] : [];
    });
    if (open.length === 0 || parts === 1) return tasks.slice(0, limit);
  }
}

/** What waits, as the index shows it: sorted by the ready order within each route, whose parts are read at once and merged. */
export function readyIndex(db: Database): Pick<TaskStore, 'ready' | 'due' | 'count' | 'last'> {
  /** Reads entries of a part of a route from one order to another, or from behind one that was read. */
  const entries =
    ({ pool, route }: ReadyPlace, first: string, last: string, more: Partial<QueryCommandInput> = {}) =>
    async (part: number, limit: number, after?: string): Promise<ReadyTask[]> => {
      const items = await queryItems(
        db,
        {
          IndexName: indexName,
          KeyConditionExpression: 'gsi1pk = :partition AND gsi1sk BETWEEN :first AND :last',
          ExpressionAttributeValues: {
            ':partition': readyPartition(pool, route, part),
            ':first': after === undefined ? first : behind(after),
            ':last': last,
          },
          ...more,
        },
        limit,
      );
      return items.map(fromIndexItem);
    };
  return {
    ready: (route, limit, after) =>
      merge(entries(route, after === undefined ? firstOrder : behind(after), lastOrder), route.parts, limit),
    // What is due at this very moment has more behind its time, and all of that sorts before a tilde.
    due: (route, level, at, limit) => merge(entries(route, `${level}#`, `${level}#${at}~`), route.parts, limit),
    count: async ({ pool, route, parts = 1 }, most) => {
      const counts = await Promise.all(
        Array.from({ length: parts }, (_, part) => countReady(db, readyPartition(pool, route, part), most)),
      );
      return Math.min(
        most,
        counts.reduce((sum, count) => sum + count, 0),
      );
    },
    last: async (route, limit, level) => {
      const [first, last] = level === undefined ? [firstOrder, lastOrder] : [`${level}#`, `${level}~`];
      const read = entries(route, first, last, { ScanIndexForward: false });
      const pages = await Promise.all(Array.from({ length: route.parts ?? 1 }, (_, part) => read(part, limit)));
      return pages.flat().sort(byOrder).reverse().slice(0, limit);
    },
  };
}
