import { BatchExecuteStatementCommand } from '@aws-sdk/lib-dynamodb';
import { statementsMax } from '../../contracts/limits.ts';
import { chunks, type Database, leftoverRepeatsMax } from './database.ts';
import type { Item } from './item.ts';

/** A PartiQL write of one item, whose key the WHERE clause or the new item names in full. */
export interface Statement {
  readonly key: { readonly pk: string; readonly sk: string };
  readonly Statement: string;
  readonly Parameters: readonly unknown[];
}

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

const insertCache = new Map<string, string>();

/**
 * An insert that refuses a key which exists. DynamoDB wants the item spelt out, attribute by attribute: it answers a whole item in one
 * parameter with a ValidationError (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.insert.html).
 */
export function insertStatement(table: string, item: Item & Statement['key']): Statement {
  const entries = Object.entries(item).filter(([, value]) => value !== undefined);
  const cacheKey = [table, ...entries.map(([name]) => name)].join(' ');
  let statement = insertCache.get(cacheKey);
  if (statement === undefined) {
    statement = `INSERT INTO "${table}" VALUE {${entries.map(([name]) => `'${name}': ?`).join(', ')}}`;
    insertCache.set(cacheKey, statement);
  }
  return {
    key: { pk: item.pk, sk: item.sk },
    Statement: statement,
    Parameters: entries.map(([, value]) => value),
  };
}

async function executeBatch(db: Database, statements: readonly Statement[]): Promise<StatementResult[]> {
  const results: (StatementResult | undefined)[] = statements.map(() => undefined);
  let open = statements.map((_, index) => index);
  for (let repeat = 0; open.length > 0; repeat += 1) {
    const { Responses = [] } = await db.client.send(
      new BatchExecuteStatementCommand({
        Statements: open.map((index) => ({
          Statement: statements[index]?.Statement ?? '',
          Parameters: [...(statements[index]?.Parameters ?? [])],
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

/** The positions of the statements in rounds, so that no round names an item twice and an item's statements keep their order. */
function inRounds(statements: readonly Statement[]): number[][] {
  const seen = new Map<string, number>();
  const rounds: number[][] = [];
  for (const [index, { key }] of statements.entries()) {
    const name = `${key.pk} ${key.sk}`;
    const round = seen.get(name) ?? 0;
    seen.set(name, round + 1);
    (rounds[round] ??= []).push(index);
  }
  return rounds;
}

/**
 * Independent conditional writes, 25 a call, each at a single write unit and with its own verdict
 * (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html). Throttled ones are repeated a few times.
 * A call that names an item twice is refused as a whole, so the second statement on an item goes in a later call than the first.
 */
export async function executeStatements(db: Database, statements: readonly Statement[]): Promise<StatementResult[]> {
  const results: StatementResult[] = [];
  for (const round of inRounds(statements)) {
    await Promise.all(
      chunks(round, statementsMax).map(async (part) => {
        const answers = await executeBatch(
          db,
          part.flatMap((index) => statements[index] ?? []),
        );
        for (const [at, answer] of answers.entries()) results[part[at] ?? 0] = answer;
      }),
    );
  }
  return results;
}
