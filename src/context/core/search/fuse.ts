/** How much the first places of a ranking count more than the next ones; 60 is the value of the paper. */
const rankOffset = 60;

/** A document with its place in each ranking that has it, from 1. */
export interface Fused {
  readonly id: string;
  readonly score: number;
  readonly ranks: readonly (number | undefined)[];
}

/**
 * Several rankings as one: reciprocal rank fusion (Cormack, Clarke and Büttcher 2009). It needs places only, so scores of different kinds never meet.
 * Ties go by id.
 */
export function fuse(rankings: readonly (readonly string[])[]): Fused[] {
  const places = rankings.map((ids) => new Map(ids.map((id, at) => [id, at + 1])));
  return [...new Set(rankings.flat())]
    .map((id) => {
      const ranks = places.map((place) => place.get(id));
      return { id, ranks, score: ranks.reduce<number>((sum, rank) => sum + (rank ? 1 / (rankOffset + rank) : 0), 0) };
    })
    .sort((one, other) => other.score - one.score || (one.id < other.id ? -1 : 1));
}
