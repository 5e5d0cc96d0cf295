import {
  BatchGetCommand,
  GetCommand,
  BatchWriteCommand,
  type DynamoDBDocumentClient,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { batchGetMax, statementsMax } from '../../contracts/limits.ts';
import type { Item } from './item.ts';

/** The table and the client it is reached with. */
export interface Database {
  readonly client: DynamoDBDocumentClient;
  readonly table: string;
}

/** Times a call is repeated for what the service left undone. More: a throttled table is hammered; the message comes back anyway. */
export const leftoverRepeatsMax = 4;

/** The items in parts of at most `size`. */
export function chunks<T>(items: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < items.length; at += size) parts.push(items.slice(at, at + size));
  return parts;
}

/** Items by key, in the order of the keys, strongly consistent. */
export async function getItems(
  db: Database,
  keys: readonly { pk: string; sk: string }[],
): Promise<(Item | undefined)[]> {
  const found = new Map<string, Item>();
  const distinct = [...new Map(keys.map((key) => [`${key.pk} ${key.sk}`, key])).values()];
  await Promise.all(
    chunks(distinct, batchGetMax).map(async (part) => {
      let open: { pk: string; sk: string }[] = part;
      for (let repeat = 0; open.length > 0; repeat += 1) {
        if (repeat > leftoverRepeatsMax)
          throw Object.assign(new Error('BatchGetItem left keys unread'), { name: 'ThrottlingError' });
        const answer = await db.client.send(
          new BatchGetCommand({ RequestItems: { [db.table]: { Keys: open, ConsistentRead: true } } }),
        );
        for (const item of (answer.Responses?.[db.table] ?? []) as Item[])
          found.set(`${String(item['pk'])} ${String(item['sk'])}`, item);
        open = (answer.UnprocessedKeys?.[db.table]?.Keys ?? []) as { pk: string; sk: string }[];
      }
    }),
  );
  return keys.map((key) => found.get(`${key.pk} ${key.sk}`));
}

/**
 * Reads of items, strongly consistent, in which those of one moment go out as one call: who works on several workflows at once asks for all of their rows
 * together without knowing of it.
 */
export function coalescedReads(db: Database): (key: { pk: string; sk: string }) => Promise<Item | undefined> {
  type Batch = { readonly keys: { pk: string; sk: string }[]; readonly items: Promise<(Item | undefined)[]> };
  let open: Batch | undefined;
  const begin = (): Batch => {
    const keys: Batch['keys'] = [];
    const read = async (): Promise<(Item | undefined)[]> => {
      open = undefined;
      const [Key] = keys;
      if (keys.length > 1 || Key === undefined) return getItems(db, keys);
      // A batch of one takes the service longer than a read.
      return [(await db.client.send(new GetCommand({ TableName: db.table, Key, ConsistentRead: true }))).Item];
    };
    return { keys, items: Promise.resolve().then(read) };
  };
  return async (key) => {
    const { keys, items } = (open ??= begin());
    const at = keys.push(key) - 1;
    return (await items)[at];
  };
}

/** All items of a query, page after page, up to `limit`. */
export async function queryItems(
  db: Database,
  input: Omit<QueryCommandInput, 'TableName'>,
  limit = Infinity,
): Promise<Item[]> {
  const items: Item[] = [];
  let start: QueryCommandInput['ExclusiveStartKey'];
  do {
    const page: { Items?: Item[] | undefined; LastEvaluatedKey?: Item | undefined } = await db.client.send(
      new QueryCommand({
        TableName: db.table,
        ...input,
        ...(limit === Infinity ? {} : { Limit: limit - items.length }),
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
      }),
    );
    items.push(...(page.Items ?? []));
    start = page.LastEvaluatedKey;
  } while (start !== undefined && items.length < limit);
  return items;
}

/** Whether a conditional write met a row that was not as expected. */
export function isRefused(error: unknown): boolean {
  return error instanceof Error && error.name === 'ConditionalCheckFailedException';
}

/** Whether a write happened: false when its condition did not hold, which is an answer here and no error. */
export async function isApplied(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (isRefused(error)) return false;
    throw error;
  }
}

type Write =
  | { readonly PutRequest: { readonly Item: Item } }
  | { readonly DeleteRequest: { readonly Key: { pk: string; sk: string } } };

/** Puts and deletes without conditions, 25 a call: for rows that never change, so that a repeat does no harm. */
export async function writeAll(db: Database, writes: readonly Write[]): Promise<void> {
  await Promise.all(
    chunks(writes, statementsMax).map(async (part) => {
      let open: readonly Write[] = part;
      for (let repeat = 0; open.length > 0; repeat += 1) {
        if (repeat > leftoverRepeatsMax)
          throw Object.assign(new Error('BatchWriteItem left writes undone'), { name: 'ThrottlingError' });
        const answer = await db.client.send(new BatchWriteCommand({ RequestItems: { [db.table]: [...open] } }));
        open = (answer.UnprocessedItems?.[db.table] ?? []) as Write[];
      }
    }),
  );
}
