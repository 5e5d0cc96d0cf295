import type { ExpansionRow } from '../../../contracts/workflow/rows.ts';
import type { BlobStore } from '../../../distributor/ports.ts';
import type { PinnedDefinition } from '../../../workflow/ports.ts';
import { type coalescedReads, type Database, queryItems } from '../database.ts';
import { definitionKey, expansionKey, workflowPartition } from '../keys.ts';
import { fromDefinitionItem, fromExpansionItem } from './workflow-rows.ts';

/** Nodes of all definitions kept in memory. More: a function's memory; fewer: a read an advance. */
const cachedNodesMax = 50_000;
/** Runs whose expansions are kept in memory. More: a function's memory, for they hold the items of maps. */
const cachedRunsMax = 20;

type Read = ReturnType<typeof coalescedReads>;

/** Pinned definitions never change, so one read lasts as long as the memory of the function. */
export function cachedDefinitions(read: Read, blobs: BlobStore) {
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
export function cachedExpansions(db: Database, blobs: BlobStore) {
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
