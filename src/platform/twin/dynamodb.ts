import { TransactionConflictException } from '@aws-sdk/client-dynamodb';
import {
  BatchExecuteStatementCommand,
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  ExecuteStatementCommand,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  TransactGetCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { DeleteCommandInput, PutCommandInput, UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { awsError } from './aws-errors.ts';
import { consumed, writeUnits } from './dynamodb/capacity.ts';
import { query, scan } from './dynamodb/query.ts';
import { batchGet, getItem, transactGet } from './dynamodb/reads.ts';
import { batchExecuteStatement, executeStatement } from './dynamodb/statements.ts';
import { commit, conditionFailed } from './dynamodb/store.ts';
import type { Commit, Store } from './dynamodb/store.ts';
import { createTable } from './dynamodb/table.ts';
import type { TableSchema } from './dynamodb/table.ts';
import { batchWrite, transactWrite } from './dynamodb/transactions.ts';
import { planDelete, planPut, planUpdate, returnedAttributes } from './dynamodb/writes.ts';
import type { Plan } from './dynamodb/writes.ts';
import { cloneItem } from './expressions/values.ts';
import type { Item } from './expressions/values.ts';
import type { FakeClient, Wire } from './wire.ts';

/** The table that Cadre uses, unless a test brings its own. */
export const defaultTable: TableSchema = {
  name: 'cadre',
  pk: 'pk',
  sk: 'sk',
  indexes: [{ name: 'gsi1', pk: 'gsi1pk', sk: 'gsi1sk', projection: 'ALL' }],
};

/** A fake DynamoDB: its clients, and the view that oracles have of it. */
export interface FakeDynamodb {
  createTable(schema: TableSchema): void;
  /** A client that takes the document client's commands. */
  client(wire: Wire): FakeClient;
  /** Copies of the items of a table; of the only table when no name is given. */
  items(table?: string): Item[];
  /** One stored item, not copied: for oracles, which only look. */
  peek(pk: string, sk: string | number, table?: string): Item | undefined;
  /** Calls back after each atomic write. The items given are the stored ones, which never change in place. */
  onCommit(listener: (commit: Commit) => void): void;
}

type Operation = (store: Store, input: object) => object;

/** Pairs a command class with what carries it out; the class is the key because its name does not survive a bundler. */
function entry<Input extends object>(
  command: new (input: Input) => { readonly input: Input },
  operation: (store: Store, input: Input) => object,
): [unknown, { readonly name: string; readonly run: Operation }] {
  return [command, { name: command.name, run: operation as unknown as Operation }];
}

const operations = new Map<unknown, { readonly name: string; readonly run: Operation }>([
  entry(GetCommand, getItem),
  entry(PutCommand, (store, input) => single(store, 'PutItem', planPut(store, input), input)),
  entry(UpdateCommand, (store, input) => single(store, 'UpdateItem', planUpdate(store, input), input)),
  entry(DeleteCommand, (store, input) => single(store, 'DeleteItem', planDelete(store, input), input)),
  entry(QueryCommand, query),
  entry(ScanCommand, scan),
  entry(BatchGetCommand, batchGet),
  entry(BatchWriteCommand, batchWrite),
  entry(TransactWriteCommand, transactWrite),
  entry(TransactGetCommand, transactGet),
  entry(ExecuteStatementCommand, executeStatement),
  entry(BatchExecuteStatementCommand, batchExecuteStatement),
]);

function single(
  store: Store,
  command: string,
  plan: Plan,
  input: PutCommandInput | UpdateCommandInput | DeleteCommandInput,
): object {
  if (!plan.ok) {
    store.clock.record(`${command} refused`);
    throw conditionFailed(plan.before, input.ReturnValuesOnConditionCheckFailure);
  }
  if (store.faults.strikes('transactionConflict', `dynamodb:${command}`)) {
    throw new TransactionConflictException({
      message: 'Transaction is ongoing for the item',
      $metadata: { httpStatusCode: 400 },
    });
  }
  const [size] = commit(store, command, [plan]);
  const attributes = returnedAttributes(input.ReturnValues, plan);
  return {
    ...(attributes === undefined ? {} : { Attributes: attributes }),
    ...consumed(input.ReturnConsumedCapacity, plan.table.schema.name, size === undefined ? 0 : writeUnits(size)),
  };
}

/** A DynamoDB with the given tables. */
export function createFakeDynamodb(wire: Wire, tables: readonly TableSchema[] = [defaultTable]): FakeDynamodb {
  const store: Store = {
    clock: wire.clock,
    faults: wire.faults,
    tables: new Map(tables.map((schema) => [schema.name, createTable(schema)])),
    listeners: [],
    tokens: new Map(),
  };

  function find(name: string | undefined): ReturnType<typeof createTable> | undefined {
    return name === undefined ? store.tables.values().next().value : store.tables.get(name);
  }

  return {
    createTable: (schema) => void store.tables.set(schema.name, createTable(schema)),
    client: (processWire) => ({
      send(command, options) {
        const operation = operations.get(command.constructor);
        if (operation === undefined) {
          return Promise.reject(awsError('UnknownOperationException', `The twin has no ${command.constructor.name}`));
        }
        const apply = (): object => operation.run(store, command.input);
        return processWire.call('dynamodb', operation.name, apply, options?.abortSignal);
      },
      destroy: () => undefined,
    }),
    items: (table) => [...(find(table)?.items() ?? [])].map(cloneItem),
    peek: (pk, sk, table) => find(table)?.get(pk, sk)?.item,
    onCommit: (listener) => void store.listeners.push(listener),
  };
}
