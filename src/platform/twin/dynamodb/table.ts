import { validationError } from '../aws-errors.ts';
import { compareValues, equalValues, itemBytes } from '../expressions/values.ts';
import type { Item } from '../expressions/values.ts';
import { createSortedList } from './sorted-list.ts';
import type { SortedList } from './sorted-list.ts';

/** DynamoDB's limit on one item. */
export const itemBytesMax = 400 * 1024;

/** A sort key: strings here, numbers allowed. */
export type SortKey = string | number;

/** An index with its projection: everything, only keys, or keys and these attributes. */
export interface IndexSchema {
  readonly name: string;
  readonly pk: string;
  readonly sk: string;
  readonly projection: 'ALL' | 'KEYS_ONLY' | readonly string[];
}

/** A table with its key attributes and indexes. */
export interface TableSchema {
  readonly name: string;
  readonly pk: string;
  readonly sk: string;
  readonly indexes: readonly IndexSchema[];
}

/** One stored version of an item, or of its projection in an index. */
export interface Entry {
  readonly sort: SortKey;
  /** Tells entries of an index apart that share a sort key. */
  readonly id: string;
  readonly item: Item;
  readonly bytes: number;
  /** Of a stored item: its entries in the indexes, in their order. */
  readonly projected?: readonly (Entry | undefined)[];
}

/** The entries of one partition key, in order. */
export type Partition = SortedList<Entry>;

/** The bytes that a write moves in an index: 0 where nothing projected changed. */
export interface WriteSizes {
  readonly table: number;
  /** One number for each entry written or deleted. */
  readonly indexes: readonly number[];
}

/** A change of one index partition, kept for a while so that a stale read can look past it. */
export interface IndexChange {
  readonly at: number;
  readonly partition: string;
  readonly before: Entry | undefined;
  readonly after: Entry | undefined;
}

/** The stored items of one table. All methods are synchronous; nothing is copied, so callers copy at the border. */
export interface Table {
  readonly schema: TableSchema;
  get(pk: string, sk: SortKey): Entry | undefined;
  partition(pk: string, index?: IndexSchema): Partition | undefined;
  /** Changes of an index, oldest first. */
  recentChanges(index: IndexSchema): readonly IndexChange[];
  /** Refuses an item whose keys or size DynamoDB would refuse. */
  validate(item: Item): number;
  /** Stores a validated item or removes one. */
  write(pk: string, sk: SortKey, after: Item | undefined, bytes: number, at: number): WriteSizes;
  items(): Generator<Item>;
  readonly size: number;
}

const keptChangesMs = 60_000;

function compareEntries(a: Entry, b: Entry): number {
  return compareSort(a.sort, b.sort) || (a.id === b.id ? 0 : a.id < b.id ? -1 : 1);
}

/** Order of two sort keys. */
export function compareSort(a: SortKey, b: SortKey): number {
  return compareValues(a, b) ?? (typeof a === 'number' ? -1 : 1);
}

/** An empty table. */
export function createTable(schema: TableSchema): Table {
  const rows = new Map<string, Map<SortKey, Entry>>();
  const partitions = new Map<string, Partition>();
  const indexes = schema.indexes.map((index) => createIndex(schema, index));
  let size = 0;

  return {
    schema,
    get: (pk, sk) => rows.get(pk)?.get(sk),
    partition(pk, index) {
      if (index === undefined) return partitions.get(pk);
      return indexes.find((candidate) => candidate.schema === index)?.partitions.get(pk);
    },
    recentChanges: (index) => indexes.find((candidate) => candidate.schema === index)?.changes ?? [],
    validate(item) {
      requireKey(schema.pk, item[schema.pk]);
      requireKey(schema.sk, item[schema.sk]);
      for (const index of schema.indexes) {
        for (const attribute of [index.pk, index.sk]) {
          if (item[attribute] !== undefined) requireIndexKey(index.name, attribute, item[attribute]);
        }
      }
      const bytes = itemBytes(item);
      if (bytes > itemBytesMax) throw validationError('Item size has exceeded the maximum allowed size');
      return bytes;
    },
    write(pk, sk, item, bytes, at) {
      let byKey = rows.get(pk);
      if (byKey === undefined) rows.set(pk, (byKey = new Map<SortKey, Entry>()));
      let partition = partitions.get(pk);
      if (partition === undefined) partitions.set(pk, (partition = createSortedList(compareEntries)));
      const before = byKey.get(sk);
      const after =
        item === undefined
          ? undefined
          : { sort: sk, id: '', item, bytes, projected: indexes.map((index) => index.project(item)) };
      if (before !== undefined) partition.remove(before);
      if (after === undefined) {
        byKey.delete(sk);
      } else {
        byKey.set(sk, after);
        partition.insert(after);
      }
      size += (after === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
      const moved = indexes.flatMap((index, position) =>
        index.write(before?.projected?.[position], after?.projected[position], at),
      );
      return { table: Math.max(before?.bytes ?? 0, bytes), indexes: moved };
    },
    *items() {
      for (const byKey of rows.values()) for (const entry of byKey.values()) yield entry.item;
    },
    get size() {
      return size;
    },
  };
}

function requireKey(attribute: string, value: unknown): void {
  if (value === undefined) {
    throw validationError(`One or more parameter values were invalid: Missing the key ${attribute} in the item`);
  }
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw validationError(`One or more parameter values were invalid: Type mismatch for key ${attribute}`);
  }
  if (value === '') {
    throw validationError(
      `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: ${attribute}`,
    );
  }
}

function requireIndexKey(index: string, attribute: string, value: unknown): void {
  if ((typeof value === 'string' && value !== '') || typeof value === 'number') return;
  throw validationError(
    `One or more parameter values were invalid: Type mismatch or empty value for Index Key ${attribute} IndexName: ${index}`,
  );
}

interface Index {
  readonly schema: IndexSchema;
  readonly partitions: Map<string, Partition>;
  readonly changes: IndexChange[];
  /** The entry of an item; undefined for one that lacks a key of the index. */
  project(item: Item): Entry | undefined;
  write(before: Entry | undefined, after: Entry | undefined, at: number): number[];
}

/** A sparse index: only items with both of its keys are in it. */
function createIndex(table: TableSchema, schema: IndexSchema): Index {
  const partitions = new Map<string, Partition>();
  const changes: IndexChange[] = [];
  const { projection } = schema;
  const kept =
    projection === 'ALL'
      ? undefined
      : [...new Set([table.pk, table.sk, schema.pk, schema.sk, ...(projection === 'KEYS_ONLY' ? [] : projection)])];

  function project(item: Item): Entry | undefined {
    if (item[schema.pk] === undefined) return undefined;
    const sort = item[schema.sk] as SortKey | undefined;
    if (sort === undefined) return undefined;
    let projected = item;
    if (kept !== undefined) {
      const picked: Record<string, unknown> = {};
      for (const attribute of kept) if (item[attribute] !== undefined) picked[attribute] = item[attribute];
      // A copy is no dictionary, so that the many who read it are quick.
      projected = { ...picked };
    }
    return {
      sort,
      id: `${String(item[table.pk])}\u0000${String(item[table.sk])}`,
      item: projected,
      bytes: itemBytes(projected),
    };
  }

  function place(entry: Entry | undefined, put: boolean): void {
    if (entry === undefined) return;
    const pk = String(entry.item[schema.pk]);
    let partition = partitions.get(pk);
    if (partition === undefined) partitions.set(pk, (partition = createSortedList(compareEntries)));
    if (put) partition.insert(entry);
    else partition.remove(entry);
    if (partition.size === 0) partitions.delete(pk);
  }

  function log(at: number, before: Entry | undefined, after: Entry | undefined): void {
    for (const entry of [before, after]) {
      const partition = String(entry?.item[schema.pk]);
      if (entry !== undefined) {
        changes.push({
          at,
          partition,
          before: entry === before ? entry : undefined,
          after: entry === after ? entry : undefined,
        });
      }
    }
    if (changes.length > 1_000) {
      const fresh = changes.findIndex((change) => change.at > at - keptChangesMs);
      changes.splice(0, fresh === -1 ? changes.length : fresh);
    }
  }

  return {
    schema,
    partitions,
    changes,
    project,
    write(before, after, at) {
      if (before === undefined && after === undefined) return [];
      if (before !== undefined && after !== undefined && equalValues(before.item, after.item)) return [];
      place(before, false);
      place(after, true);
      log(at, before, after);
      if (before === undefined || after === undefined) return [(before ?? after)?.bytes ?? 0];
      const moved = before.sort !== after.sort || before.item[schema.pk] !== after.item[schema.pk];
      return moved ? [before.bytes, after.bytes] : [Math.max(before.bytes, after.bytes)];
    },
  };
}
