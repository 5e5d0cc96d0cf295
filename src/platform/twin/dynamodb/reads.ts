import type {
  BatchGetCommandInput,
  GetCommandInput,
  QueryCommandInput,
  ScanCommandInput,
  TransactGetCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { validationError } from '../aws-errors.ts';
import { compileProjection } from '../expressions/compile.ts';
import type { Placeholders } from '../expressions/compile.ts';
import { cloneItem } from '../expressions/values.ts';
import type { Item } from '../expressions/values.ts';
import { consumed, consumedByTable, readUnits } from './capacity.ts';
import { readKey, requireTable } from './store.ts';
import type { Store } from './store.ts';
import { pick } from './writes.ts';

/** DynamoDB's limits on the keys of one BatchGetItem and the items of one transaction. */
export const batchGetKeysMax = 100;
/** See {@link batchGetKeysMax}. */
export const transactItemsMax = 100;

/** GetItem. */
export function getItem(store: Store, input: GetCommandInput): object {
  const table = requireTable(store, input.TableName);
  const { pk, sk } = readKey(table, input.Key);
  const entry = table.get(pk, sk);
  store.clock.record(`GetItem ${pk} ${sk}`);
  const units = readUnits(entry?.bytes ?? 0, input.ConsistentRead === true ? 'consistent' : 'eventual');
  const item = entry === undefined ? undefined : project(entry.item, input.ProjectionExpression, input);
  return {
    ...(item === undefined ? {} : { Item: item }),
    ...consumed(input.ReturnConsumedCapacity, table.schema.name, units),
  };
}

/** A copy of an item, or of the asked part of it. */
export function project(item: Item, projection: string | undefined, input: Placeholders): Item {
  if (projection === undefined) return cloneItem(item);
  const scope = { item, names: input.ExpressionAttributeNames };
  return (
    pick(
      item,
      compileProjection(projection).body.map((path) => path(scope)),
    ) ?? {}
  );
}

/** BatchGetItem; `partialBatch` leaves keys unprocessed. */
export function batchGet(store: Store, input: BatchGetCommandInput): object {
  const responses: Record<string, Item[]> = {};
  const unprocessed: Record<string, object> = {};
  const units = new Map<string, number>();
  const requests = Object.entries(input.RequestItems ?? {});
  const total = requests.reduce((sum, [, request]) => sum + (request.Keys?.length ?? 0), 0);
  if (total > batchGetKeysMax) throw validationError('Too many items requested for the BatchGetItem call');
  for (const [name, request] of requests) {
    const table = requireTable(store, name);
    const found: Item[] = (responses[name] = []);
    const left: Item[] = [];
    const seen = new Set<string>();
    for (const key of request.Keys ?? []) {
      const { pk, sk } = readKey(table, key);
      if (seen.has(`${pk}\u0000${sk}`)) throw validationError('Provided list of item keys contains duplicates');
      seen.add(`${pk}\u0000${sk}`);
      if (store.faults.strikes('partialBatch', 'dynamodb:BatchGetItem')) {
        left.push(key);
        continue;
      }
      const entry = table.get(pk, sk);
      const mode = request.ConsistentRead === true ? 'consistent' : 'eventual';
      units.set(name, (units.get(name) ?? 0) + readUnits(entry?.bytes ?? 0, mode));
      if (entry !== undefined) found.push(project(entry.item, request.ProjectionExpression, request));
    }
    if (left.length > 0) unprocessed[name] = { ...request, Keys: left };
    store.clock.record(`BatchGetItem ${found.length} ${left.length}`);
  }
  return {
    Responses: responses,
    UnprocessedKeys: unprocessed,
    ...consumedByTable(input.ReturnConsumedCapacity, units),
  };
}

/** TransactGetItems. */
export function transactGet(store: Store, input: TransactGetCommandInput): object {
  const gets = input.TransactItems ?? [];
  if (gets.length > transactItemsMax)
    throw validationError(`Member must have length less than or equal to ${transactItemsMax}`);
  const units = new Map<string, number>();
  const responses = gets.map(({ Get: get }) => {
    const table = requireTable(store, get?.TableName);
    const { pk, sk } = readKey(table, get?.Key);
    const entry = table.get(pk, sk);
    const name = table.schema.name;
    units.set(name, (units.get(name) ?? 0) + readUnits(entry?.bytes ?? 0, 'transactional'));
    return entry === undefined ? {} : { Item: project(entry.item, get?.ProjectionExpression, get ?? {}) };
  });
  store.clock.record(`TransactGetItems ${gets.length}`);
  return { Responses: responses, ...consumedByTable(input.ReturnConsumedCapacity, units) };
}

/** The part that Query and Scan share. */
export type PagedInput = Pick<
  QueryCommandInput & ScanCommandInput,
  | 'TableName'
  | 'IndexName'
  | 'Limit'
  | 'ExclusiveStartKey'
  | 'FilterExpression'
  | 'ProjectionExpression'
  | 'ConsistentRead'
  | 'ReturnConsumedCapacity'
  | 'Select'
  | 'ExpressionAttributeNames'
  | 'ExpressionAttributeValues'
>;
