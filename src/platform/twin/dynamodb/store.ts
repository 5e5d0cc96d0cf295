import { ConditionalCheckFailedException, ResourceNotFoundException } from '@aws-sdk/client-dynamodb';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { validationError, withoutStack } from '../aws-errors.ts';
import type { FaultPlan } from '../faults.ts';
import type { VirtualClock } from '../virtual-clock.ts';
import { typeOf } from '../expressions/values.ts';
import type { Item } from '../expressions/values.ts';
import type { SortKey, Table, WriteSizes } from './table.ts';

/** One row before and after a commit; undefined where it did not or does not exist. */
export interface RowChange {
  readonly table: string;
  readonly before: Item | undefined;
  readonly after: Item | undefined;
}

/** Everything that one atomic write changed. */
export interface Commit {
  readonly at: number;
  readonly command: string;
  readonly changes: readonly RowChange[];
}

/** What the commands of the fake work on. */
export interface Store {
  readonly clock: VirtualClock;
  readonly faults: FaultPlan;
  readonly tables: Map<string, Table>;
  readonly listeners: ((commit: Commit) => void)[];
  /** Answers to transactions by their token, for as long as AWS remembers them. */
  readonly tokens: Map<string, { readonly at: number; readonly request: unknown }>;
}

/** A write that was decided and only needs to be done. */
export interface PlannedWrite {
  readonly table: Table;
  readonly pk: string;
  readonly sk: SortKey;
  readonly before: Item | undefined;
  readonly after: Item | undefined;
  readonly bytes: number;
  /** False for a check that writes nothing. */
  readonly writes: boolean;
}

/** The table of a name, or the error that AWS gives. */
export function requireTable(store: Store, name: string | undefined): Table {
  const table = store.tables.get(name ?? '');
  if (table === undefined) {
    throw new ResourceNotFoundException({
      message: 'Requested resource not found',
      $metadata: { httpStatusCode: 400 },
    });
  }
  return table;
}

/** The key of a request; refuses missing and additional attributes. */
export function readKey(table: Table, key: Item | undefined): { pk: string; sk: SortKey } {
  const pk = key?.[table.schema.pk];
  const sk = key?.[table.schema.sk];
  const isSortKey = (typeof sk === 'string' && sk !== '') || typeof sk === 'number';
  if (typeof pk !== 'string' || pk === '' || !isSortKey || Object.keys(key ?? {}).length !== 2) {
    throw validationError('The provided key element does not match the schema');
  }
  return { pk, sk };
}

/** Does planned writes as one commit and tells those who listen. */
export function commit(store: Store, command: string, writes: readonly PlannedWrite[]): WriteSizes[] {
  const at = store.clock.now();
  const sizes = writes.map((write) =>
    write.writes
      ? write.table.write(write.pk, write.sk, write.after, write.bytes, at)
      : { table: write.bytes, indexes: [] },
  );
  for (const { pk, sk, after, bytes } of writes) {
    store.clock.record(`${command} ${pk} ${sk} ${after === undefined ? 'gone' : bytes}`);
  }
  if (store.listeners.length > 0) {
    const changes = writes
      .filter((write) => write.writes)
      .map(({ table, before, after }) => ({ table: table.schema.name, before, after }));
    for (const listener of store.listeners) listener({ at, command, changes });
  }
  return sizes;
}

/** The exception of a failed condition. The document client leaves items of exceptions marshalled, and so does this. */
export function conditionFailed(before: Item | undefined, wanted: string | undefined): ConditionalCheckFailedException {
  return withoutStack(
    () =>
      new ConditionalCheckFailedException({
        message: 'The conditional request failed',
        $metadata: { httpStatusCode: 400 },
        ...(wanted === 'ALL_OLD' && before !== undefined ? { Item: marshallItem(before) } : {}),
      }),
  );
}

/** An item in DynamoDB's wire format. */
export function marshallItem(item: Item): Record<string, AttributeValue> {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, marshallValue(value)]));
}

function marshallValue(value: unknown): AttributeValue {
  const type = typeOf(value);
  const wire = ((): unknown => {
    switch (type) {
      case 'N':
        return String(value);
      case 'NULL':
        return true;
      case 'L':
        return (value as unknown[]).map(marshallValue);
      case 'M':
        return marshallItem(value as Item);
      case 'NS':
        return Array.from(value as Set<number>, String);
      case 'SS':
      case 'BS':
        return [...(value as Set<unknown>)];
      default:
        return value;
    }
  })();
  return { [type ?? 'S']: wire } as unknown as AttributeValue;
}
