import {
  BatchExecuteStatementCommand,
  BatchGetCommand,
  type DynamoDBDocumentClient,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { batchGetMax, statementsMax } from '../../contracts/limits.ts';
import type { Item } from './task-rows.ts';

/** The table and the client it is reached with. */
export interface Database {
  readonly client: DynamoDBDocumentClient;
  readonly table: string;
}

/** Times a call is repeated for what the service left undone. More: a throttled table is hammered; the message comes back anyway. */
const leftoverRepeatsMax = 4;

/** The answer to one statement of a batch: applied, or refused by its condition with the row that stood in its way. */
export type StatementResult =
  { readonly applied: true } | { readonly applied: false; readonly duplicate: boolean; readonly item?: Item };

const retryable = new Set([
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
  'RequestLimitExceeded',
  'InternalServerError',
  'TransactionConflict',
]);

function chunks<T>(items: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < items.length; at += size) parts.push(items.slice(at, at + size));
  return parts;
}

type Statement = { readonly Statement: string; readonly Parameters: unknown[] };

async function executeChunk(db: Database, statements: readonly Statement[]): Promise<StatementResult[]> {
  const results: (StatementResult | undefined)[] = statements.map(() => undefined);
  let open = statements.map((_, index) => index);
  for (let repeat = 0; open.length > 0; repeat += 1) {
    const { Responses = [] } = await db.client.send(
      new BatchExecuteStatementCommand({
        Statements: open.map((index) => ({
          Statement: statements[index]?.Statement ?? '',
          Parameters: statements[index]?.Parameters ?? [],
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        })),
      }),
    );
    const again: number[] = [];
    for (const [at, index] of open.entries()) {
      const error = Responses[at]?.Error;
      if (error === undefined) results[index] = { applied: true };
      else if (error.Code === 'ConditionalCheckFailed' || error.Code === 'DuplicateItem') {
        const item = error.Item as Item | undefined;
        results[index] = {
          applied: false,
          duplicate: error.Code === 'DuplicateItem',
          ...(item === undefined ? {} : { item }),
        };
      } else if (retryable.has(error.Code ?? '') && repeat < leftoverRepeatsMax) again.push(index);
      else
        throw Object.assign(new Error(error.Message ?? 'a statement failed'), { name: error.Code ?? 'StatementError' });
    }
    open = again;
  }
  return results as StatementResult[];
}

/**
 * Independent conditional writes, 25 a call, each at a single write unit and with its own verdict
 * (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html). Throttled ones are repeated a few times.
 */
export async function executeStatements(db: Database, statements: readonly Statement[]): Promise<StatementResult[]> {
  const parts = await Promise.all(chunks(statements, statementsMax).map((part) => executeChunk(db, part)));
  return parts.flat();
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
