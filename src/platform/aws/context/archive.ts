import type { TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import type { ContextHead, Due } from '../../../contracts/context/context.ts';
import { archiveBytesMax, coldBytesMin } from '../../../contracts/limits.ts';
import type { DocumentKey, StoredVersion } from '../../../context/core/version.ts';
import type { DocumentStore } from '../../../context/ports.ts';
import { conflictRows } from './conflicts.ts';
import { contextHeadKey, documentPartition, versionKey, versionPrefix } from './keys.ts';
import { bodiesOf, type Bodies, fromVersionItem, packText, unpackText, versionItem } from './rows.ts';
import { chunks, type Database, queryItems, writeAll } from '../database.ts';
import type { Item } from '../item.ts';
import { transact } from '../transact.ts';

type Action = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

/** DynamoDB's 100 actions of a transaction, less the condition on the head. */
const removalsPerTransaction = 99;

/** Versions that are written back at once: eight batches. More: one partition throttles them. */
const thawedAtOnce = 200;

/** What the names of a document's archives begin with; what has another `/` behind it belongs to documents below. */
export const archiveOf = ({ namespace, context_id }: DocumentKey) => `archive/${namespace}/${context_id}/`;

/** The version rows of a document from one to another, oldest first, without tombstones of erasures, which stay where they are. */
async function versionItems(db: Database, key: DocumentKey, from: number, to: number): Promise<readonly Item[]> {
  const items = await queryItems(db, {
    KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
    ExpressionAttributeValues: {
      ':pk': documentPartition(key),
      ':from': versionKey(key, from).sk,
      ':to': versionKey(key, to).sk,
    },
    ConsistentRead: true,
  });
  return items.filter(({ kind }) => kind !== 'erase');
}

/** Several objects where one would be too large. Each attempt has a name of its own: a slow one never writes over what the head refers to. */
async function pack(db: Database, bodies: Bodies, head: ContextHead, archive_id: string): Promise<void> {
  const items = await versionItems(db, head, 1, head.version);
  let open: StoredVersion[] = [];
  let bytes = 0;
  const write = async () => {
    const packed = packText(JSON.stringify(open));
    const name = `${archiveOf(head)}${archive_id}-${String(open[0]?.version)}`;
    await bodies.objects.putBytes(bodies.bucket, name, packed, packed.byteLength >= coldBytesMin);
    [open, bytes] = [[], 0];
  };
  for (const item of items) {
    const version = await fromVersionItem(bodies, item);
    if (open.length > 0 && bytes + version.bytes > archiveBytesMax) await write();
    open.push(version);
    bytes += version.bytes;
  }
  await write();
}

/** The objects of one archive, each with the version that it begins with. */
async function objectsOf({ objects, bucket }: Bodies, head: ContextHead): Promise<readonly string[]> {
  const prefix = `${archiveOf(head)}${head.archive?.id ?? ''}-`;
  const keys = (await objects.list(bucket, archiveOf(head))).map(({ key }) => key);
  const first = (key: string) => Number(key.slice(prefix.length));
  return keys.filter((key) => key.startsWith(prefix)).sort((one, other) => first(one) - first(other));
}

async function unpack({ objects, bucket }: Bodies, object: string): Promise<readonly StoredVersion[]> {
  const packed = await objects.getBytes(bucket, object);
  return JSON.parse(unpackText(packed)) as StoredVersion[];
}

/** Which versions any archive of a document has, and who made them, whatever its head says. */
export async function archivedOrigins(bodies: Bodies, key: DocumentKey): Promise<readonly Item[]> {
  const origins: Item[] = [];
  // One after the other: each fills some of a function's memory.
  for (const object of await bodies.objects.list(bodies.bucket, archiveOf(key)))
    for (const { version, origin } of await unpack(bodies, object.key)) origins.push({ version, origin });
  return origins;
}

/** The versions in the archive of a document, oldest first, part by part. */
export async function* archived(bodies: Bodies, head: ContextHead): AsyncGenerator<readonly StoredVersion[]> {
  for (const object of await objectsOf(bodies, head)) yield unpack(bodies, object);
}

/**
 * The head must be as it was seen, with this due. Whoever holds the document, changes it, or thaws it makes it another one first: from then on nothing is
 * removed.
 */
function guardOf(db: Database, { namespace, context_id, version, archive }: ContextHead, due: Due['action']): Action {
  const names = { '#version': 'version', '#due': 'due', '#action': 'action', '#archive': 'archive' };
  const isThere = archive === undefined ? 'attribute_not_exists(#archive)' : '#archive.#id = :archive';
  return {
    ConditionCheck: {
      TableName: db.table,
      Key: contextHeadKey({ namespace, context_id }),
      ConditionExpression: `#version = :version AND #due.#action = :due AND ${isThere}`,
      ExpressionAttributeNames: { ...names, ...(archive === undefined ? {} : { '#id': 'id' }) },
      ExpressionAttributeValues: {
        ':version': version,
        ':due': due,
        ...(archive === undefined ? {} : { ':archive': archive.id }),
      },
    },
  };
}

const removalOf =
  (db: Database) =>
  ({ pk, sk }: Item): Action => ({ Delete: { TableName: db.table, Key: { pk, sk } } });

/**
 * Objects, then rows: a row whose object is gone is read by nobody, because its head says that it is in the archive, and whoever thaws writes it anew.
 * The newest version's row stays.
 */
async function removeArchived(db: Database, { objects, bucket }: Bodies, head: ContextHead): Promise<void> {
  const items = await versionItems(db, head, 1, head.version);
  const guard = guardOf(db, head, 'archive');
  for (const part of chunks(items, removalsPerTransaction)) {
    const names = part.flatMap(({ body_object }) => (typeof body_object === 'string' ? [body_object] : []));
    const own = names.filter((name) => !name.endsWith(thawedSuffix(head)));
    await Promise.all(own.map((name) => objects.remove(bucket, name)));
    const older = part.filter(({ version }) => version !== head.version);
    if ((await transact(db, [guard, ...older.map(removalOf(db))])) !== undefined) return;
  }
}

/** What the names of the objects that this archive gave back end with: whoever still removes what it holds leaves these alone. */
const thawedSuffix = (head: ContextHead) => `-${head.archive?.id ?? ''}`;

/** The versions whose rows are whole, so that whoever thaws goes on where another one ended. One of before the archiving may have lost its object. */
async function thawedVersions(db: Database, head: ContextHead): Promise<ReadonlySet<number>> {
  const items = await queryItems(db, {
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
    ExpressionAttributeValues: { ':pk': documentPartition(head), ':prefix': versionPrefix },
    ProjectionExpression: '#version, #archive, #object',
    ExpressionAttributeNames: { '#version': 'version', '#archive': 'archive', '#object': 'body_object' },
    ConsistentRead: true,
  });
  const isWhole = ({ archive, body_object }: Item) =>
    archive === undefined &&
    (body_object === undefined || (typeof body_object === 'string' && body_object.endsWith(thawedSuffix(head))));
  return new Set(items.filter(isWhole).map(({ version }) => Number(version)));
}

async function thaw(db: Database, bodies: Bodies, head: ContextHead): Promise<void> {
  const first = head.first_version ?? 1;
  const done = await thawedVersions(db, head);
  for await (const versions of archived(bodies, head)) {
    const open = versions.filter(({ version }) => version >= first && !done.has(version));
    for (const part of chunks(open, thawedAtOnce)) {
      const items = await Promise.all(part.map((version) => versionItem(bodies, version, thawedSuffix(head))));
      await writeAll(
        db,
        items.map((Item) => ({ PutRequest: { Item } })),
      );
    }
  }
}

/** The versions up to this one in that object of the archive which has it, newest first. */
async function archivedUpTo(bodies: Bodies, head: ContextHead, version: number, limit: number) {
  const first = (key: string) => Number(key.slice(key.lastIndexOf('-') + 1));
  const object = (await objectsOf(bodies, head)).findLast((key) => first(key) <= version);
  const versions = object === undefined ? [] : await unpack(bodies, object);
  return versions
    .filter((each) => each.version <= version)
    .toReversed()
    .slice(0, limit);
}

/** The rows go first: who reads a version or a conflict finds it whole, or not at all. */
async function prune(db: Database, { objects, bucket }: Bodies, head: ContextHead, first: number): Promise<void> {
  const conflicts = await conflictRows(db, head);
  const old = conflicts.filter(({ version }) => Number(version) < first);
  const items = [...(await versionItems(db, head, 1, first - 1)), ...old];
  const guard = guardOf(db, head, 'prune');
  for (const part of chunks(items, removalsPerTransaction))
    if ((await transact(db, [guard, ...part.map(removalOf(db))])) !== undefined) return;
  const prefix = bodiesOf(head);
  const found = (await objects.list(bucket, prefix)).map(({ key }) => key);
  const bodiesOfOld = found.filter((key) => Number.parseInt(key.slice(prefix.length), 10) < first);
  const ofConflicts = old.flatMap(({ body_object }) => (typeof body_object === 'string' ? [body_object] : []));
  await Promise.all([...bodiesOfOld, ...ofConflicts].map((key) => objects.remove(bucket, key)));
}

/** The part of the store that moves old versions away and back. */
export function contextArchive(
  db: Database,
  bodies: Bodies,
): Pick<DocumentStore, 'pack' | 'removeArchived' | 'archived' | 'thaw' | 'prune'> {
  return {
    archived: (head, version, limit) => archivedUpTo(bodies, head, version, limit),
    pack: (head, archive_id) => pack(db, bodies, head, archive_id),
    removeArchived: (head) => removeArchived(db, bodies, head),
    thaw: (head) => thaw(db, bodies, head),
    prune: (head, first) => prune(db, bodies, head, first),
  };
}
