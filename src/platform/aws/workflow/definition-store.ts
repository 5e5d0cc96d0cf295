import { GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { RegisteredRow } from '../../../contracts/workflow/rows.ts';
import type { WorkflowDefinition } from '../../../contracts/workflow/workflow.ts';
import type { DefinitionStore } from '../../../workflow/ports.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { Database } from '../database.ts';
import { definitionsPartition, definitionVersionKey, registeredKey } from '../keys.ts';
import type { Item } from '../item.ts';
import { packed, unpacked } from './packed-row.ts';
import { transact } from '../transact.ts';

function fromItem(item: Item): RegisteredRow {
  const { pk: _pk, sk: _sk, ...row } = item;
  return row as unknown as RegisteredRow;
}

/** A definition that fits no row. */
const what = { name: 'definition', fix: 'register parts of it by themselves, and run those as bodies' };

async function save(db: Database, row: RegisteredRow, added: Parameters<DefinitionStore['save']>[1]): Promise<boolean> {
  const { pool, name, revision } = row;
  const TableName = db.table;
  const version = added && {
    ...definitionVersionKey(pool, name, added.version),
    body: packed(added.definition, what),
  };
  const cancelled = await transact(db, [
    {
      Put: {
        TableName,
        Item: { ...registeredKey(pool, name), ...row },
        // the revision that was read: of two who register at once one gets the number, the other the next.
        ...(revision === 1
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : { ConditionExpression: 'revision = :was', ExpressionAttributeValues: { ':was': revision - 1 } }),
      },
    },
    // must not exist: a version never changes, whatever else goes wrong.
    ...(version === undefined
      ? []
      : [{ Put: { TableName, Item: version, ConditionExpression: 'attribute_not_exists(pk)' } }]),
  ]);
  return cancelled === undefined;
}

/** Registered definitions: a row for each name with what is told of its versions, and a row for each version with its body. None of them expires. */
export function createDefinitionStore(db: Database): DefinitionStore {
  const read = async (Key: Readonly<Record<string, string>>): Promise<Item | undefined> =>
    (await db.client.send(new GetCommand({ TableName: db.table, Key, ConsistentRead: true }))).Item;
  return {
    get: async (pool, name) => {
      const item = await read(registeredKey(pool, name));
      return item && fromItem(item);
    },
    body: async (pool, name, version) => {
      const item = await read(definitionVersionKey(pool, name, version));
      return item && (unpacked(item['body']) as WorkflowDefinition);
    },
    save: (row, added) => save(db, row, added),
    list: async (pool, limit, cursor) => {
      const start = decodeCursor(cursor, { pk: definitionsPartition(pool) });
      const page = await db.client.send(
        new QueryCommand({
          TableName: db.table,
          KeyConditionExpression: 'pk = :partition',
          ExpressionAttributeValues: { ':partition': definitionsPartition(pool) },
          Limit: limit,
          ...(start === undefined ? {} : { ExclusiveStartKey: start }),
        }),
      );
      const next = encodeCursor(page.LastEvaluatedKey);
      return { items: (page.Items ?? []).map(fromItem), ...(next === undefined ? {} : { cursor: next }) };
    },
  };
}
