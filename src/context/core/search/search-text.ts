import { scoreTable, type Statistics } from './bm25.ts';
import { best, type Candidate, gather, type IndexView, type Scored } from './candidates.ts';
import type { IndexEntry } from './entry.ts';
import { type Filter, passes, passingOf } from './filter.ts';
import type { OpenSegment } from './open-segment.ts';
import { eachPosting, type TermPlace } from './segment.ts';

/** A question in tokens: documents with any of them are ranked by BM25. */
export interface TextQuestion {
  readonly tokens: readonly string[];
  readonly filter: Filter;
  readonly limit: number;
}

function statisticsOf({ segments, recent }: IndexView): Statistics {
  const documents = segments.reduce((sum, { meta }) => sum + meta.documents, 0) + recent.length;
  const tokens =
    segments.reduce((sum, { meta }) => sum + meta.tokens, 0) + recent.reduce((sum, entry) => sum + entry.tokens, 0);
  return { documents, averageTokens: documents === 0 ? 1 : tokens / documents };
}

async function scoreSegment(
  segment: OpenSegment,
  places: ReadonlyMap<string, TermPlace>,
  tables: ReadonlyMap<string, Float32Array>,
  { filter, limit }: TextQuestion,
): Promise<readonly Scored[]> {
  if (places.size === 0) return [];
  const [passing, ...lists] = await Promise.all([
    passingOf(segment, filter),
    ...[...places].map(async ([token, place]) => ({
      table: tables.get(token),
      postings: await segment.postings(place),
    })),
  ]);
  const scores = new Float32Array(segment.meta.documents);
  for (const { table, postings } of lists) {
    if (table === undefined) continue;
    eachPosting(postings, (ordinal, impact) => {
      scores[ordinal] = (scores[ordinal] ?? 0) + (table[impact] ?? 0);
    });
  }
  const top = best<Scored>(limit);
  for (let ordinal = 0; ordinal < scores.length; ordinal += 1) {
    const score = scores[ordinal] ?? 0;
    if (score > 0 && score > top.floor() && (passing === undefined || passing.flags[ordinal] === 1)) {
      top.offer({ ordinal, score });
    }
  }
  return top.items();
}

/** What a question found. */
export interface TextRanking {
  /** Best first. */
  readonly candidates: readonly Candidate[];
  /** What an entry scores, as if it were in the index: for a document that the caller sees otherwise than the index does. */
  scoreOf(entry: IndexEntry): number;
}

/** The best documents for the question. Every segment is read for the terms' frequencies first, so that all are scored alike. */
export async function searchText(view: IndexView, question: TextQuestion): Promise<TextRanking> {
  const tokens = [...new Set(question.tokens)];
  const places = await Promise.all(view.segments.map((segment) => segment.find(tokens)));
  const statistics = statisticsOf(view);
  const tables = new Map(
    tokens.map((token) => {
      const stored = places.reduce((sum, place) => sum + (place.get(token)?.found ?? 0), 0);
      const recent = view.recent.filter(({ terms }) => terms.has(token)).length;
      return [token, scoreTable(statistics, stored + recent)];
    }),
  );
  const scoreOf = ({ terms }: IndexEntry): number =>
    tokens.reduce((sum, token) => sum + (tables.get(token)?.[terms.get(token) ?? -1] ?? 0), 0);
  const inSegments = await Promise.all(
    view.segments.map((segment, at) => scoreSegment(segment, places[at] ?? new Map(), tables, question)),
  );
  const inRecent = view.recent
    .filter((entry) => passes(entry, question.filter))
    .map((entry) => ({ id: entry.id, version: entry.version, score: scoreOf(entry) }))
    .filter(({ score }) => score > 0);
  const candidates = await gather(view, { inSegments, inRecent }, question.limit);
  return { candidates, scoreOf };
}
