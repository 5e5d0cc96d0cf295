import { GetCommand, type TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import type { ApprovalRow } from '../../../contracts/workflow/rows.ts';
import type { ApprovalStore } from '../../../workflow/ports.ts';
import { inboxesOf, loadOf, type Loads } from '../../../workflow/core/approvals/approval.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { type Database, getItems, queryItems } from '../database.ts';
import { approvalItem, fromApprovalItem } from './approval-rows.ts';
import { approvalKey, inboxPartition, loadKey } from '../keys.ts';
import { transact } from '../transact.ts';

type Action = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

/** Behind what is kept of the person, before all that waits. */
const firstKey = '#~';

/** Its places in inboxes: what is due first stands first, and an approval has the same sort key in all of them. */
function entriesOf(row: ApprovalRow): readonly { readonly pk: string; readonly sk: string }[] {
  const sk = `${row.due_at ?? ''}#${row.workflow_id}:${row.path}`;
  return inboxesOf(row).map((owner) => ({ pk: inboxPartition(row.pool, owner), sk }));
}

function entryActions(table: string, before: ApprovalRow, after: ApprovalRow): Action[] {
  const textOf = ({ pk, sk }: { readonly pk: string; readonly sk: string }): string => `${pk} ${sk}`;
  const old = entriesOf(before);
  const now = entriesOf(after);
  const { workflow_id, path } = after;
  return [
    ...old
      .filter((key) => !now.some((each) => textOf(each) === textOf(key)))
      .map((Key): Action => ({ Delete: { TableName: table, Key: { ...Key } } })),
    ...now
      .filter((key) => !old.some((each) => textOf(each) === textOf(key)))
      .map((key): Action => ({ Put: { TableName: table, Item: { ...key, workflow_id, path } } })),
  ];
}

/** Who is given one more, or has one less. Where the choice was by how much people have, that must still be so: of two who give at once, one chooses again. */
function loadActions(table: string, before: ApprovalRow, after: ApprovalRow, loads: Loads | undefined): Action[] {
  const had = loadOf(before);
  const has = loadOf(after);
  const change = (user: string, delta: number, load: number | undefined): Action => ({
    Update: {
      TableName: table,
      Key: loadKey(after.pool, user),
      UpdateExpression: 'ADD #load :delta',
      ExpressionAttributeNames: { '#load': 'load' },
      ExpressionAttributeValues: { ':delta': delta, ...(load === undefined ? {} : { ':load': load }) },
      ...(load === undefined
        ? {}
        : { ConditionExpression: load === 0 ? 'attribute_not_exists(#load) OR #load = :load' : '#load = :load' }),
    },
  });
  return [
    ...had.filter((user) => !has.includes(user)).map((user) => change(user, -1, undefined)),
    ...has.filter((user) => !had.includes(user)).map((user) => change(user, 1, loads?.get(user))),
  ];
}

async function save(db: Database, before: ApprovalRow, after: ApprovalRow, loads?: Loads): Promise<boolean> {
  const cancelled = await transact(db, [
    {
      Put: {
        TableName: db.table,
        Item: approvalItem(after),
        // the version that was read, of the same asking: of two who decide at once one is refused, and nothing of a run before reaches this one.
        ConditionExpression: '#version = :version AND #seq = :seq',
        ExpressionAttributeNames: { '#version': 'version', '#seq': 'seq' },
        ExpressionAttributeValues: { ':version': before.version, ':seq': before.seq },
      },
    },
    ...entryActions(db.table, before, after),
    ...loadActions(db.table, before, after, loads),
  ]);
  return cancelled === undefined;
}

/** Each of the partitions from the cursor on; what is in several of them comes once. */
async function inbox(db: Database, pool: string, owners: readonly string[], limit: number, cursor?: string) {
  const after = (decodeCursor(cursor)?.['sk'] as string | undefined) ?? firstKey;
  const found = await Promise.all(
    owners.map((owner) =>
      queryItems(
        db,
        {
          KeyConditionExpression: 'pk = :inbox AND sk > :after',
          ExpressionAttributeValues: { ':inbox': inboxPartition(pool, owner), ':after': after },
          ConsistentRead: true,
        },
        limit + 1,
      ),
    ),
  );
  const entries = [...new Map(found.flat().map((item) => [String(item['sk']), item]))].sort(([one], [other]) =>
    one < other ? -1 : 1,
  );
  const shown = entries.slice(0, limit);
  const items = await getItems(
    db,
    shown.map(([, { workflow_id, path }]) => approvalKey(String(workflow_id), String(path))),
  );
  const last = entries.length > limit ? shown.at(-1) : undefined;
  const next = encodeCursor(last && { pk: 'INBOX', sk: last[0] });
  return {
    items: items.flatMap((item) => (item === undefined ? [] : [fromApprovalItem(item)])),
    ...(next === undefined ? {} : { cursor: next }),
  };
}

/** Approvals in their workflow's partition, with a place in the inbox of each person and group that is asked. */
export function createApprovalStore(db: Database): ApprovalStore {
  return {
    get: async (workflow_id, path) => {
      const { Item: item } = await db.client.send(
        new GetCommand({ TableName: db.table, Key: approvalKey(workflow_id, path), ConsistentRead: true }),
      );
      return item && fromApprovalItem(item);
    },
    save: (before, after, loads) => save(db, before, after, loads),
    loads: async (pool, users) => {
      const items = await getItems(
        db,
        users.map((user) => loadKey(pool, user)),
      );
      return new Map(users.map((user, index) => [user, Number(items[index]?.['load'] ?? 0)]));
    },
    inbox: (pool, owners, limit, cursor) => inbox(db, pool, owners, limit, cursor),
  };
}
