import type { QueryCommandInput, ScanCommandInput } from '@aws-sdk/lib-dynamodb';
import { validationError } from '../aws-errors.ts';
import { compileFilter, compileKeyCondition, compileProjection, refuseUnused } from '../expressions/compile.ts';
import type { Comparison } from '../expressions/conditions.ts';
import type { Scope } from '../expressions/operands.ts';
import type { Item } from '../expressions/values.ts';
import { consumed, readUnits } from './capacity.ts';
import { project } from './reads.ts';
import type { PagedInput } from './reads.ts';
import { requireTable } from './store.ts';
import type { Store } from './store.ts';
import { compareSort } from './table.ts';
import type { Entry, IndexSchema, SortKey, Table } from './table.ts';

/** A page ends when this much was read. */
export const pageBytesMax = 1024 * 1024;

/** Query. */
export function query(store: Store, input: QueryCommandInput): object {
  const table = requireTable(store, input.TableName);
  const index = requireIndex(table, input.IndexName, input.ConsistentRead);
  const keys = index ?? table.schema;
  const condition = compileKeyCondition(input.KeyConditionExpression ?? '');
  const scope: Scope = {
    item: undefined,
    names: input.ExpressionAttributeNames,
    values: input.ExpressionAttributeValues,
  };
  const filter = input.FilterExpression === undefined ? undefined : compileFilter(input.FilterExpression);
  const projection =
    input.ProjectionExpression === undefined ? undefined : compileProjection(input.ProjectionExpression);
  refuseUnused(input, [condition, filter, projection]);
  const forward = input.ScanIndexForward !== false;
  let pk: unknown;
  let within: (sort: SortKey) => number = () => 0;
  for (const { comparison } of condition.body.all ?? [condition.body]) {
    const attribute = comparison?.left.path?.(scope)[0];
    if (comparison?.operator === '=' && attribute === keys.pk && pk === undefined)
      pk = comparison.right[0]?.read(scope);
    else if (comparison !== undefined && attribute === keys.sk) within = sortRange(comparison, scope);
    else throw validationError('Query key condition not supported');
  }
  if (typeof pk !== 'string') throw validationError('Query condition missed key schema element: ' + keys.pk);
  const start = startAfter(table, index, input.ExclusiveStartKey, forward);
  const entries = partitionEntries(store, table, index, pk, (entry) => start(entry) || within(entry.sort), forward);
  store.clock.record(`Query ${index?.name ?? ''} ${pk}`);
  return page(table, index, entries, input);
}

/** Scan, in the order of the partitions' first writes. */
export function scan(store: Store, input: ScanCommandInput): object {
  const table = requireTable(store, input.TableName);
  const index = requireIndex(table, input.IndexName, input.ConsistentRead);
  const filter = input.FilterExpression === undefined ? undefined : compileFilter(input.FilterExpression);
  const projection =
    input.ProjectionExpression === undefined ? undefined : compileProjection(input.ProjectionExpression);
  refuseUnused(input, [filter, projection]);
  store.clock.record('Scan');
  return page(table, index, scanEntries(table, index, input.ExclusiveStartKey), input);
}

function* scanEntries(table: Table, index: IndexSchema | undefined, start: Item | undefined): Generator<Entry> {
  const { pk, sk } = table.schema;
  let started = start === undefined;
  for (const item of table.items()) {
    if (index !== undefined && (item[index.pk] === undefined || item[index.sk] === undefined)) continue;
    const entry = table.get(String(item[pk]), item[sk] as SortKey);
    if (started && entry !== undefined) yield entry;
    else if (item[pk] === start?.[pk] && item[sk] === start?.[sk]) started = true;
  }
}

function requireIndex(
  table: Table,
  name: string | undefined,
  consistent: boolean | undefined,
): IndexSchema | undefined {
  if (name === undefined) return undefined;
  const index = table.schema.indexes.find((candidate) => candidate.name === name);
  if (index === undefined) throw validationError(`The table does not have the specified index: ${name}`);
  if (consistent === true) throw validationError('Consistent reads are not supported on global secondary indexes');
  return index;
}

/** Says -1 before, 0 inside and 1 after the range of a key condition. */
function sortRange(comparison: Comparison, scope: Scope): (sort: SortKey) => number {
  const value = comparison.right[0]?.read(scope) as SortKey;
  const above = (sort: SortKey): number => compareSort(sort, value);
  switch (comparison.operator) {
    case '=':
      return above;
    case '<':
      return (sort) => (above(sort) < 0 ? 0 : 1);
    case '<=':
      return (sort) => (above(sort) <= 0 ? 0 : 1);
    case '>':
      return (sort) => (above(sort) > 0 ? 0 : -1);
    case '>=':
      return (sort) => (above(sort) >= 0 ? 0 : -1);
    case 'begins_with': {
      const prefix = String(value);
      return (sort) => (String(sort).startsWith(prefix) ? 0 : above(sort));
    }
    case 'between': {
      const high = comparison.right[1]?.read(scope) as SortKey;
      return (sort) => (above(sort) < 0 ? -1 : compareSort(sort, high) > 0 ? 1 : 0);
    }
    default:
      throw validationError('Unsupported operator in KeyConditionExpression');
  }
}

function startAfter(
  table: Table,
  index: IndexSchema | undefined,
  start: Item | undefined,
  forward: boolean,
): (entry: Entry) => number {
  if (start === undefined) return () => 0;
  const sort = start[index?.sk ?? table.schema.sk] as SortKey;
  const id = index === undefined ? '' : `${String(start[table.schema.pk])}\u0000${String(start[table.schema.sk])}`;
  return (entry) => {
    const order = compareSort(entry.sort, sort) || (entry.id === id ? 0 : entry.id < id ? -1 : 1);
    if (forward) return order <= 0 ? -1 : 0;
    return order >= 0 ? 1 : 0;
  };
}

/** A partition's entries in a range; of an index perhaps as they were a moment ago. */
function partitionEntries(
  store: Store,
  table: Table,
  index: IndexSchema | undefined,
  pk: string,
  locate: (entry: Entry) => number,
  forward: boolean,
): Iterable<Entry> {
  const partition = table.partition(pk, index);
  if (index === undefined || !store.faults.strikes('staleIndex', `dynamodb:${index.name}`)) {
    return partition?.range(locate, forward) ?? [];
  }
  const since = store.clock.now() - store.faults.staleIndexMs();
  const past = new Map((partition?.all() ?? []).map((entry) => [entry.id, entry]));
  for (const change of table.recentChanges(index).toReversed()) {
    if (change.at <= since) break;
    if (change.partition !== pk) continue;
    if (change.after !== undefined) past.delete(change.after.id);
    if (change.before !== undefined) past.set(change.before.id, change.before);
  }
  const entries = [...past.values()].filter((entry) => locate(entry) === 0);
  entries.sort((a, b) => compareSort(a.sort, b.sort) || (a.id < b.id ? -1 : 1));
  return forward ? entries : entries.reverse();
}

/** Reads entries up to the limits of a page. */
function page(table: Table, index: IndexSchema | undefined, entries: Iterable<Entry>, input: PagedInput): object {
  const filter = input.FilterExpression === undefined ? undefined : compileFilter(input.FilterExpression).body;
  const limit = input.Limit ?? Infinity;
  if (limit < 1) throw validationError('Limit must be greater than or equal to 1');
  const items: Item[] = [];
  let scanned = 0;
  let bytes = 0;
  let count = 0;
  let last: Item | undefined;
  for (const entry of entries) {
    scanned++;
    bytes += entry.bytes;
    const scope = { item: entry.item, names: input.ExpressionAttributeNames, values: input.ExpressionAttributeValues };
    if (filter === undefined || filter.test(scope)) {
      count++;
      if (input.Select !== 'COUNT') items.push(project(entry.item, input.ProjectionExpression, input));
    }
    if (scanned >= limit || bytes >= pageBytesMax) {
      last = entry.item;
      break;
    }
  }
  const units = readUnits(bytes, input.ConsistentRead === true ? 'consistent' : 'eventual');
  return {
    ...(input.Select === 'COUNT' ? {} : { Items: items }),
    Count: count,
    ScannedCount: scanned,
    ...(last === undefined ? {} : { LastEvaluatedKey: keyOf(table, index, last) }),
    ...consumed(input.ReturnConsumedCapacity, table.schema.name, units),
  };
}

function keyOf(table: Table, index: IndexSchema | undefined, item: Item): Item {
  const { pk, sk } = table.schema;
  const key = { [pk]: item[pk], [sk]: item[sk] };
  return index === undefined ? key : { ...key, [index.pk]: item[index.pk], [index.sk]: item[index.sk] };
}
