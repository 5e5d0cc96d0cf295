import { best, type Candidate, gather, type IndexView, type Scored } from './candidates.ts';
import { eachMember, nearestCells } from './cells.ts';
import { type Filter, passes, passingOf } from './filter.ts';
import type { OpenSegment } from './open-segment.ts';
import { dotQuantised } from './quantise.ts';

/** Cells of a segment that a question reads. More: better recall, more bytes. */
const probesMin = 24;

/** A question as a vector of length one. */
export interface VectorQuestion {
  readonly vector: Float32Array;
  readonly model: string;
  readonly filter: Filter;
  readonly limit: number;
}

async function searchSegment(segment: OpenSegment, question: VectorQuestion): Promise<readonly Scored[]> {
  const { vectors, documents } = segment.meta;
  const { vector, model, filter, limit } = question;
  if (vectors === undefined || vectors.model !== model || vectors.dimensions !== vector.length) return [];
  const [passing, places] = await Promise.all([passingOf(segment, filter), segment.cells()]);
  if (passing?.count === 0) return [];
  // The fewer documents may be found, the further apart they lie.
  const share = passing === undefined ? 1 : passing.count / documents;
  const probed = nearestCells(places, vector, Math.ceil(probesMin / share));
  const cells = await Promise.all(probed.map((place) => segment.members(place)));
  const top = best<Scored>(limit);
  for (const bytes of cells) {
    eachMember(bytes, vectors.dimensions, (ordinal, scale, values) => {
      if (passing !== undefined && passing.flags[ordinal] !== 1) return;
      const score = scale * dotQuantised(vector, values);
      if (score > top.floor()) top.offer({ ordinal, score });
    });
  }
  return top.items();
}

/** The documents whose vectors look most in the question's direction (cosine), best first. Vectors of other models do not take part. */
export async function searchVectors(view: IndexView, question: VectorQuestion): Promise<Candidate[]> {
  const inSegments = await Promise.all(view.segments.map((segment) => searchSegment(segment, question)));
  const inRecent = view.recent.flatMap((entry) => {
    const { id, version, vector } = entry;
    if (vector?.values.length !== question.vector.length || !passes(entry, question.filter)) return [];
    return [{ id, version, score: vector.scale * dotQuantised(question.vector, vector.values) }];
  });
  return gather(view, { inSegments, inRecent }, question.limit);
}
