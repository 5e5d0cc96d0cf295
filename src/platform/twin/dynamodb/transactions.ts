import { IdempotentParameterMismatchException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import type { CancellationReason } from '@aws-sdk/client-dynamodb';
import type { BatchWriteCommandInput, TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import { validationError } from '../aws-errors.ts';
import { cloneValue, equalValues, isMap } from '../expressions/values.ts';
import { consumedByTable, writeUnits } from './capacity.ts';
import { transactItemsMax } from './reads.ts';
import { commit, marshallItem } from './store.ts';
import type { PlannedWrite, Store } from './store.ts';
import { planCheck, planDelete, planPut, planUpdate } from './writes.ts';
import type { Plan } from './writes.ts';

/** DynamoDB's limit on one BatchWriteItem. */
export const batchWriteItemsMax = 25;
/** All items of one transaction together. */
export const transactBytesMax = 4 * 1024 * 1024;
/** For so long a token makes a transaction idempotent. */
export const tokenMsMax = 10 * 60 * 1000;

type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

/** TransactWriteItems: all or nothing, with the reasons by position. */
export function transactWrite(store: Store, input: TransactWriteCommandInput): object {
  const requests = input.TransactItems ?? [];
  if (requests.length < 1 || requests.length > transactItemsMax) {
    throw validationError(
      `1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to ${transactItemsMax}`,
    );
  }
  if (answeredBefore(store, input)) return {};
  if (store.faults.strikes('transactionConflict', 'dynamodb:TransactWriteItems')) {
    const struck = store.faults.below(requests.length);
    throw cancelled(requests.map((_request, index) => (index === struck ? conflict : none)));
  }
  const plans = requests.map((request) => planTransactItem(store, request));
  refuseSharedItems(plans);
  const reasons = plans.map((plan, index) => reasonOf(plan, requests[index]));
  if (reasons.some((reason) => reason !== none)) {
    store.clock.record(`TransactWriteItems ${reasons.map((reason) => reason.Code).join(' ')}`);
    throw cancelled(reasons);
  }
  const writes = plans.filter((plan): plan is Extract<Plan, { ok: true }> => !(plan instanceof Error) && plan.ok);
  if (writes.reduce((sum, write) => sum + write.bytes, 0) > transactBytesMax) {
    throw validationError('Collection size of the transaction exceeded the limit');
  }
  const sizes = commit(store, 'TransactWriteItems', writes);
  if (input.ClientRequestToken !== undefined) {
    store.tokens.set(input.ClientRequestToken, { at: store.clock.now(), request: cloneValue(input.TransactItems) });
  }
  const units = new Map<string, number>();
  sizes.forEach((size, index) => addUnits(units, writes[index], writeUnits(size, true)));
  return consumedByTable(input.ReturnConsumedCapacity, units);
}

function addUnits(units: Map<string, number>, write: PlannedWrite | undefined, amount: number): void {
  const name = write?.table.schema.name ?? '';
  units.set(name, (units.get(name) ?? 0) + amount);
}

function answeredBefore(store: Store, input: TransactWriteCommandInput): boolean {
  const token = input.ClientRequestToken;
  const known = token === undefined ? undefined : store.tokens.get(token);
  if (known === undefined || known.at < store.clock.now() - tokenMsMax) return false;
  if (!equalValues(known.request, input.TransactItems)) {
    throw new IdempotentParameterMismatchException({
      message: 'The request uses the same client token as a previous, but non-identical request',
      $metadata: { httpStatusCode: 400 },
    });
  }
  store.clock.record('TransactWriteItems again');
  return true;
}

/** A request that is invalid by itself is a reason of the transaction, not an exception of its own. */
function planTransactItem(store: Store, request: TransactItem): Plan | Error {
  try {
    if (request.Put !== undefined) return planPut(store, request.Put);
    if (request.Update !== undefined) return planUpdate(store, request.Update);
    if (request.Delete !== undefined) return planDelete(store, request.Delete);
    return planCheck(store, request.ConditionCheck ?? {});
  } catch (error) {
    if (error instanceof Error && error.name === 'ValidationException' && isItemError(error)) return error;
    throw error;
  }
}

/** Mistakes that show only against the stored item; mistakes of syntax fail the request as a whole. */
function isItemError(error: Error): boolean {
  return /document path|does not exist in the item|incorrect data type|maximum allowed size/.test(error.message);
}

function refuseSharedItems(plans: readonly (Plan | Error)[]): void {
  const seen = new Set<string>();
  for (const plan of plans) {
    if (plan instanceof Error || !plan.ok) continue;
    const key = `${plan.table.schema.name}\u0000${plan.pk}\u0000${plan.sk}`;
    if (seen.has(key)) {
      throw validationError('Transaction request cannot include multiple operations on one item');
    }
    seen.add(key);
  }
}

const none: CancellationReason = { Code: 'None' };
const conflict: CancellationReason = { Code: 'TransactionConflict', Message: 'Transaction is ongoing for the item' };

function reasonOf(plan: Plan | Error, request: TransactItem | undefined): CancellationReason {
  if (plan instanceof Error) return { Code: 'ValidationError', Message: plan.message };
  if (plan.ok) return none;
  const operation = request?.Put ?? request?.Update ?? request?.Delete ?? request?.ConditionCheck;
  const wantsItem = operation?.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' && plan.before !== undefined;
  return {
    Code: 'ConditionalCheckFailed',
    Message: 'The conditional request failed',
    ...(wantsItem && isMap(plan.before) ? { Item: marshallItem(plan.before) } : {}),
  };
}

function cancelled(reasons: CancellationReason[]): TransactionCanceledException {
  const codes = reasons.map((reason) => reason.Code).join(', ');
  return new TransactionCanceledException({
    message: `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    $metadata: { httpStatusCode: 400 },
    CancellationReasons: reasons,
  });
}

/** BatchWriteItem: independent puts and deletes; `partialBatch` leaves some unprocessed. */
export function batchWrite(store: Store, input: BatchWriteCommandInput): object {
  const requests = Object.entries(input.RequestItems ?? {}).flatMap(([table, list]) =>
    list.map((request) => ({ table, request })),
  );
  if (requests.length < 1 || requests.length > batchWriteItemsMax) {
    throw validationError('Too many items requested for the BatchWriteItem call');
  }
  const plans = requests.map(({ table, request }) =>
    request.PutRequest === undefined
      ? planDelete(store, { TableName: table, Key: request.DeleteRequest?.Key })
      : planPut(store, { TableName: table, Item: request.PutRequest.Item }),
  );
  refuseSharedItems(plans);
  const units = new Map<string, number>();
  const unprocessed: Record<string, unknown[]> = {};
  plans.forEach((plan, index) => {
    const source = requests[index];
    if (!plan.ok || source === undefined) return;
    if (store.faults.strikes('partialBatch', 'dynamodb:BatchWriteItem')) {
      (unprocessed[source.table] ??= []).push(source.request);
      return;
    }
    const [size] = commit(store, 'BatchWriteItem', [plan]);
    if (size !== undefined) addUnits(units, plan, writeUnits(size));
  });
  return { UnprocessedItems: unprocessed, ...consumedByTable(input.ReturnConsumedCapacity, units) };
}
