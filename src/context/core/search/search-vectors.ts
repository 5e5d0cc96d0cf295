import { best, type Candidate, gather, type IndexView, type Scored } from './candidates.ts';
import { type Filter, passes, passingOf } from './filter.ts';
import type { OpenSegment } from './open-segment.ts';
import { dotQuantised, turned } from './quantise.ts';
import { documentsPerSketchBlock, eachEstimate, sketchTable } from './sketch.ts';

/** Documents whose vectors a question reads, the best by their sketches. More: better recall, more calls. */
const rerankedMax = 80;

/** A question as a vector of length one. */
export interface VectorQuestion {
  readonly vector: Float32Array;
  readonly model: string;
  readonly filter: Filter;
  readonly limit: number;
}

/** The best of a segment by their sketches. */
async function estimated(
  segment: OpenSegment,
  { vector, model, filter, limit }: VectorQuestion,
  table: Float32Array,
): Promise<readonly Scored[]> {
  const { vectors } = segment.meta;
  if (vectors === undefined || vectors.model !== model || vectors.dimensions !== vector.length) return [];
  const passing = await passingOf(segment, filter);
  if (passing?.count === 0) return [];
  const top = best<Scored>(Math.max(limit, rerankedMax));
  for (const [block, bytes] of (await segment.sketches()).entries()) {
    const part = { first: block * documentsPerSketchBlock, flags: passing?.flags };
    eachEstimate(bytes, table, part, (ordinal, score) => {
      if (score > top.floor()) top.offer({ ordinal, score });
    });
  }
  return top.items();
}

/** The hits of a segment, those whose estimates reach `least` by their vectors. */
async function reranked(
  segment: OpenSegment,
  hits: readonly Scored[],
  least: number,
  query: Float32Array,
): Promise<readonly Scored[]> {
  const best = hits.filter(({ score }) => score >= least);
  const vectors = await segment.vectors(best.map(({ ordinal }) => ordinal));
  return hits.map((hit, at) => {
    const vector = vectors[at];
    return vector === undefined ? hit : { ...hit, score: vector.scale * dotQuantised(query, vector.values) };
  });
}

/**
 * The documents whose vectors look most in the question's direction (cosine), best first: of all documents the best by their sketches, of these
 * the best by their vectors. Vectors of other models do not take part.
 */
export async function searchVectors(view: IndexView, question: VectorQuestion): Promise<Candidate[]> {
  const query = turned(question.vector);
  const table = sketchTable(query);
  const found = await Promise.all(view.segments.map((segment) => estimated(segment, question, table)));
  const top = best<Scored>(rerankedMax);
  for (const hit of found.flat()) top.offer(hit);
  const least = top.floor();
  const inSegments = await Promise.all(
    view.segments.map((segment, at) => reranked(segment, found[at] ?? [], least, query)),
  );
  const inRecent = view.recent.flatMap((entry) => {
    const { id, version, vector } = entry;
    if (vector?.values.length !== query.length || !passes(entry, question.filter)) return [];
    return [{ id, version, score: vector.scale * dotQuantised(query, vector.values) }];
  });
  return gather(view, { inSegments, inRecent }, question.limit);
}
