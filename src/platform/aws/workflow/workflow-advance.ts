import type { TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import type { WorkflowHead } from '../../../contracts/workflow/rows.ts';
import type { BlobStore } from '../../../distributor/ports.ts';
import type { Advance, AdvanceConflict } from '../../../workflow/ports.ts';
import { approvalItem } from './approval-rows.ts';
import { attentionAction } from './attention-marks.ts';
import { nodeTimerItem } from './node-timers.ts';
import { type Database, getItems } from '../database.ts';
import { expiryOf } from '../expiry.ts';
import { addDeadlines } from '../distributor/deadline-timers.ts';
import { headKey, taskKey } from '../keys.ts';
import { fromTaskItem, taskPut, taskUpdate } from '../distributor/task-rows.ts';
import type { Item } from '../item.ts';
import { transact } from '../transact.ts';
import { eventItem, expansionItem, packLetters, resultItem, signalItem } from './workflow-rows.ts';

type Action = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

/** What an update sets: a clause, a name and a value for each attribute that is there. */
function setClauses(attributes: Item) {
  const clauses: string[] = [];
  const names: Record<string, string> = {};
  const values: Item = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    clauses.push(`#${name} = :${name}`);
    names[`#${name}`] = name;
    values[`:${name}`] = value;
  }
  return { clauses, names, values };
}

/** What an advance writes of the head as it is. */
const advanced = [
  ...(['status', 'seq', 'definition', 'version', 'expansions', 'results', 'approvals', 'compensation'] as const),
  ...(['paused', 'signals', 'started_at', 'completed_at', 'cancel_reason', 'cancel_until'] as const),
  ...(['priority', 'deadline', 'updated', 'budget', 'spent', 'warned', 'output', 'output_error'] as const),
];

/**
 * The head's part of an advance. `seq` must be the one that the decision saw: of two advances only one happens, and the other decides again. The
 * token is only set where there is none, so that an advance which read the head before a newer token came cannot put the old one back.
 */
function headUpdate(table: string, head: WorkflowHead): Action {
  const expires_at = head.completed_at === undefined ? undefined : expiryOf(head.completed_at);
  const { seq, nodes, definition, version, completed_at } = head;
  const attributes: Item = { nodes: packLetters(nodes), expires_at };
  for (const name of advanced) attributes[name] = head[name];
  const { clauses, names, values } = setClauses(attributes);
  const gone = [
    // A workflow that goes on after its end has none any more.
    ...(completed_at === undefined ? ['completed_at', 'output', 'output_error', 'expires_at'] : []),
    // It goes by a version that nobody registered.
    ...(version !== undefined && definition === undefined ? ['definition'] : []),
  ];
  const remove = gone.length === 0 ? '' : ` REMOVE ${gone.map((name) => `#${name}`).join(', ')}`;
  for (const name of gone) names[`#${name}`] = name;
  if (head.task_token !== undefined) {
    clauses.push('task_token = if_not_exists(task_token, :task_token)');
    values[':task_token'] = head.task_token;
  }
  return {
    Update: {
      TableName: table,
      Key: headKey(head.workflow_id),
      UpdateExpression: `SET ${clauses.join(', ')}${remove}`,
      ConditionExpression: '#seq = :was_seq',
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: { ...values, ':was_seq': seq - 1 },
    },
  };
}

/** Commits an advance; answers with the conflict when the head or a task was not as the decision saw it. */
export async function commitAdvance(
  db: Database,
  blobs: BlobStore,
  advance: Advance,
): Promise<AdvanceConflict | undefined> {
  const { head, event, changes, started, results, expansions, signals } = advance;
  const { workflow_id } = head;
  await addDeadlines(db, started);
  const changed = changes.map((change): Action => ({ Update: taskUpdate(db.table, change) }));
  const inserted = started.map((row): Action => ({ Put: taskPut(db.table, row) }));
  const before = (head.expansions ?? 0) - expansions.length;
  const joined = await Promise.all(
    expansions.map((row, index) => expansionItem(blobs, workflow_id, before + index, row)),
  );
  const actions: Action[] = [
    headUpdate(db.table, head),
    ...changed,
    ...inserted,
    // must not exist: the log has one entry for each step of `seq`, as what joins the graph has for each expansion, and none is ever written over.
    // So have events that came from outside: one that comes again has no further effect.
    ...[await eventItem(blobs, event), ...joined, ...signals.map(signalItem)].map((Item): Action => ({
      Put: { TableName: db.table, Item, ConditionExpression: 'attribute_not_exists(pk)' },
    })),
    // A node that is opened again ends again: its last result counts. The head's condition orders the writers.
    ...results.map((row): Action => ({ Put: { TableName: db.table, Item: resultItem(row) } })),
    ...advance.timers.map((row): Action => ({ Put: { TableName: db.table, Item: nodeTimerItem(row) } })),
    // A node that is opened again asks anew. Nobody has been asked yet, so no inbox has it.
    ...advance.approvals.map((row): Action => ({ Put: { TableName: db.table, Item: approvalItem(row) } })),
    ...attentionAction(db.table, advance),
  ];
  const cancelled = await transact(db, actions);
  if (cancelled === undefined) return undefined;
  const failed = (at: number): boolean => cancelled[at] === 'ConditionalCheckFailed';
  const standing = changes.flatMap((change, index) =>
    failed(index + 1) ? [{ index, key: taskKey(change.task_id) }] : [],
  );
  // Read again rather than taken from the refusal: the refusal's items come in the wire's format, and may be older.
  const items =
    standing.length === 0
      ? []
      : await getItems(
          db,
          standing.map(({ key }) => key),
        );
  return {
    // A successor or event that exists already can only mean that this step was taken by somebody else.
    head: cancelled.some((_, at) => failed(at) && (at === 0 || at > changes.length)),
    changes: standing.map(({ index }, at) => {
      const item = items[at];
      return item === undefined ? { index } : { index, current: fromTaskItem(item) };
    }),
  };
}
