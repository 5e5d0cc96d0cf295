import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Snapshot } from '../../../contracts/context/snapshots.ts';
import type { DocumentStore } from '../../../context/ports.ts';
import { snapshotKey, snapshotPartition } from './keys.ts';
import { type Database, isApplied, queryItems } from '../database.ts';

/** The part of the store that knows the snapshots: a row each, which the table removes some time after it has expired. */
export function contextSnapshots(db: Database): Pick<DocumentStore, 'snapshots' | 'keepSnapshot' | 'removeSnapshot'> {
  return {
    async snapshots(namespace) {
      const items = await queryItems(db, {
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': snapshotPartition(namespace) },
        ConsistentRead: true,
      });
      return items.map(({ pk: _pk, sk: _sk, ttl: _ttl, ...row }) => row as unknown as Snapshot);
    },

    keepSnapshot(snapshot) {
      const ttl = Math.ceil(Date.parse(snapshot.expires_at) / 1_000);
      const Item = { ...snapshotKey(snapshot.namespace, snapshot.name), ...snapshot, ttl };
      return isApplied(
        db.client.send(
          new PutCommand({
            TableName: db.table,
            Item,
            // must not exist, or have expired: what a snapshot names never changes while it stands.
            ConditionExpression: 'attribute_not_exists(pk) OR expires_at <= :at',
            ExpressionAttributeValues: { ':at': snapshot.at },
          }),
        ),
      );
    },

    async removeSnapshot(namespace, name) {
      const Key = snapshotKey(namespace, name);
      await db.client.send(new DeleteCommand({ TableName: db.table, Key }));
    },
  };
}
