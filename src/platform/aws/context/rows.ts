import { createHash } from 'node:crypto';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import type { ContextHead } from '../../../contracts/context/context.ts';
import type { Json } from '../../../contracts/json.ts';
import { uncompressedBytesMax, rowBodyBytesMax } from '../../../contracts/limits.ts';
import type { DocumentKey, StoredVersion } from '../../../context/core/version.ts';
import {
  contextHeadKey,
  duePartition,
  feedPartition,
  feedShards,
  relationKey,
  subjectPartition,
  tagPartition,
  treePartition,
  typePartition,
  versionKey,
} from './keys.ts';
import type { Objects } from '../objects.ts';
import type { Statement } from '../statements.ts';
import type { Item } from '../item.ts';

/** Objects of documents in the bucket: they live as long as their documents. */
export const documentObjectsPrefix = 'documents/';

/** Higher: more time for a few percent. */
const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };

/** Packed at once, not on another thread: a function has nothing else to do meanwhile, and the twin's time stands still. */
export const packText = (text: string): Buffer => brotliCompressSync(text, quality);
export const unpackText = (packed: Uint8Array): string => brotliDecompressSync(packed).toString();

/** Where bodies that are too large for a row go. */
export interface Bodies {
  readonly objects: Objects;
  readonly bucket: string;
}

/** What the names of a document's objects begin with; what has another `/` behind it belongs to documents below. */
export const bodiesOf = ({ namespace, context_id }: DocumentKey) =>
  `${documentObjectsPrefix}${namespace}/${context_id}/`;

/** The attributes of a body: its text, its packed text, or where in the bucket that lies. `owner` is what of its document it belongs to. */
export async function packBody(
  bodies: Bodies,
  { key, owner, suffix = '' }: { readonly key: DocumentKey; readonly owner: string; readonly suffix?: string },
  text: string,
): Promise<Item> {
  if (Buffer.byteLength(text) <= uncompressedBytesMax) return { body: text };
  const packed = packText(text);
  if (packed.byteLength <= rowBodyBytesMax) return { packed };
  // Of its owner, so that it goes with it, and of the content, so that a repeat writes the same object and nobody can change it behind its row.
  const content = createHash('sha256').update(text).digest('hex');
  const object = `${bodiesOf(key)}${owner}-${content}${suffix}`;
  await bodies.objects.putBytes(bodies.bucket, object, packed);
  return { body_object: object };
}

/** The text behind the attributes of a body; undefined where it has none. */
export async function unpackBody(bodies: Bodies, { body, packed, body_object }: Item): Promise<string | undefined> {
  if (typeof body === 'string') return body;
  if (packed instanceof Uint8Array) return unpackText(packed);
  if (typeof body_object === 'string') return unpackText(await bodies.objects.getBytes(bodies.bucket, body_object));
  return undefined;
}

/** Spreads the documents of a namespace over its partitions of the index. */
function shardOf(context_id: string): number {
  return (createHash('sha256').update(context_id).digest()[0] ?? 0) % feedShards;
}

/** The item of a document's head: the newest version without its data, at its place among what is due. */
export function headItem(head: ContextHead): Item & Statement['key'] {
  const { namespace, context_id, due } = head;
  const place =
    due === undefined
      ? {}
      : { gsi1pk: duePartition(namespace, shardOf(context_id)), gsi1sk: `${due.at}#${context_id}` };
  return { ...contextHeadKey(head), ...head, ...place };
}

/** The head of an item. The table is ours alone, so its shape is trusted. */
export function fromHeadItem(item: Item): ContextHead {
  const { pk: _pk, sk: _sk, gsi1pk: _due, gsi1sk: _at, ...head } = item;
  return head as unknown as ContextHead;
}

/** The item of a version, at its place in the order of changes; with a suffix the name of its object is another one. */
export async function versionItem(
  bodies: Bodies,
  version: StoredVersion,
  suffix = '',
): Promise<Item & Statement['key']> {
  const { data, ...rest } = version;
  const place = { key: version, owner: String(version.version), suffix };
  const body = data === undefined ? {} : await packBody(bodies, place, JSON.stringify(data));
  const { namespace, context_id, updated_at } = version;
  return {
    ...versionKey(version, version.version),
    ...rest,
    ...body,
    gsi1pk: feedPartition(namespace, shardOf(context_id)),
    gsi1sk: `${updated_at}#${context_id}#${String(version.version)}`,
  };
}

export async function fromVersionItem(bodies: Bodies, item: Item): Promise<StoredVersion> {
  const {
    pk: _pk,
    sk: _sk,
    gsi1pk: _feed,
    gsi1sk: _place,
    body: _body,
    packed: _packed,
    body_object: _object,
    ...rest
  } = item;
  // While the archive is written the body may be there still, or be gone already.
  const text = item['archive'] === undefined ? await unpackBody(bodies, item) : undefined;
  return { ...rest, ...(text === undefined ? {} : { data: JSON.parse(text) as Json }) } as unknown as StoredVersion;
}

/** The rows that find a document, by their key. One that is deleted is found by its subject only, whose data it still has. */
export function findingRows(head: ContextHead | undefined): ReadonlyMap<string, Statement['key']> {
  if (head === undefined) return new Map();
  const { namespace, context_id, context_type, tags, relations, subject, deleted } = head;
  const living = [
    { pk: treePartition(namespace), sk: context_id },
    { pk: typePartition(namespace, context_type), sk: context_id },
    ...tags.map((tag) => ({ pk: tagPartition(namespace, tag), sk: context_id })),
    ...relations.map(({ type, to }) => relationKey(head, type, to)),
  ];
  const keys = [
    ...(deleted === true ? [] : living),
    ...(subject === undefined ? [] : [{ pk: subjectPartition(namespace, subject), sk: context_id }]),
  ];
  return new Map(keys.map((key) => [`${key.pk} ${key.sk}`, key]));
}
