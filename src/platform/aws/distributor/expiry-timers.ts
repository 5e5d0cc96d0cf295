import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { TaskRow } from '../../../contracts/rows.ts';
import { expiresAt } from '../../../distributor/core/tasks/expiry.ts';
import type { TaskStore } from '../../../distributor/ports.ts';
import type { Database } from '../database.ts';
import { expiryOf } from '../expiry.ts';
import { expiryKey, timerPartition } from '../keys.ts';

/**
 * Writes the timers of the deadlines at which these tasks follow a policy; the others cost nothing. Written before the tasks themselves, so that a crash in between
 * leaves a timer that wakes nobody, and never a task without one.
 */
export async function setExpiries(db: Database, rows: readonly TaskRow[]): Promise<void> {
  await Promise.all(
    rows.map(async (row) => {
      const at = expiresAt(row);
      if (at === undefined) return;
      const place = { gsi1pk: timerPartition(row.pool), gsi1sk: `${at}#${row.task_id}`, expires_at: expiryOf(at) };
      const Item = { ...expiryKey(row.task_id), task_id: row.task_id, ...place };
      // Unconditional: a timer that is too early is put right when it fires.
      await db.client.send(new PutCommand({ TableName: db.table, Item }));
    }),
  );
}

/** The task store's share of these timers. */
export function expiryTimers(db: Database): Pick<TaskStore, 'setExpiries' | 'forgetExpiries'> {
  return {
    setExpiries: (rows) => setExpiries(db, rows),
    forgetExpiries: async (ids) => {
      await Promise.all(
        ids.map((id) => db.client.send(new DeleteCommand({ TableName: db.table, Key: expiryKey(id) }))),
      );
    },
  };
}
