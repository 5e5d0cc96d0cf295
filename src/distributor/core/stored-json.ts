import { inlineBytesMax } from '../../contracts/limits.ts';
import type { StoredJson } from '../../contracts/rows.ts';

/** Keeps a text elsewhere and tells where it is. */
interface Keeper {
  put(owner: string, text: string): Promise<NonNullable<StoredJson['ref']>>;
}

/** JSON text as a row keeps it: inside when it has at most `inlineBytesMax` bytes, else a reference to where it was put. */
export async function storeText(deps: { readonly blobs: Keeper }, owner: string, text: string): Promise<StoredJson> {
  return Buffer.byteLength(text) <= inlineBytesMax ? { text } : { ref: await deps.blobs.put(owner, text) };
}
