import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import type { NodeTimerRow } from '../../../contracts/workflow/rows.ts';
import type { WorkflowStore } from '../../../workflow/ports.ts';
import { type Database, getItems, isApplied } from '../database.ts';
import type { Item } from '../item.ts';
import { nodeTimerKey, timerPartition } from '../keys.ts';

/** The item of a node's timer, with its entry in the index of what waits for a time. */
export function nodeTimerItem({ workflow_id, path, pool, until }: NodeTimerRow): Item {
  return {
    ...nodeTimerKey(workflow_id, path),
    gsi1pk: timerPartition(pool),
    gsi1sk: `${until}#${workflow_id}:${path}`,
  };
}

/** The timer of an item. */
function fromNodeTimerItem({ pk, sk, gsi1pk, gsi1sk }: Item): NodeTimerRow {
  const [workflow_id, path, pool] = [pk, sk, gsi1pk].map((key) => String(key).slice(String(key).indexOf('#') + 1));
  const [until] = String(gsi1sk).split('#', 1);
  return { workflow_id: workflow_id ?? '', path: path ?? '', pool: pool ?? '', until: until ?? '' };
}

/** The timers of nodes that wait, run out of time or rest before their next try. */
export function nodeTimers(db: Database): Pick<WorkflowStore, 'timers' | 'clearTimer'> {
  return {
    timers: async (workflow_id, paths) => {
      const items = await getItems(
        db,
        paths.map((path) => nodeTimerKey(workflow_id, path)),
      );
      return items.flatMap((item) => (item === undefined ? [] : [fromNodeTimerItem(item)]));
    },
    clearTimer: async (row) => {
      await isApplied(
        db.client.send(
          new DeleteCommand({
            TableName: db.table,
            Key: nodeTimerKey(row.workflow_id, row.path),
            // the same time: an advance meanwhile may have set the timer of another try or phase.
            ConditionExpression: 'gsi1sk = :entry',
            ExpressionAttributeValues: { ':entry': nodeTimerItem(row)['gsi1sk'] },
          }),
        ),
      );
    },
  };
}
