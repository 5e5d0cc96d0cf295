import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { TypeVersion } from '../../../contracts/context/types.ts';
import type { DocumentStore } from '../../../context/ports.ts';
import { policyKey, typeVersionKey, typeVersionPrefix } from './keys.ts';
import { type Database, isRefused, queryItems } from '../database.ts';

/** The part of the store that knows the registered types: a row a version. */
export function contextTypes(db: Database): Pick<DocumentStore, 'types' | 'define'> {
  return {
    async types(namespace, context_type) {
      const items = await queryItems(db, {
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': policyKey(namespace).pk, ':prefix': typeVersionPrefix(context_type) },
        ScanIndexForward: false,
        ConsistentRead: true,
      });
      return items.map(({ pk: _pk, sk: _sk, schema, ...row }) => ({
        ...(row as unknown as Omit<TypeVersion, 'schema'>),
        schema: JSON.parse(String(schema)) as TypeVersion['schema'],
      }));
    },

    async define(row) {
      const key = typeVersionKey(row.namespace, row.context_type, row.version);
      // As text: a schema may have keys and empty values that a table would not give back as they were.
      const Item = { ...key, ...row, schema: JSON.stringify(row.schema) };
      try {
        // must not exist: no version of a type is ever written over.
        await db.client.send(
          new PutCommand({ TableName: db.table, Item, ConditionExpression: 'attribute_not_exists(pk)' }),
        );
        return true;
      } catch (error) {
        if (isRefused(error)) return false;
        throw error;
      }
    },
  };
}
