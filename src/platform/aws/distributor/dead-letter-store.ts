import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { DeleteCommand, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { DeadLetterRow } from '../../../contracts/rows.ts';
import type { DeadLetterStore } from '../../../distributor/ports.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { Database } from '../database.ts';
import { deadLetterKey, deadPartition, indexName } from '../keys.ts';
import { executeStatements, insertStatement } from '../statements.ts';
import type { Item } from '../item.ts';

function fromItem(item: Item): DeadLetterRow {
  const { pk: _pk, sk: _sk, gsi1pk: _partition, gsi1sk: _key, ...row } = item;
  return row as unknown as DeadLetterRow;
}

/** Messages nobody could use, beside the failed tasks in one list, newest first. `urlOf` tells the queue a message came from. */
export function createDeadLetterStore(
  db: Database,
  sqs: SQSClient,
  urlOf: (source: string) => string | undefined,
): DeadLetterStore {
  return {
    bury: async (rows) => {
      await executeStatements(
        db,
        // The id is made of the message's id, so that a redelivery buries it once.
        rows.map((row) =>
          insertStatement(db.table, {
            ...deadLetterKey(row.id),
            ...row,
            gsi1pk: deadPartition(row.pool),
            gsi1sk: `${row.at}#${row.id}`,
          }),
        ),
      );
    },
    get: async (id) => {
      const { Item } = await db.client.send(
        new GetCommand({ TableName: db.table, Key: deadLetterKey(id), ConsistentRead: true }),
      );
      return Item && fromItem(Item);
    },
    remove: async (id) => {
      await db.client.send(new DeleteCommand({ TableName: db.table, Key: deadLetterKey(id) }));
    },
    list: async (pool, limit, cursor) => {
      const start = decodeCursor(cursor, { gsi1pk: deadPartition(pool) });
      const page = await db.client.send(
        new QueryCommand({
          TableName: db.table,
          IndexName: indexName,
          KeyConditionExpression: 'gsi1pk = :partition',
          ExpressionAttributeValues: { ':partition': deadPartition(pool) },
          ScanIndexForward: false,
          Limit: limit,
          ...(start === undefined ? {} : { ExclusiveStartKey: start }),
        }),
      );
      const next = encodeCursor(page.LastEvaluatedKey);
      const items = (page.Items ?? []).map((item) => {
        const key = String(item['gsi1sk']);
        const cut = key.indexOf('#');
        return {
          kind: item['sk'] === 'TASK' ? ('task' as const) : ('message' as const),
          id: key.slice(cut + 1),
          at: key.slice(0, cut),
        };
      });
      return { items, ...(next === undefined ? {} : { cursor: next }) };
    },
    resend: async (row) => {
      const url = urlOf(row.source);
      if (url === undefined) throw new Error(`the queue ${row.source} is not part of this deployment`);
      const fifo = url.endsWith('.fifo') ? { MessageGroupId: row.id, MessageDeduplicationId: row.id } : {};
      await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: row.body.text ?? '', ...fifo }));
    },
  };
}
