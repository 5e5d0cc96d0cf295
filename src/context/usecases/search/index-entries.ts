import { entryOf, type Indexable, type IndexEntry, tombstone } from '../../core/search/entry.ts';
import { quantise } from '../../core/search/quantise.ts';
import type { Embedder, IndexDeps, IndexState } from '../../index-ports.ts';
import { reasonOf, vectorsOf } from './embed-texts.ts';

/** A version of a document as the index takes it, or the version at which it went. */
export type IndexChange =
  | (Omit<Indexable, 'vector'> & {
      /** Why there is less of it than there should be. */
      readonly lacks?: string;
    })
  | { readonly id: string; readonly version: number; readonly updated_at: number; readonly deleted: true };

/** Entries, and which documents they do not have whole, with the reasons. */
export interface Entries {
  readonly entries: readonly IndexEntry[];
  readonly lacking: ReadonlyMap<string, string>;
}

/**
 * Changes as entries of an index whose vectors the embedder makes; without one they have none. What lacks its words or its vector is an entry of the
 * version before: of two entries of one version any may stay, and the whole one that follows is to take its place. A question sees by the older version
 * that it has to read the document.
 */
export async function entriesOf(embedder: Embedder | undefined, changes: readonly IndexChange[]): Promise<Entries> {
  const written = changes.flatMap((change) => ('deleted' in change ? [] : [change]));
  const made = await vectorsOf(
    embedder,
    written.map(({ text }) => text),
  );
  const lacking = new Map<string, string>();
  const entries = written.map(({ lacks, ...change }, at) => {
    const vector = made.vectors[at];
    const reason = lacks ?? (embedder !== undefined && vector === undefined ? reasonOf(made.failure) : undefined);
    if (reason !== undefined) lacking.set(change.id, reason);
    return entryOf({
      ...change,
      version: reason === undefined ? change.version : change.version - 1,
      ...(vector === undefined ? {} : { vector: quantise(vector) }),
    });
  });
  const gone = changes.flatMap((change) =>
    'deleted' in change ? [tombstone(change.id, change.version, change.updated_at)] : [],
  );
  return { entries: [...entries, ...gone], lacking };
}

/**
 * Brings changes of documents into the index, where the next question finds them, and into the one that is built beside it; a repeat changes nothing.
 * The build comes first: what the live index has since the build began, the build has too, so it can take its place. Answers with the index's state, and
 * with what it does not have whole.
 */
export async function indexEntries(
  { index, embedders }: Pick<IndexDeps, 'index' | 'embedders'>,
  namespace: string,
  changes: readonly IndexChange[],
): Promise<{ readonly state: IndexState; readonly lacking: ReadonlyMap<string, string> }> {
  const state = await index.count(namespace, changes.length);
  const lacking = new Map<string, string>();
  for (const { generation, model } of [...(state.build === undefined ? [] : [state.build]), state.live]) {
    const made = await entriesOf(embedders.of(model), changes);
    await index.add({ namespace, generation }, made.entries);
    for (const [id, reason] of made.lacking) lacking.set(id, reason);
  }
  return { state, lacking };
}
