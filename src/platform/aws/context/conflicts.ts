import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { ConflictDocument } from '../../../contracts/context/requests.ts';
import { exportBytesMax } from '../../../contracts/limits.ts';
import type { DocumentKey } from '../../../context/core/version.ts';
import type { DocumentStore } from '../../../context/ports.ts';
import { conflictKey, conflictPrefix, documentPartition } from './keys.ts';
import { rowsUnder } from './listings.ts';
import { packBody, unpackBody, type Bodies } from './rows.ts';
import { encodeCursor } from '../cursor.ts';
import { type Database, isApplied, queryItems } from '../database.ts';
import type { Item } from '../item.ts';

/** A conflict with its data as a version has its own: in the row, packed, or in the bucket. */
async function keepConflict(db: Database, bodies: Bodies, conflict: ConflictDocument): Promise<void> {
  const { data, conflicts, ...rest } = conflict;
  const place = { key: conflict, owner: `conflict-${conflict.conflict_id}` };
  const body = await packBody(bodies, place, JSON.stringify({ data, conflicts }));
  const Item = { ...conflictKey(conflict, conflict.conflict_id), ...rest, ...body };
  // must not exist: the operation's repeat keeps the same conflict.
  const absent = { ConditionExpression: 'attribute_not_exists(pk)' };
  await isApplied(db.client.send(new PutCommand({ TableName: db.table, Item, ...absent })));
}

const conflicts = async (
  db: Database,
  bodies: Bodies,
  ...[key, limit, cursor]: Parameters<DocumentStore['conflicts']>
): ReturnType<DocumentStore['conflicts']> => {
  const page = await rowsUnder(db, documentPartition(key), conflictPrefix, { limit, cursor });
  const items: ConflictDocument[] = [];
  let bytes = 0;
  // One after the other: each may be several documents large, and the page ends where they would be more than an answer.
  for (const item of page.items) {
    const { pk, sk, body: _body, packed: _packed, body_object: _object, ...rest } = item;
    const text = (await unpackBody(bodies, item)) ?? '{}';
    items.push({ ...rest, ...(JSON.parse(text) as object) } as ConflictDocument);
    bytes += Buffer.byteLength(text);
    const next = bytes < exportBytesMax || items.length === page.items.length ? undefined : encodeCursor({ pk, sk });
    if (next !== undefined) return { items, cursor: next };
  }
  return { ...page, items };
};

/** Which conflicts a document has, about which versions, and where their bodies lie. */
export function conflictRows(db: Database, key: DocumentKey): Promise<Item[]> {
  return queryItems(db, {
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
    ExpressionAttributeValues: { ':pk': documentPartition(key), ':prefix': conflictPrefix },
    ProjectionExpression: 'pk, sk, version, body_object',
    ConsistentRead: true,
  });
}

/** The part of the store that keeps what could not be merged. */
export function contextConflicts(db: Database, bodies: Bodies): Pick<DocumentStore, 'keepConflict' | 'conflicts'> {
  return {
    keepConflict: (conflict) => keepConflict(db, bodies, conflict),
    conflicts: (...args) => conflicts(db, bodies, ...args),
  };
}
