import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { NamespaceKill } from '../../../contracts/distributor/namespace.ts';
import type { NamespaceStore } from '../../../distributor/ports.ts';
import { type Database, getItems } from '../database.ts';
import { namespaceKey } from '../keys.ts';

/** Namespaces that were killed: a row each in the pool's own collection, so that every dispatch reads them with the agents. */
export function createNamespaceStore(db: Database): NamespaceStore {
  return {
    kill: async (pool, namespace, killed) => {
      await db.client.send(
        new UpdateCommand({
          TableName: db.table,
          Key: namespaceKey(pool, namespace),
          // Without a condition: whoever kills it last says why.
          UpdateExpression: 'SET #namespace = :namespace, killed = :killed',
          ExpressionAttributeNames: { '#namespace': 'namespace' },
          ExpressionAttributeValues: { ':namespace': namespace, ':killed': killed },
        }),
      );
    },
    revive: async (pool, namespace) => {
      await db.client.send(
        new UpdateCommand({
          TableName: db.table,
          Key: namespaceKey(pool, namespace),
          UpdateExpression: 'REMOVE killed',
        }),
      );
    },
    killed: async (pool, namespaces) => {
      const items =
        namespaces.length === 0
          ? []
          : await getItems(
              db,
              namespaces.map((each) => namespaceKey(pool, each)),
            );
      return new Map(
        items.flatMap((item) =>
          item?.['killed'] === undefined ? [] : [[String(item['namespace']), item['killed'] as NamespaceKill] as const],
        ),
      );
    },
  };
}
