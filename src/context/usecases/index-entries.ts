import { entryOf, type Indexable, tombstone } from '../core/search/entry.ts';
import { quantise } from '../core/search/quantise.ts';
import type { IndexDeps } from '../index-ports.ts';

/** A version of a document as the index takes it, or the version at which it went. */
export type IndexChange =
  | Omit<Indexable, 'vector'>
  | { readonly id: string; readonly version: number; readonly updated_at: number; readonly deleted: true };

/**
 * Brings changes of documents into the index, where the next question finds them; a repeat changes nothing. Answers with how many entries wait to
 * become a segment, and until when the index is complete.
 */
export async function indexEntries(
  deps: Pick<IndexDeps, 'index' | 'embedder'>,
  namespace: string,
  changes: readonly IndexChange[],
): Promise<{ readonly waiting: number; readonly caughtUpAt: number }> {
  const written = changes.flatMap((change) => ('deleted' in change ? [] : [change]));
  const vectors = await deps.embedder.embed(written.map(({ text }) => text));
  const entries = [
    ...written.map((change, at) => {
      const vector = vectors[at];
      return entryOf({ ...change, ...(vector === undefined ? {} : { vector: quantise(vector) }) });
    }),
    ...changes.flatMap((change) =>
      'deleted' in change ? [tombstone(change.id, change.version, change.updated_at)] : [],
    ),
  ];
  return deps.index.add(namespace, entries);
}
