import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { DocumentStore, Watcher } from '../../../context/ports.ts';
import { watcherKey, watcherPartition } from './keys.ts';
import { type Database, isApplied, queryItems } from '../database.ts';

/** The part of the store that knows which agents are told of changes: a row each. */
export function contextWatchers(db: Database): Pick<DocumentStore, 'watchers' | 'watch' | 'unwatch'> {
  return {
    async watchers(namespace) {
      const items = await queryItems(db, {
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': watcherPartition(namespace) },
        ConsistentRead: true,
      });
      return items.map(({ pk: _pk, sk: _sk, ...row }) => row as unknown as Watcher);
    },

    async watch(namespace, watcher) {
      const Item = { ...watcherKey(namespace, watcher.agent_id), ...watcher };
      await db.client.send(new PutCommand({ TableName: db.table, Item }));
    },

    async unwatch(namespace, { agent_id, mark }) {
      await isApplied(
        db.client.send(
          new DeleteCommand({
            TableName: db.table,
            Key: watcherKey(namespace, agent_id),
            // mark = :mark: an agent that has come back meanwhile goes on watching.
            ConditionExpression: 'mark = :mark',
            ExpressionAttributeValues: { ':mark': mark },
          }),
        ),
      );
    },
  };
}
