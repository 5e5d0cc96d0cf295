import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { inlineBytesMax } from '../../../contracts/limits.ts';
import type {
  EndedTask,
  ExpansionRow,
  SignalRow,
  WorkflowEventRow,
  WorkflowHead,
  WorkflowResultRow,
} from '../../../contracts/workflow/rows.ts';
import type { WorkflowDefinition, WorkflowEvent } from '../../../contracts/workflow/workflow.ts';
import type { BlobStore } from '../../../distributor/ports.ts';
import type { PinnedDefinition } from '../../../workflow/ports.ts';
import { definitionKey, eventKey, expansionKey, headKey, resultKey, signalKey, workflowsPartition } from '../keys.ts';
import type { Item } from '../item.ts';

/** JSON text up to this size is kept in its item, larger text in S3. More: with its keys the item could pass DynamoDB's 400 KB. */
const itemTextBytesMax = 300 * 1024;

/** The text in its item, or in S3 under a key made of its content, so that a repeat writes the same object. */
async function textAttributes(
  blobs: BlobStore,
  owner: string,
  text: string,
  bytesMax = itemTextBytesMax,
): Promise<Item> {
  return Buffer.byteLength(text) <= bytesMax ? { text } : { text_ref: await blobs.put(owner, text) };
}

async function textOf(blobs: BlobStore, item: Item): Promise<string> {
  const ref = item['text_ref'] as { readonly key: string } | undefined;
  return ref === undefined ? (item['text'] as string) : blobs.get(ref.key);
}

function withoutUndefined(item: Item): Item {
  return Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined));
}

/** Letters of a larger graph are packed: each started KB of the head costs two write units an advance, and letters come in runs. Smaller ones are left for people to read. */
const plainLettersMax = 512;

/** The letters of a graph's nodes as an attribute. */
export function packLetters(letters: string): string | Uint8Array {
  return letters.length <= plainLettersMax ? letters : deflateRawSync(letters);
}

function unpackLetters(value: unknown): string {
  return typeof value === 'string' ? value : inflateRawSync(value as Uint8Array).toString();
}

/** The item of a head; its index keys never change, so an advance costs no index write. */
export function headItem(head: WorkflowHead): Item {
  return withoutUndefined({
    ...headKey(head.workflow_id),
    ...head,
    nodes: packLetters(head.nodes),
    gsi1pk: workflowsPartition(head.pool),
    gsi1sk: `${head.created_at}#${head.workflow_id}`,
  });
}

/** The head of an item. The table is ours alone, so its shape is trusted. */
export function fromHeadItem(item: Item): WorkflowHead {
  const { pk: _pk, sk: _sk, gsi1pk: _partition, gsi1sk: _key, expires_at: _expiry, nodes, ...head } = item;
  return { ...head, nodes: unpackLetters(nodes) } as unknown as WorkflowHead;
}

/** The item of a pinned definition. */
export async function definitionItem(blobs: BlobStore, workflow_id: string, pinned: PinnedDefinition): Promise<Item> {
  const { definition, input, rerun } = pinned;
  return withoutUndefined({
    ...definitionKey(workflow_id),
    ...(await textAttributes(blobs, workflow_id, JSON.stringify(definition))),
    input,
    rerun,
  });
}

/** The pinned definition of an item. */
export async function fromDefinitionItem(blobs: BlobStore, item: Item): Promise<PinnedDefinition> {
  const definition = JSON.parse(await textOf(blobs, item)) as WorkflowDefinition;
  const { input, rerun } = item as Pick<PinnedDefinition, 'input' | 'rerun'>;
  return { definition, ...(input === undefined ? {} : { input }), ...(rerun === undefined ? {} : { rerun }) };
}

/** The item of one advance's events. */
export async function eventItem(blobs: BlobStore, row: WorkflowEventRow): Promise<Item> {
  const { workflow_id, seq, at } = row;
  return {
    ...eventKey(workflow_id, seq),
    workflow_id,
    seq,
    at,
    ...(await textAttributes(blobs, workflow_id, JSON.stringify(row.events))),
  };
}

/** The events of an item. */
export async function fromEventItem(blobs: BlobStore, item: Item): Promise<WorkflowEventRow> {
  return {
    workflow_id: item['workflow_id'] as string,
    seq: item['seq'] as number,
    at: item['at'] as string,
    events: JSON.parse(await textOf(blobs, item)) as WorkflowEvent[],
  };
}

/** The item of an expansion. Large ones lie in S3: many of them share one transaction. */
export async function expansionItem(
  blobs: BlobStore,
  workflow_id: string,
  ordinal: number,
  row: ExpansionRow,
): Promise<Item> {
  return {
    ...expansionKey(workflow_id, ordinal),
    ...(await textAttributes(blobs, workflow_id, JSON.stringify(row), inlineBytesMax)),
  };
}

/** The expansion of an item. */
export async function fromExpansionItem(blobs: BlobStore, item: Item): Promise<ExpansionRow> {
  return JSON.parse(await textOf(blobs, item)) as ExpansionRow;
}

/** The item of a node's result. */
export function resultItem({ workflow_id, path, output, error }: WorkflowResultRow): Item {
  return withoutUndefined({ ...resultKey(workflow_id, path), output, error });
}

/** The result of an item. */
export function fromResultItem({ output, error }: Item): EndedTask {
  return withoutUndefined({ output, error });
}

/** The item of an event that a workflow received. */
export function signalItem(row: SignalRow): Item {
  return withoutUndefined({ ...signalKey(row.workflow_id, row.id), ...row });
}

/** The event of an item. */
export function fromSignalItem(item: Item): SignalRow {
  const { pk: _pk, sk: _sk, expires_at: _expiry, ...row } = item;
  return row as unknown as SignalRow;
}
