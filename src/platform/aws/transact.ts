import { TransactWriteCommand, type TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import type { Database } from './database.ts';

type Action = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

/** Why a transaction did not happen: a code for each of its actions. */
export type Cancellation = readonly string[];

/** Times a transaction is repeated that only met another one on its way. More: a hot head holds a function; the caller's message comes back anyway. */
const conflictRepeatsMax = 8;

/** Reads the reasons of a cancelled transaction; undefined for any other error. */
function cancellationOf(error: unknown): Cancellation | undefined {
  if (!(error instanceof Error) || error.name !== 'TransactionCanceledException') return undefined;
  const { CancellationReasons = [] } = error as { CancellationReasons?: readonly { Code?: string }[] };
  return CancellationReasons.map(({ Code }) => Code ?? 'None');
}

/**
 * Sends a transaction, and again only until it is too late. The SDK gives each command a ClientRequestToken, so that its own retry after a lost answer is safe; a TransactionConflict is
 * repeated a few times as a new one, since it says nothing about the rows
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html). Answers with the reasons when a condition failed.
 */
export async function transact(
  db: Database,
  actions: Action[],
  isLate = () => false,
): Promise<Cancellation | undefined> {
  for (let repeat = 0; ; repeat += 1) {
    try {
      await db.client.send(new TransactWriteCommand({ TransactItems: actions }));
      return undefined;
    } catch (error) {
      const cancellation = cancellationOf(error);
      if (cancellation === undefined) throw error;
      if (cancellation.includes('ConditionalCheckFailed')) return cancellation;
      const passing = cancellation.some((code) => code === 'TransactionConflict' || code === 'ThrottlingError');
      if (!passing || repeat >= conflictRepeatsMax || isLate()) throw error;
    }
  }
}
