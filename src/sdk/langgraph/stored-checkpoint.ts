import type { SerializerProtocol } from '@langchain/langgraph-checkpoint';
import type { ContextDocument } from '../../contracts/context/context.ts';
import type { Json } from '../../contracts/json.ts';

/** A value as LangGraph's serializer gives it: its type, and its text (base64 for everything but JSON). */
export type Packed = readonly [type: string, text: string];

/** A checkpoint as a document. A channel's value is stored by the checkpoint that changed it; the others say where it lies. */
export interface StoredCheckpoint {
  readonly thread_id: string;
  readonly checkpoint_ns: string;
  readonly checkpoint_id: string;
  readonly parent_id?: string;
  /** Without the values of its channels. */
  readonly checkpoint: Packed;
  readonly metadata: Packed;
  readonly values: Readonly<Record<string, Packed>>;
  /** Of each channel that has a value: its version, and the checkpoint that stored it. */
  readonly places: Readonly<Record<string, readonly [version: string | number, checkpoint_id: string]>>;
}

/** What one task has written against a checkpoint, by the index that LangGraph gives each write. */
export interface StoredWrites {
  readonly task_id: string;
  readonly task_path: string;
  readonly writes: Readonly<Record<string, readonly [channel: string, ...Packed]>>;
}

/** The stored shapes as documents' data, and back: these documents are the checkpointer's alone, so their shape is trusted. */
export const asData = (value: StoredCheckpoint | StoredWrites) => value as unknown as Json;
export const asCheckpoint = (document: ContextDocument) => document.data as unknown as StoredCheckpoint;
export const asWrites = (document: ContextDocument) => document.data as unknown as StoredWrites;

/** A value by the serializer that the checkpointer was given. */
export async function pack(serde: SerializerProtocol, value: unknown): Promise<Packed> {
  const [type, bytes] = await serde.dumpsTyped(value);
  return [type, Buffer.from(bytes).toString(type === 'json' ? 'utf8' : 'base64')];
}

export async function unpack(serde: SerializerProtocol, [type, text]: Packed): Promise<unknown> {
  return serde.loadsTyped(type, type === 'json' ? text : new Uint8Array(Buffer.from(text, 'base64')));
}
