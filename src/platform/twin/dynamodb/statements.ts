import { DuplicateItemException, TransactionConflictException } from '@aws-sdk/client-dynamodb';
import type { BatchExecuteStatementCommandInput, ExecuteStatementCommandInput } from '@aws-sdk/lib-dynamodb';
import { throttled, validationError } from '../aws-errors.ts';
import type { Scope } from '../expressions/operands.ts';
import { compileStatement, keyOperand } from '../expressions/partiql.ts';
import type { Statement } from '../expressions/partiql.ts';
import { cloneItem, importValue } from '../expressions/values.ts';
import type { Item } from '../expressions/values.ts';
import { consumed, consumedByTable, readUnits, writeUnits } from './capacity.ts';
import { commit, conditionFailed, readKey, requireTable } from './store.ts';
import type { PlannedWrite, Store } from './store.ts';
import type { Table } from './table.ts';
import { refuseKeyChange, returnedAttributes } from './writes.ts';

/** DynamoDB's limit on one BatchExecuteStatement. */
export const statementsMax = 25;

interface Outcome {
  readonly table: string;
  readonly units: number;
  readonly item?: Item | undefined;
  readonly error?: { readonly code: string; readonly message: string; readonly before?: Item | undefined };
}

/** ExecuteStatement: one statement; a failure is an exception. */
export function executeStatement(store: Store, input: ExecuteStatementCommandInput): object {
  const outcome = execute(store, input.Statement ?? '', input.Parameters ?? []);
  const { error } = outcome;
  if (error !== undefined) throw exceptionOf(error, input.ReturnValuesOnConditionCheckFailure);
  return {
    Items: outcome.item === undefined ? [] : [outcome.item],
    ...consumed(input.ReturnConsumedCapacity, outcome.table, outcome.units),
  };
}

function exceptionOf({ code, message, before }: NonNullable<Outcome['error']>, wanted: string | undefined): Error {
  const $metadata = { httpStatusCode: 400 };
  if (code === 'ConditionalCheckFailed') return conditionFailed(before, wanted);
  if (code === 'DuplicateItem') return new DuplicateItemException({ message, $metadata });
  if (code === 'TransactionConflict') return new TransactionConflictException({ message, $metadata });
  return code === 'ThrottlingError' ? throttled('dynamodb') : validationError(message);
}

/** BatchExecuteStatement: independent statements, in order; each has its own error. */
export function batchExecuteStatement(store: Store, input: BatchExecuteStatementCommandInput): object {
  const statements = input.Statements ?? [];
  if (statements.length < 1 || statements.length > statementsMax) {
    throw validationError(
      `1 validation error detected: Value at 'statements' failed to satisfy constraint: Member must have length less than or equal to ${statementsMax}`,
    );
  }
  refuseSameItem(store, statements);
  const units = new Map<string, number>();
  const kinds = new Set<boolean>();
  const responses = statements.map((statement) => {
    const outcome = execute(store, statement.Statement ?? '', statement.Parameters ?? []);
    kinds.add(/^\s*select/i.test(statement.Statement ?? ''));
    units.set(outcome.table, (units.get(outcome.table) ?? 0) + outcome.units);
    const { error, item } = outcome;
    if (error === undefined) return { TableName: outcome.table, ...(item === undefined ? {} : { Item: item }) };
    const old = statement.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' ? error.before : undefined;
    return {
      TableName: outcome.table,
      Error: { Code: error.code, Message: error.message, ...(old === undefined ? {} : { Item: cloneItem(old) }) },
    };
  });
  if (kinds.size > 1) throw validationError('A batch is either all reads or all writes');
  return { Responses: responses, ...consumedByTable(input.ReturnConsumedCapacity, units) };
}

/** Refuses a batch that names an item twice. Statements that cannot be read are left to their own error. */
function refuseSameItem(store: Store, statements: NonNullable<BatchExecuteStatementCommandInput['Statements']>): void {
  if (statements.length === 1) return;
  const seen = new Set<string>();
  for (const { Statement: source, Parameters: parameters = [] } of statements) {
    let name: string;
    try {
      const statement = compileStatement(source ?? '');
      const { pk, sk } = keyOf(requireTable(store, statement.table), statement, parameters);
      name = `${statement.table} ${pk} ${sk}`;
    } catch {
      continue;
    }
    if (seen.has(name)) throw validationError('Provided list of item keys contains duplicates');
    seen.add(name);
  }
}

/** The key that a statement names. */
function keyOf(table: Table, statement: Statement, parameters: readonly unknown[]): ReturnType<typeof readKey> {
  const { pk, sk } = table.schema;
  const scope: Scope = { item: undefined, parameters };
  if (statement.kind === 'insert') {
    const item = statement.value.read(scope) as Item;
    return readKey(table, { [pk]: item[pk], [sk]: item[sk] });
  }
  return readKey(table, {
    [pk]: keyOperand(statement.where, pk).read(scope),
    [sk]: keyOperand(statement.where, sk).read(scope),
  });
}

function execute(store: Store, source: string, rawParameters: readonly unknown[]): Outcome {
  let table = '';
  try {
    const statement = compileStatement(source);
    table = statement.table;
    if (statement.parameters !== rawParameters.length) {
      throw validationError("Number of parameters in request and statement don't match.");
    }
    if (store.faults.strikes('partialBatch', 'dynamodb:BatchExecuteStatement')) {
      return failed(table, 0, 'ThrottlingError', 'Throughput exceeds the current capacity of your table or index');
    }
    if (store.faults.strikes('transactionConflict', 'dynamodb:BatchExecuteStatement')) {
      return failed(table, 0, 'TransactionConflict', 'Transaction is ongoing for the item');
    }
    const parameters = rawParameters.map((parameter) => importValue(parameter));
    const stored = requireTable(store, table);
    if (statement.kind === 'insert') return insert(store, stored, statement, parameters);
    return executeOnKey(store, stored, statement, parameters);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error.name === 'ValidationException') return failed(table, 0, 'ValidationError', error.message);
    if (error.name === 'ResourceNotFoundException') return failed(table, 0, 'ResourceNotFound', error.message);
    throw error;
  }
}

function failed(table: string, units: number, code: string, message: string, before?: Item): Outcome {
  return { table, units, error: { code, message, before } };
}

function insert(
  store: Store,
  table: Table,
  statement: Extract<Statement, { kind: 'insert' }>,
  parameters: readonly unknown[],
): Outcome {
  const name = table.schema.name;
  const after = statement.value.read({ item: undefined, parameters }) as Item;
  const bytes = table.validate(after);
  const pk = String(after[table.schema.pk]);
  const sk = after[table.schema.sk] as string | number;
  const before = table.get(pk, sk);
  if (before !== undefined) {
    store.clock.record(`INSERT ${pk} ${sk} duplicate`);
    const units = writeUnits({ table: before.bytes, indexes: [] });
    return failed(name, units, 'DuplicateItem', 'Duplicate primary key exists in table');
  }
  return done(store, 'INSERT', { table, pk, sk, before: undefined, after, bytes, writes: true });
}

function done(store: Store, command: string, write: PlannedWrite, item?: Item): Outcome {
  const [size] = commit(store, command, [write]);
  return { table: write.table.schema.name, units: size === undefined ? 0 : writeUnits(size), item };
}

function executeOnKey(
  store: Store,
  table: Table,
  statement: Exclude<Statement, { kind: 'insert' }>,
  parameters: readonly unknown[],
): Outcome {
  const { name, pk: pkName, sk: skName } = table.schema;
  const { pk, sk } = keyOf(table, statement, parameters);
  const entry = table.get(pk, sk);
  const before = entry?.item;
  const bytes = entry?.bytes ?? 0;
  const scope: Scope = { item: before, parameters };
  const holds = before !== undefined && statement.where.test(scope);
  if (statement.kind === 'select') {
    store.clock.record(`SELECT ${pk} ${sk}`);
    return { table: name, units: readUnits(bytes, 'eventual'), item: holds ? cloneItem(before) : undefined };
  }
  if (!holds) {
    // Deleting what is not there is a success unless more than the key was demanded.
    const onlyKey = (statement.where.all?.length ?? 0) === 2;
    store.clock.record(`${statement.kind} ${pk} ${sk} refused`);
    const units = writeUnits({ table: bytes, indexes: [] });
    if (statement.kind === 'delete' && before === undefined && onlyKey) return { table: name, units };
    return failed(name, units, 'ConditionalCheckFailed', 'The conditional request failed', before);
  }
  const write = { table, pk, sk, before };
  if (statement.kind === 'delete') {
    const plan = { ok: true as const, ...write, after: undefined, bytes, writes: true };
    return done(store, 'DELETE', plan, returnedAttributes(statement.returning, plan));
  }
  const { item: after, paths } = statement.update.apply(before, scope);
  refuseKeyChange(paths, [pkName, skName]);
  const plan = { ok: true as const, ...write, after, paths, bytes: table.validate(after), writes: true };
  return done(store, 'UPDATE', plan, returnedAttributes(statement.returning, plan));
}
