import { DeleteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { refused } from '../../../contracts/errors.ts';
import { statementsMax } from '../../../contracts/limits.ts';
import type { ExpansionRow, WorkflowHead } from '../../../contracts/workflow/rows.ts';
import type { BlobStore } from '../../../distributor/ports.ts';
import type { AttentionMark, PinnedDefinition, WorkflowHistory, WorkflowStore } from '../../../workflow/ports.ts';
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
  nodeTimerKey,
  resultKey,
  signalKey,
  workflowPartition,
  workflowsPartition,
} from '../keys.ts';
import type { Item } from '../item.ts';
import { transact } from '../transact.ts';
import { commitAdvance } from './workflow-advance.ts';
import {
  attentionKey,
  attentionShards,
  definitionItem,
  fromDefinitionItem,
  fromEventItem,
  fromExpansionItem,
  fromHeadItem,
  fromNodeTimerItem,
  fromResultItem,
  fromSignalItem,
  headItem,
  nodeTimerItem,
  resultItem,
} from './workflow-rows.ts';

/** Results written at once. More: with their inline outputs they pass a transaction's 4 MB. */
const resultsPerWriteMax = 25;
/** Nodes of all definitions kept in memory. More: a function's memory; fewer: a read an advance. */
const cachedNodesMax = 50_000;
/** Runs whose expansions are kept in memory. More: a function's memory, for they hold the items of maps. */
const cachedRunsMax = 20;

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

/** Pinned definitions never change, so one read lasts as long as the memory of the function. */
function cachedDefinitions(read: Read, blobs: BlobStore) {
  const cache = new Map<string, PinnedDefinition>();
  let nodes = 0;
  return async (workflow_id: string): Promise<PinnedDefinition | undefined> => {
    const known = cache.get(workflow_id);
    if (known !== undefined) return known;
    const item = await read(definitionKey(workflow_id));
    if (item === undefined) return undefined;
    const pinned = await fromDefinitionItem(blobs, item);
    for (const [oldest, { definition }] of cache) {
      if (nodes + pinned.definition.nodes.length <= cachedNodesMax) break;
      cache.delete(oldest);
      nodes -= definition.nodes.length;
    }
    // Two readers at once: the first one's object stays, because the graph is cached by it.
    const winner = cache.get(workflow_id) ?? pinned;
    if (winner === pinned) nodes += pinned.definition.nodes.length;
    cache.set(workflow_id, winner);
    return winner;
  };
}

/** What joins a graph never changes either: only what is new is read. */
function cachedExpansions(db: Database, blobs: BlobStore) {
  const cache = new Map<string, readonly ExpansionRow[]>();
  return async (workflow_id: string, count: number): Promise<readonly ExpansionRow[]> => {
    const known = cache.get(workflow_id) ?? [];
    if (known.length === count) return known;
    if (known.length > count) return known.slice(0, count);
    const items = await queryItems(db, {
      KeyConditionExpression: 'pk = :workflow AND sk BETWEEN :first AND :last',
      ExpressionAttributeValues: {
        ':workflow': workflowPartition(workflow_id),
        ':first': expansionKey(workflow_id, known.length).sk,
        ':last': expansionKey(workflow_id, count - 1).sk,
      },
      ConsistentRead: true,
    });
    const rows = [...known, ...(await Promise.all(items.map((item) => fromExpansionItem(blobs, item))))];
    // The one used longest ago goes first.
    cache.delete(workflow_id);
    cache.set(workflow_id, rows);
    for (const oldest of cache.keys()) {
      if (cache.size <= cachedRunsMax) break;
      cache.delete(oldest);
    }
    return rows;
  };
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

async function attention(db: Database, limit: number): Promise<AttentionMark[]> {
  const shards = await Promise.all(
    Array.from({ length: attentionShards }, (_, shard) =>
      queryItems(
        db,
        {
          KeyConditionExpression: 'pk = :shard',
          ExpressionAttributeValues: { ':shard': `ATTENTION#${shard}` },
          ConsistentRead: true,
        },
        limit,
      ),
    ),
  );
  return shards.flat().map((item: Item) => ({ workflow_id: item['sk'] as string, at: item['at'] as string }));
}

/** Runs a write whose failed condition only means that there is nothing to do. */
async function unlessRefused(write: Promise<unknown>): Promise<void> {
  await write.catch((error: unknown) => {
    if (!isRefused(error)) throw error;
  });
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
    timers: async (workflow_id, paths) => {
      const items = await getItems(
        db,
        paths.map((path) => nodeTimerKey(workflow_id, path)),
      );
      return items.flatMap((item) => (item === undefined ? [] : [fromNodeTimerItem(item)]));
    },
    clearTimer: (row) =>
      unlessRefused(
        db.client.send(
          new DeleteCommand({
            TableName: db.table,
            Key: nodeTimerKey(row.workflow_id, row.path),
            // the same time: an advance meanwhile may have set the timer of another try or phase.
            ConditionExpression: 'gsi1sk = :entry',
            ExpressionAttributeValues: { ':entry': nodeTimerItem(row)['gsi1sk'] },
          }),
        ),
      ),
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
    attention: (limit) => attention(db, limit),
    clearAttention: (workflow_id, { from, to }) =>
      unlessRefused(
        db.client.send(
          new DeleteCommand({
            TableName: db.table,
            Key: attentionKey(workflow_id),
            // only my marks: one that an older or newer advance left is a step that somebody still owes.
            ConditionExpression: '#first >= :from AND #last <= :to',
            ExpressionAttributeNames: { '#first': 'first', '#last': 'last' },
            ExpressionAttributeValues: { ':from': from, ':to': to },
          }),
        ),
      ),
  };
}
