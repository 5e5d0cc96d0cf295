import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { TaskRow } from '../../../contracts/rows.ts';
import { deadlineTimerOf } from '../../../distributor/core/tasks/expiry.ts';
import type { TaskStore } from '../../../distributor/ports.ts';
import { type Database, isApplied } from '../database.ts';
import { expiryOf } from '../expiry.ts';
import { deadlineKey, timerPartition } from '../keys.ts';

/** What must be true of the timer that is there for a write to happen. */
interface Condition {
  readonly ConditionExpression: string;
  readonly ExpressionAttributeValues: Readonly<Record<string, string>>;
}

/** It was due at this time (epoch ms), as whoever woke it saw it. Stops the race with somebody who has given its task another deadline since. */
const wasDue = (now: number): Condition => ({
  ConditionExpression: 'gsi1sk <= :due',
  ExpressionAttributeValues: { ':due': `${new Date(now).toISOString()}~` },
});

/** There is none, or one that comes later: stops a repeated submission from putting off what its first one asked for. */
const isLater = (key: string): Condition => ({
  ConditionExpression: 'attribute_not_exists(pk) OR gsi1sk > :key',
  ExpressionAttributeValues: { ':key': key },
});

async function putTimers(
  db: Database,
  rows: readonly TaskRow[],
  condition?: (key: string) => Condition,
): Promise<void> {
  await Promise.all(
    rows.map(async (row) => {
      const at = deadlineTimerOf(row);
      if (at === undefined) return;
      const gsi1sk = `${at}#${row.task_id}`;
      const place = { gsi1pk: timerPartition(row.pool), gsi1sk, expires_at: expiryOf(at) };
      const Item = { ...deadlineKey(row.task_id), task_id: row.task_id, ...place };
      await isApplied(db.client.send(new PutCommand({ TableName: db.table, Item, ...condition?.(gsi1sk) })));
    }),
  );
}

/**
 * Writes the timers of what the deadlines of new tasks ask for; those of which nothing is asked cost nothing. Written before the tasks themselves, so that a crash in between
 * leaves a timer that wakes nobody, and never a task without one. One that comes sooner stays: a timer that is too early is put right when it fires.
 */
export const addDeadlines = (db: Database, rows: readonly TaskRow[]): Promise<void> => putTimers(db, rows, isLater);

/** The task store's share of these timers. */
export function deadlineTimers(db: Database): Pick<TaskStore, 'setDeadlines' | 'moveDeadlinesOn' | 'forgetDeadlines'> {
  return {
    setDeadlines: (rows) => putTimers(db, rows),
    moveDeadlinesOn: (rows, now) => putTimers(db, rows, () => wasDue(now)),
    forgetDeadlines: async (ids, now) => {
      const keys = ids.map((id) => ({ TableName: db.table, Key: deadlineKey(id), ...wasDue(now) }));
      await Promise.all(keys.map((each) => isApplied(db.client.send(new DeleteCommand(each)))));
    },
  };
}
