import { inlineBytesMax } from '../../../contracts/limits.ts';
import type { TaskResult } from '../../../contracts/messages.ts';
import type { StoredJson } from '../../../contracts/rows.ts';

/** Keeps a text elsewhere and tells where it is. */
interface Keeper {
  put(owner: string, text: string): Promise<NonNullable<StoredJson['ref']>>;
}

/** JSON text as a row keeps it: inside when it has at most `inlineBytesMax` bytes, else a reference to where it was put. */
export async function storeText(deps: { readonly blobs: Keeper }, owner: string, text: string): Promise<StoredJson> {
  return Buffer.byteLength(text) <= inlineBytesMax ? { text } : { ref: await deps.blobs.put(owner, text) };
}

/** Takes a large output out of a result: an agent that did not use S3 itself must not make a row, or a message, that is too large to write. */
export async function withStoredOutput(deps: { readonly blobs: Keeper }, result: TaskResult): Promise<TaskResult> {
  if (result.output === undefined) return result;
  const { ref } = await storeText(deps, result.task_id, JSON.stringify(result.output));
  if (ref === undefined) return result;
  const { output: _large, ...rest } = result;
  return { ...rest, output_ref: ref };
}
