import type { Candidate, CandidateSet, Ranking } from './strategy.ts';

/** Scores by the name of a ranking, as long as their set of candidates lives: one round. */
const kept = new WeakMap<CandidateSet, Map<string, Float64Array>>();

/** The share of an agent's slots that are free, below 1: added to a score in whole steps, it decides between equals. */
export function leisure({ agent, free }: Candidate): number {
  return (free / agent.capacity) * 0.999;
}

function scoresOf(set: CandidateSet, key: string, score: Ranking['score']): Float64Array {
  let byKey = kept.get(set);
  if (byKey === undefined) kept.set(set, (byKey = new Map<string, Float64Array>()));
  let scores = byKey.get(key);
  if (scores === undefined) byKey.set(key, (scores = scored(set.all, score)));
  return scores;
}

/** The scores of candidates by their place. A loop: `from` with a function takes several times as long for thousands. */
function scored(candidates: readonly Candidate[], score: Ranking['score']): Float64Array {
  const scores = new Float64Array(candidates.length);
  for (let at = 0; at < scores.length; at += 1) {
    const candidate = candidates[at];
    if (candidate !== undefined) scores[at] = current(candidate, score);
  }
  return scores;
}

function current(candidate: Candidate, score: Ranking['score']): number {
  return candidate.free > 0 ? score(candidate) : -Infinity;
}

function highest(scores: Float64Array): number {
  let best = -Infinity;
  let at = -1;
  for (let index = 0; index < scores.length; index += 1) {
    const each = scores[index] ?? -Infinity;
    if (each <= best) continue;
    best = each;
    at = index;
  }
  return at;
}

/**
 * The candidate with a free slot that a ranking puts first; of equals the first in the set's order. Undefined: nobody has one, or nobody is ranked. Scores are
 * kept for tasks with the same key: slots only go during a round and scores never rise with them, so a highest score that is still true is the highest.
 */
export function bestOf<C extends Candidate>(set: CandidateSet<C>, { key, among, score }: Ranking): C | undefined {
  if (key === undefined || among !== undefined) {
    // What a ranking looks at are candidates of this set.
    const those = (among ?? set.all) as readonly C[];
    return those[highest(scored(those, score))];
  }
  const scores = scoresOf(set, key, score);
  for (;;) {
    const at = highest(scores);
    const candidate = set.all[at];
    if (candidate === undefined) return undefined;
    const before = scores[at];
    scores[at] = current(candidate, score);
    if (scores[at] === before) return candidate;
  }
}
