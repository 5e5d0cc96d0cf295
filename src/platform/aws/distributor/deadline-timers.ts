import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { TaskRow } from '../../../contracts/rows.ts';
import { deadlineTimerOf } from '../../../distributor/core/tasks/expiry.ts';
import type { TaskStore } from '../../../distributor/ports.ts';
import type { Database } from '../database.ts';
import { expiryOf } from '../expiry.ts';
import { deadlineKey, timerPartition } from '../keys.ts';

/**
 * Writes the timers of what the deadlines of these tasks ask for next; those of which nothing is asked cost nothing. Written before the tasks themselves, so that a crash in between
 * leaves a timer that wakes nobody, and never a task without one.
 */
export async function setDeadlines(db: Database, rows: readonly TaskRow[]): Promise<void> {
  await Promise.all(
    rows.map(async (row) => {
      const at = deadlineTimerOf(row);
      if (at === undefined) return;
      const place = { gsi1pk: timerPartition(row.pool), gsi1sk: `${at}#${row.task_id}`, expires_at: expiryOf(at) };
      const Item = { ...deadlineKey(row.task_id), task_id: row.task_id, ...place };
      // Unconditional: a timer that is too early is put right when it fires.
      await db.client.send(new PutCommand({ TableName: db.table, Item }));
    }),
  );
}

/** The task store's share of these timers. */
export function deadlineTimers(db: Database): Pick<TaskStore, 'setDeadlines' | 'forgetDeadlines'> {
  return {
    setDeadlines: (rows) => setDeadlines(db, rows),
    forgetDeadlines: async (ids) => {
      await Promise.all(
        ids.map((id) => db.client.send(new DeleteCommand({ TableName: db.table, Key: deadlineKey(id) }))),
      );
    },
  };
}
