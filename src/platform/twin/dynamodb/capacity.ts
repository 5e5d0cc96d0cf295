import type { WriteSizes } from './table.ts';

const writeUnitBytes = 1024;
const readUnitBytes = 4096;

/** Units of a write: a unit for each started kilobyte of the larger version, and as much for each index entry it moves. Twice in a transaction. */
export function writeUnits(sizes: WriteSizes, transactional = false): number {
  let units = unitsOf(sizes.table, writeUnitBytes);
  for (const bytes of sizes.indexes) units += unitsOf(bytes, writeUnitBytes);
  return transactional ? units * 2 : units;
}

/** Units of a read: a unit for each started 4 KB, half when the read may be stale, twice in a transaction. */
export function readUnits(bytes: number, mode: 'eventual' | 'consistent' | 'transactional'): number {
  const units = unitsOf(bytes, readUnitBytes);
  return mode === 'eventual' ? units / 2 : mode === 'consistent' ? units : units * 2;
}

function unitsOf(bytes: number, unit: number): number {
  return Math.max(1, Math.ceil(bytes / unit));
}

/** What `ConsumedCapacity` holds. */
export interface ConsumedCapacity {
  readonly TableName: string;
  readonly CapacityUnits: number;
}

/** The answer's `ConsumedCapacity`, when it was asked for. */
export function consumed(
  asked: string | undefined,
  table: string,
  units: number,
): { readonly ConsumedCapacity?: ConsumedCapacity } {
  return asked === 'TOTAL' || asked === 'INDEXES'
    ? { ConsumedCapacity: { TableName: table, CapacityUnits: units } }
    : {};
}

/** The same for commands over several tables: units by table. */
export function consumedByTable(
  asked: string | undefined,
  units: ReadonlyMap<string, number>,
): { readonly ConsumedCapacity?: readonly ConsumedCapacity[] } {
  if (asked !== 'TOTAL' && asked !== 'INDEXES') return {};
  return { ConsumedCapacity: [...units].map(([TableName, CapacityUnits]) => ({ TableName, CapacityUnits })) };
}
