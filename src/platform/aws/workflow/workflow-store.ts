import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { refused } from '../../../contracts/errors.ts';
import { statementsMax } from '../../../contracts/limits.ts';
import type { WorkflowHead } from '../../../contracts/workflow/rows.ts';
import type { BlobStore } from '../../../distributor/ports.ts';
import type { PinnedDefinition, WorkflowHistory, WorkflowStore } from '../../../workflow/ports.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { chunks, coalescedReads, type Database, getItems, queryItems, isRefused } from '../database.ts';
import { expiryOf } from '../expiry.ts';
import { executeStatements } from '../statements.ts';
import {
  approvalKey,
  definitionKey,
  eventKey,
  expansionKey,
  headKey,
  indexName,
  resultKey,
  signalKey,
  workflowPartition,
  workflowsPartition,
} from '../keys.ts';
import { transact } from '../transact.ts';
import { attentionKey, attentionMarks } from './attention-marks.ts';
import { nodeTimers } from './node-timers.ts';
import { cachedDefinitions, cachedExpansions } from './pinned-cache.ts';
import { commitAdvance } from './workflow-advance.ts';
import {
  definitionItem,
  fromEventItem,
  fromHeadItem,
  fromResultItem,
  fromSignalItem,
  headItem,
  resultItem,
} from './workflow-rows.ts';

/** Results written at once. More: with their inline outputs they pass a transaction's 4 MB. */
const resultsPerWriteMax = 25;

type Read = ReturnType<typeof coalescedReads>;

async function readHead(read: Read, workflow_id: string): Promise<WorkflowHead | undefined> {
  const item = await read(headKey(workflow_id));
  return item === undefined ? undefined : fromHeadItem(item);
}

/** The token and the head in one step: whoever ends the workflow later sees the token, and an end that came before is seen here. */
async function setToken(
  db: Database,
  read: Read,
  workflow_id: string,
  token: string,
  order: number,
): Promise<WorkflowHead | undefined> {
  try {
    const { Attributes } = await db.client.send(
      new UpdateCommand({
        TableName: db.table,
        Key: headKey(workflow_id),
        UpdateExpression: 'SET task_token = :token, token_order = :order',
        // must exist: a token for a workflow whose rows have expired must not make a row.
        // no later one: a beginning that was frozen until its workflow was redriven must not put its token over that of the new execution.
        ConditionExpression: 'attribute_exists(pk) AND (attribute_not_exists(token_order) OR token_order <= :order)',
        ExpressionAttributeValues: { ':token': token, ':order': order },
        ReturnValues: 'ALL_NEW',
      }),
    );
    return Attributes && fromHeadItem(Attributes);
  } catch (error) {
    if (isRefused(error)) return readHead(read, workflow_id);
    throw error;
  }
}

async function create(db: Database, read: Read, blobs: BlobStore, head: WorkflowHead, pinned: PinnedDefinition) {
  const { workflow_id } = head;
  // must not exist: the first body under an id stays.
  const ConditionExpression = 'attribute_not_exists(pk)';
  const mark = { ...attentionKey(workflow_id), first: 0, last: 0, at: head.created_at };
  const cancelled = await transact(db, [
    { Put: { TableName: db.table, Item: headItem(head), ConditionExpression } },
    { Put: { TableName: db.table, Item: await definitionItem(blobs, workflow_id, pinned), ConditionExpression } },
    { Put: { TableName: db.table, Item: mark } },
  ]);
  if (cancelled === undefined) return { ok: true as const, value: head };
  const first = await readHead(read, workflow_id);
  if (first?.body_hash === head.body_hash) return { ok: true as const, value: first };
  return refused('workflow-conflict', `"${workflow_id}" was submitted before with another body`, 'workflow_id');
}

async function list(db: Database, pool: string, limit: number, cursor?: string) {
  const start = decodeCursor(cursor, { gsi1pk: workflowsPartition(pool) });
  const keys = await queryItems(
    db,
    {
      IndexName: indexName,
      KeyConditionExpression: 'gsi1pk = :partition',
      ExpressionAttributeValues: { ':partition': workflowsPartition(pool) },
      ScanIndexForward: false,
      ...(start === undefined ? {} : { ExclusiveStartKey: start }),
    },
    limit,
  );
  const items = await getItems(
    db,
    keys.map(({ pk, sk }) => ({ pk: String(pk), sk: String(sk) })),
  );
  const last = keys.length === limit ? keys.at(-1) : undefined;
  const next = encodeCursor(last && { pk: last['pk'], sk: last['sk'], gsi1pk: last['gsi1pk'], gsi1sk: last['gsi1sk'] });
  return {
    items: items.flatMap((item) => (item === undefined ? [] : [fromHeadItem(item)])),
    ...(next === undefined ? {} : { cursor: next }),
  };
}

/** Events and head stand side by side in the partition: `EVENT#…` comes right before `HEAD`. */
async function history(db: Database, blobs: BlobStore, workflow_id: string): Promise<WorkflowHistory | undefined> {
  const items = await queryItems(db, {
    KeyConditionExpression: 'pk = :workflow AND sk BETWEEN :event AND :head',
    ExpressionAttributeValues: {
      ':workflow': workflowPartition(workflow_id),
      ':event': 'EVENT#',
      ':head': headKey(workflow_id).sk,
    },
    ConsistentRead: true,
  });
  const last = items.pop();
  if (last?.['sk'] !== headKey(workflow_id).sk) return undefined;
  return { head: fromHeadItem(last), events: await Promise.all(items.map((item) => fromEventItem(blobs, item))) };
}

/** Keys of the rows of a workflow whose sort key begins as this one. */
async function keysLike(db: Database, { pk, sk }: { readonly pk: string; readonly sk: string }) {
  const items = await queryItems(db, {
    KeyConditionExpression: 'pk = :workflow AND begins_with(sk, :prefix)',
    ExpressionAttributeValues: { ':workflow': pk, ':prefix': sk },
    ProjectionExpression: 'pk, sk',
    ConsistentRead: true,
  });
  return items.map((item) => ({ pk, sk: String(item['sk']) }));
}

/** One batch after the other: all these rows are in one partition, and nobody waits for them. */
async function retire(db: Database, head: WorkflowHead): Promise<void> {
  const { workflow_id, seq, completed_at } = head;
  if (completed_at === undefined) return;
  const events = Array.from({ length: seq }, (_, at) => eventKey(workflow_id, at + 1));
  const joined = Array.from({ length: head.expansions ?? 0 }, (_, at) => expansionKey(workflow_id, at));
  const results = head.results === true ? await keysLike(db, resultKey(workflow_id, '')) : [];
  const approvals = head.approvals === true ? await keysLike(db, approvalKey(workflow_id, '')) : [];
  const signals = head.signals === undefined ? [] : await keysLike(db, signalKey(workflow_id, ''));
  const statements = [definitionKey(workflow_id), ...events, ...joined, ...results, ...approvals, ...signals].map(
    (key) => ({
      key,
      Statement: `UPDATE "${db.table}" SET "expires_at"=? WHERE "pk"=? AND "sk"=?`,
      Parameters: [expiryOf(completed_at), key.pk, key.sk],
    }),
  );
  for (const batch of chunks(statements, statementsMax)) await executeStatements(db, batch);
}

/** Workflows in the one table; what outgrows an item lives in S3. */
export function createWorkflowStore(db: Database, blobs: BlobStore): WorkflowStore {
  const read = coalescedReads(db);
  return {
    create: (head, pinned) => create(db, read, blobs, head, pinned),
    head: (workflow_id) => readHead(read, workflow_id),
    definition: cachedDefinitions(read, blobs),
    expansions: cachedExpansions(db, blobs),
    results: async (workflow_id, paths) => {
      const items = await getItems(
        db,
        paths.map((path) => resultKey(workflow_id, path)),
      );
      return items.map((item) => item && fromResultItem(item));
    },
    signals: async (workflow_id, ids) => {
      const items = await getItems(
        db,
        ids.map((id) => signalKey(workflow_id, id)),
      );
      return items.map((item) => item && fromSignalItem(item));
    },
    putResults: async (rows) => {
      for (const batch of chunks(rows, resultsPerWriteMax)) {
        await transact(
          db,
          batch.map((row) => ({ Put: { TableName: db.table, Item: resultItem(row) } })),
        );
      }
    },
    advance: (advance) => commitAdvance(db, blobs, advance),
    setToken: (workflow_id, token, order) => setToken(db, read, workflow_id, token, order),
    events: async (workflow_id) => {
      const items = await queryItems(db, {
        KeyConditionExpression: 'pk = :workflow AND begins_with(sk, :event)',
        ExpressionAttributeValues: { ':workflow': workflowPartition(workflow_id), ':event': 'EVENT#' },
        ConsistentRead: true,
      });
      return Promise.all(items.map((item) => fromEventItem(blobs, item)));
    },
    history: (workflow_id) => history(db, blobs, workflow_id),
    retire: (head) => retire(db, head),
    list: (pool, limit, cursor) => list(db, pool, limit, cursor),
    ...nodeTimers(db),
    ...attentionMarks(db),
  };
}
