import { DeleteCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { runMsMax } from '../../../contracts/limits.ts';
import type { AwaitingRow, PublishedRow } from '../../../contracts/workflow/rows.ts';
import type { PublishedStore } from '../../../workflow/ports.ts';
import { type Database, getItems, isApplied, queryItems } from '../database.ts';
import { awaitingKey, publishedKey, timerPartition, topicPartition } from '../keys.ts';
import type { Item } from '../item.ts';

const secondsOf = (time: string): number => Math.ceil(Date.parse(time) / 1_000);

/** The item of a published event: in the index while it may have to be brought to somebody, and gone some time after it is kept no longer. */
function publishedItem(row: PublishedRow): Item {
  const { pool, id, wake_at, kept_until } = row;
  const timer = wake_at === undefined ? {} : { gsi1pk: timerPartition(pool), gsi1sk: `${wake_at}#${id}` };
  return { ...publishedKey(pool, row, id), ...row, ...timer, expires_at: secondsOf(kept_until) };
}

function fromPublishedItem(item: Item): PublishedRow {
  const { pk: _pk, sk: _sk, gsi1pk: _partition, gsi1sk: _key, expires_at: _expiry, ...row } = item;
  return row as unknown as PublishedRow;
}

/** How far an event was brought. What is written is true whoever writes it last: brought is brought, and a look too many does no harm. */
async function save(db: Database, row: PublishedRow): Promise<void> {
  const { pool, id, wake_at, after, taken_by } = row;
  const timer = wake_at === undefined ? undefined : `${wake_at}#${id}`;
  const changed = { taken_by, after, wake_at, gsi1pk: timer && timerPartition(pool), gsi1sk: timer };
  const set = Object.entries(changed).filter(([, value]) => value !== undefined);
  const gone = Object.keys(changed).filter((name) => changed[name as keyof typeof changed] === undefined);
  await isApplied(
    db.client.send(
      new UpdateCommand({
        TableName: db.table,
        Key: publishedKey(pool, row, id),
        UpdateExpression: [
          `SET ${set.map(([name]) => `#${name} = :${name}`).join(', ')}`,
          ...(gone.length === 0 ? [] : [`REMOVE ${gone.map((name) => `#${name}`).join(', ')}`]),
        ].join(' '),
        // must exist: an event that has expired stays away.
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeNames: Object.fromEntries(Object.keys(changed).map((name) => [`#${name}`, name])),
        ExpressionAttributeValues: Object.fromEntries(set.map(([name, value]) => [`:${name}`, value])),
      }),
    ),
  );
}

async function expectEvents(db: Database, row: AwaitingRow, now: number): Promise<void> {
  const { pool, workflow_id, seq } = row;
  await isApplied(
    db.client.send(
      new PutCommand({
        TableName: db.table,
        Item: {
          ...awaitingKey(pool, row, workflow_id),
          ...row,
          expires_at: secondsOf(new Date(now + runMsMax).toISOString()),
        },
        // newer than what is there: who saw an older head may be about to fail, and must not pass off the wait of a newer one as his own.
        ConditionExpression: 'attribute_not_exists(pk) OR #seq < :seq',
        ExpressionAttributeNames: { '#seq': 'seq' },
        ExpressionAttributeValues: { ':seq': seq },
      }),
    ),
  );
}

/** Published events and those who wait for them: one partition for a name and a key, so that both find each other in strongly consistent reads. */
export function createPublishedStore(db: Database): PublishedStore {
  const get: PublishedStore['get'] = async (pool, topic, id) => {
    const [item] = await getItems(db, [publishedKey(pool, topic, id)]);
    return item && fromPublishedItem(item);
  };
  const partition = (pool: string, topic: Parameters<PublishedStore['get']>[1], from: string, until: string) => ({
    KeyConditionExpression: 'pk = :topic AND sk BETWEEN :from AND :until',
    ExpressionAttributeValues: { ':topic': topicPartition(pool, topic), ':from': from, ':until': until },
    ConsistentRead: true,
  });
  return {
    get,
    publish: async (row) => {
      const Item = publishedItem(row);
      // must not exist: the first body under an id stays.
      const ConditionExpression = 'attribute_not_exists(pk)';
      const isNew = await isApplied(db.client.send(new PutCommand({ TableName: db.table, Item, ConditionExpression })));
      return isNew ? undefined : get(row.pool, row, row.id);
    },
    kept: async (pool, topic, now) => {
      const items = await queryItems(db, partition(pool, topic, 'PUBLISHED#', 'PUBLISHED$'));
      const rows = items.map(fromPublishedItem).filter(({ kept_until }) => Date.parse(kept_until) > now);
      return rows.toSorted((one, other) => (one.received_at < other.received_at ? -1 : 1));
    },
    save: (row) => save(db, row),
    expect: (row, now) => expectEvents(db, row, now),
    expecting: async (pool, topic, limit, after) => {
      // `!` sorts before whatever an id may begin with, and behind the id itself.
      const items = await queryItems(db, partition(pool, topic, `WAIT#${after ?? ''}!`, 'WAIT$'), limit);
      return items.map(({ workflow_id, seq }) => ({
        ...{ pool, name: topic.name, key: topic.key, workflow_id: String(workflow_id), seq: Number(seq) },
      }));
    },
    forget: async (row) => {
      await isApplied(
        db.client.send(
          new DeleteCommand({
            TableName: db.table,
            Key: awaitingKey(row.pool, row, row.workflow_id),
            // the wait that was read: one that was told again since is not over.
            ConditionExpression: '#seq = :seq',
            ExpressionAttributeNames: { '#seq': 'seq' },
            ExpressionAttributeValues: { ':seq': row.seq },
          }),
        ),
      );
    },
  };
}
