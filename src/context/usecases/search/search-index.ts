import type { Candidate, IndexView } from '../../core/search/candidates.ts';
import { newestOf } from '../../core/search/entry.ts';
import type { Filter } from '../../core/search/filter.ts';
import { segmentFormat } from '../../core/search/segment.ts';
import { searchText, type TextRanking } from '../../core/search/search-text.ts';
import { searchVectors } from '../../core/search/search-vectors.ts';
import { tokensOf } from '../../core/search/tokens.ts';
import type { IndexContent, IndexDeps } from '../../index-ports.ts';
import { vectorsOf } from './embed-texts.ts';

/** By which ranking documents are found: by words, by likeness, or by both. */
export type SearchMode = 'text' | 'vector' | 'hybrid';

/** A question to one index. */
export interface IndexQuestion {
  readonly text: string;
  readonly mode: SearchMode;
  readonly filter: Filter;
  /** Candidates of each ranking. */
  readonly limit: number;
}

/** What the index proposes. */
export interface IndexAnswer {
  /** By words; absent when the mode does not ask for it. */
  readonly text?: TextRanking;
  /** By likeness, with the question's vector. */
  readonly vector?: { readonly candidates: readonly Candidate[]; readonly of: Float32Array };
  /** Why there is none by likeness though the mode asks for both. */
  readonly failure?: Error;
}

/** Asks a loaded index; for both rankings by words alone when the embedder refuses. It may be behind the documents by a moment, and knows nothing of who may read them: whoever shows a document reads it first. */
export async function searchIndex(
  deps: Pick<IndexDeps, 'open' | 'embedders'>,
  { making: { format, model }, manifest, recent }: IndexContent,
  { text, mode, filter, limit }: IndexQuestion,
): Promise<IndexAnswer> {
  const asked = await vectorsOf(mode === 'text' ? undefined : deps.embedders.of(model), [text]);
  if (mode === 'vector' && asked.failure !== undefined) throw asked.failure;
  const [of] = asked.vectors;
  // Of segments in an older format nothing can be read; the next write begins a new index.
  const segments = format === segmentFormat ? manifest.segments : [];
  const view: IndexView = { segments: segments.map(deps.open), recent: newestOf(recent) };
  const [byText, byVector] = await Promise.all([
    mode === 'vector' ? undefined : searchText(view, { tokens: tokensOf(text), filter, limit }),
    of === undefined ? undefined : searchVectors(view, { vector: of, model, filter, limit }),
  ]);
  return {
    ...(byText === undefined ? {} : { text: byText }),
    ...(byVector === undefined || of === undefined ? {} : { vector: { candidates: byVector, of } }),
    ...(asked.failure === undefined ? {} : { failure: asked.failure }),
  };
}
