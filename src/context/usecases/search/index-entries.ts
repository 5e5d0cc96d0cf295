import { entryOf, type Indexable, type IndexEntry, tombstone } from '../../core/search/entry.ts';
import { quantise } from '../../core/search/quantise.ts';
import type { Embedder, IndexDeps, IndexState } from '../../index-ports.ts';

/** A version of a document as the index takes it, or the version at which it went. */
export type IndexChange =
  | Omit<Indexable, 'vector'>
  | { readonly id: string; readonly version: number; readonly updated_at: number; readonly deleted: true };

/** Changes as entries of an index whose vectors the embedder makes; without one they have none. */
export async function entriesOf(
  embedder: Embedder | undefined,
  changes: readonly IndexChange[],
): Promise<readonly IndexEntry[]> {
  const written = changes.flatMap((change) => ('deleted' in change ? [] : [change]));
  const vectors = await embedder?.embed(written.map(({ text }) => text));
  return [
    ...written.map((change, at) => {
      const vector = vectors?.[at];
      return entryOf({ ...change, ...(vector === undefined ? {} : { vector: quantise(vector) }) });
    }),
    ...changes.flatMap((change) =>
      'deleted' in change ? [tombstone(change.id, change.version, change.updated_at)] : [],
    ),
  ];
}

/**
 * Brings changes of documents into the index, where the next question finds them, and into the one that is built beside it; a repeat changes nothing.
 * The build comes first: what the live index has since the build began, the build has too, so it can take its place. Answers with the index's state.
 */
export async function indexEntries(
  { index, embedders }: Pick<IndexDeps, 'index' | 'embedders'>,
  namespace: string,
  changes: readonly IndexChange[],
): Promise<IndexState> {
  const state = await index.count(namespace, changes.length);
  for (const { generation, model } of [...(state.build === undefined ? [] : [state.build]), state.live]) {
    await index.add({ namespace, generation }, await entriesOf(embedders.of(model), changes));
  }
  return state;
}
