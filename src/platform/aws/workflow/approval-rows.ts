import type { ApprovalRow } from '../../../contracts/workflow/rows.ts';
import { expiryInRun } from '../expiry.ts';
import { approvalKey, timerPartition } from '../keys.ts';
import type { Item } from '../item.ts';

/**
 * The item of an approval: in the index exactly while it waits for a time. It expires with its workflow, which tells it when that has ended; one that is still written
 * after that, to pay what it owed, as long after its own end as the longest run may last.
 */
export function approvalItem(row: ApprovalRow): Item {
  const { workflow_id, path, pool, wake_at, ended_at } = row;
  const timer =
    wake_at === undefined ? {} : { gsi1pk: timerPartition(pool), gsi1sk: `${wake_at}#${workflow_id}:${path}` };
  const expiry = ended_at === undefined || wake_at !== undefined ? {} : { expires_at: expiryInRun(ended_at) };
  return { ...approvalKey(workflow_id, path), ...row, ...timer, ...expiry };
}

/** The approval of an item. */
export function fromApprovalItem(item: Item): ApprovalRow {
  const { pk: _pk, sk: _sk, gsi1pk: _partition, gsi1sk: _key, expires_at: _expiry, ...row } = item;
  return row as unknown as ApprovalRow;
}
