import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Certificate } from '../../../contracts/context/subjects.ts';
import type { DocumentStore, Forgetting } from '../../../context/ports.ts';
import { certificateKey, certificatePartition, forgettingKey } from './keys.ts';
import { pageOfRows } from './listings.ts';
import { type Database, isRefused } from '../database.ts';
import type { Item } from '../item.ts';
import { transact } from '../transact.ts';

function withoutKey<T>({ pk: _pk, sk: _sk, ...row }: Item): T {
  return row as unknown as T;
}

const absent = { ConditionExpression: 'attribute_not_exists(pk)' };

/** The part of the store that forgets subjects. */
export function contextSubjects(
  db: Database,
): Pick<DocumentStore, 'forgetting' | 'beginForgetting' | 'certify' | 'certificates'> {
  return {
    async forgetting(namespace, subject) {
      const Key = forgettingKey(namespace, subject);
      const { Item: row } = await db.client.send(new GetCommand({ TableName: db.table, Key, ConsistentRead: true }));
      return row && withoutKey<Forgetting>(row);
    },

    async beginForgetting(row) {
      const Item = { ...forgettingKey(row.namespace, row.subject), ...row };
      try {
        // must not exist: what an earlier call wrote down may be all that still leads to the documents.
        await db.client.send(new PutCommand({ TableName: db.table, Item, ...absent }));
        return true;
      } catch (error) {
        if (isRefused(error)) return false;
        throw error;
      }
    },

    async certify(row) {
      const { namespace, subject, number, requested_at } = row;
      const cancelled = await transact(db, [
        // must not exist: of two certificates behind the same one only one is in the chain.
        { Put: { TableName: db.table, Item: { ...certificateKey(namespace, number), ...row }, ...absent } },
        {
          Delete: {
            TableName: db.table,
            Key: forgettingKey(namespace, subject),
            // the one that it is about: of two calls that end it one gives out the certificate.
            ConditionExpression: 'requested_at = :requested_at',
            ExpressionAttributeValues: { ':requested_at': requested_at },
          },
        },
      ]);
      return cancelled === undefined;
    },

    async certificates(namespace, limit, cursor) {
      const page = await pageOfRows(db, certificatePartition(namespace), ['0', '~'], {
        limit,
        cursor,
        newestFirst: true,
      });
      return { ...page, items: page.items.map((item) => withoutKey<Certificate>(item)) };
    },
  };
}
