import { inlineBytesMax } from '../../contracts/limits.ts';
import type { StoredJson } from '../../contracts/rows.ts';
import type { WorkflowDeps } from '../ports.ts';

/** Keeps JSON text in the row, or in S3 when it is larger than `inlineBytesMax`. */
export async function storeText(deps: Pick<WorkflowDeps, 'blobs'>, owner: string, text: string): Promise<StoredJson> {
  return Buffer.byteLength(text) <= inlineBytesMax ? { text } : { ref: await deps.blobs.put(owner, text) };
}

/** The value behind stored JSON; undefined when nothing was stored. */
export async function loadJson(deps: Pick<WorkflowDeps, 'blobs'>, stored: StoredJson | undefined): Promise<unknown> {
  const text = stored?.ref === undefined ? stored?.text : await deps.blobs.get(stored.ref.key);
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}
