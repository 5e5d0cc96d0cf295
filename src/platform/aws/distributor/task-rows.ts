import type { Item } from '../item.ts';
import { isDeepStrictEqual } from 'node:util';
import { workflowOf } from '../../../contracts/ids.ts';
import { indexedPayloadBytesMax } from '../../../contracts/limits.ts';
import type { ReadyTask, StoredJson, TaskRow } from '../../../contracts/rows.ts';
import type { DistributionLog } from '../../../contracts/distributor/task.ts';
import type { TaskChange } from '../../../distributor/core/tasks/task-change.ts';
import { holdKey, parseHoldKey } from '../../../distributor/core/agents/hold.ts';
import { waitingEntry } from '../../../distributor/core/ready/index-entries.ts';
import { expiryInRun, expiryOf } from '../expiry.ts';
import { readyPartition, taskKey } from '../keys.ts';
import type { Statement } from '../statements.ts';

/** A small payload goes where the index copies it from; a larger one where it does not. */
function payloadAttributes(payload: StoredJson): Item {
  if (payload.ref !== undefined) return { payload_ref: payload.ref };
  const text = payload.text ?? 'null';
  const bytes = Buffer.byteLength(text);
  return bytes <= indexedPayloadBytesMax ? { payload_indexed: text } : { payload_text: text, payload_bytes: bytes };
}

function payloadOf(item: Item): StoredJson {
  if (item['payload_ref'] !== undefined) return { ref: item['payload_ref'] as NonNullable<StoredJson['ref']> };
  return { text: (item['payload_indexed'] ?? item['payload_text'] ?? 'null') as string };
}

/** What nearly all rows say alike is not stored: an item of up to 1 KB costs a write unit, a larger one two, each time that it changes. */
function usual(item: Item): Item {
  return { retry_count: 0, late_results: 0, dependencies: [], queued_at: item['created_at'] };
}

/** A log without what its row says already. */
function storedLog({ id, task_id: _row, ...log }: DistributionLog): Item {
  return { ...log, attempt: parseHoldKey(id).attempt };
}

function logOf(task_id: string, { attempt, ...log }: Item): DistributionLog {
  return { id: holdKey(task_id, Number(attempt)), task_id, ...log } as unknown as DistributionLog;
}

/** The item of a new task, with its keys and its place in the ready order: in this part of its route. */
export function taskItem(row: TaskRow, part = 0): Item & Statement['key'] {
  const { payload, ...rest } = row;
  const { partition, key } = waitingEntry(row);
  const item: Item = {
    ...rest,
    ...payloadAttributes(payload),
    gsi1pk: part === 0 ? partition : readyPartition(row.pool, row.route, part),
    gsi1sk: key,
  };
  const common = usual(item);
  const stored = Object.entries(item).filter(
    ([name, value]) => value !== undefined && !(name in common && isDeepStrictEqual(value, common[name])),
  );
  return { ...taskKey(row.task_id), ...Object.fromEntries(stored) };
}

/** The row of an item. The table is ours alone, so its shape is trusted. */
export function fromTaskItem(item: Item): TaskRow {
  const { pk: _pk, sk: _sk, gsi1pk: _partition, gsi1sk: _key, expires_at: _expiry, ...attributes } = item;
  const {
    payload_indexed: _indexed,
    payload_text: _text,
    payload_bytes: _bytes,
    payload_ref: _ref,
    ...row
  } = attributes;
  if (item['distribution'] !== undefined)
    row['distribution'] = logOf(item['task_id'] as string, item['distribution'] as Item);
  return { ...usual(item), payload: payloadOf(item), ...row } as unknown as TaskRow;
}

/** The ready task of an index entry. Its payload is missing when it was too large for the index. */
export function fromIndexItem(item: Item): ReadyTask {
  const { pk: _pk, sk: _sk, gsi1pk: _partition, gsi1sk, payload_indexed, ...rest } = item;
  const payload = payload_indexed === undefined ? {} : { payload: { text: payload_indexed as string } };
  return { queued_at: item['created_at'], ...rest, ...payload, order: gsi1sk as string } as unknown as ReadyTask;
}

/** What a change sets and removes, as attributes. A finished row gets its TTL; one that starts anew loses it. */
function attributesOf(change: TaskChange): { set: [string, unknown][]; remove: string[] } {
  const set: [string, unknown][] = [];
  const remove: string[] = [];
  for (const [name, value] of Object.entries<unknown>(change.patch)) {
    if (value === null || value === undefined) remove.push(name);
    else set.push([name, name === 'distribution' ? storedLog(value as DistributionLog) : value]);
  }
  if (change.index === null) remove.push('gsi1pk', 'gsi1sk');
  else set.push(['gsi1pk', change.index.partition], ['gsi1sk', change.index.key]);
  const { completed_at } = change.patch;
  if (typeof completed_at === 'string') {
    const isNode = workflowOf(change.task_id) !== undefined;
    set.push(['expires_at', isNode ? expiryInRun(completed_at) : expiryOf(completed_at)]);
  } else if (completed_at === null) remove.push('expires_at');
  return { set, remove };
}

const statementCache = new Map<string, string>();

/**
 * The change as a PartiQL statement for BatchExecuteStatement. Its WHERE clause is the fence: status and attempt must be what the decision
 * saw, of a task that runs also its hedges, and for a result the agent and its principal must be the lease's; it stops the race between two dispatchers, between a result and the
 * pulse, and between the two runs of a task that is hedged.
 */
export function taskStatement(table: string, change: TaskChange): Statement {
  const { set, remove } = attributesOf(change);
  const expect: [string, unknown][] = Object.entries(change.expect).filter(([, value]) => value !== undefined);
  const clauses = expect.map(([name, value]) => (value === null ? `"${name}" IS MISSING` : `"${name}"=?`));
  const cacheKey = [table, ...set.map(([name]) => name), '-', ...remove, '?', ...clauses].join(' ');
  let statement = statementCache.get(cacheKey);
  if (statement === undefined) {
    const sets = set.map(([name]) => ` SET "${name}"=?`).join('');
    const removes = remove.map((name) => ` REMOVE "${name}"`).join('');
    const where = clauses.map((clause) => ` AND ${clause}`).join('');
    statement = `UPDATE "${table}"${sets}${removes} WHERE "pk"=? AND "sk"=?${where}`;
    statementCache.set(cacheKey, statement);
  }
  const key = taskKey(change.task_id);
  return {
    key,
    Statement: statement,
    Parameters: [
      ...set.map(([, value]) => value),
      key.pk,
      key.sk,
      ...expect.flatMap(([, value]) => (value === null ? [] : [value])),
    ],
  };
}

/** The same change as an action of TransactWriteItems, for what must happen together with other writes. */
export function taskUpdate(table: string, change: TaskChange) {
  const { set, remove } = attributesOf(change);
  const names: Record<string, string> = {};
  const values: Item = {};
  const name = (attribute: string): string => {
    names[`#${attribute}`] = attribute;
    return `#${attribute}`;
  };
  const sets = set.map(([attribute, value]) => {
    values[`:${attribute}`] = value;
    return `${name(attribute)} = :${attribute}`;
  });
  const conditions = Object.entries(change.expect).flatMap(([attribute, value]) => {
    if (value === undefined) return [];
    if (value === null) return [`attribute_not_exists(${name(attribute)})`];
    values[`:was_${attribute}`] = value;
    return [`${name(attribute)} = :was_${attribute}`];
  });
  const removes = remove.map(name);
  return {
    TableName: table,
    Key: taskKey(change.task_id),
    UpdateExpression: [
      sets.length > 0 ? `SET ${sets.join(', ')}` : '',
      removes.length > 0 ? `REMOVE ${removes.join(', ')}` : '',
    ].join(' '),
    ConditionExpression: conditions.join(' AND '),
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };
}

/** A new task as an action of TransactWriteItems. The row must not exist: a repeat of the same advance writes nothing twice. */
export function taskPut(table: string, row: TaskRow) {
  return {
    TableName: table,
    Item: taskItem(row),
    ConditionExpression: 'attribute_not_exists(pk)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };
}
