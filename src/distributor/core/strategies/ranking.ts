import { type Heap, heapOf } from '../ready/heap.ts';
import type { Candidate, CandidateSet, Ranking } from './strategy.ts';

/** The candidates of a set by their place in it, the highest score on top. */
interface Order {
  readonly scores: Float64Array;
  readonly heap: Heap<number>;
}

/** Rankings by their key, as long as their set of candidates lives: one round. */
const rankings = new WeakMap<CandidateSet, Map<string, Ranking>>();
/** Their orders. */
const kept = new WeakMap<CandidateSet, Map<string, Order>>();

/** The first ranking of this set with the same key: what that has found out about thousands of candidates the next task need not ask again. */
export function shared(set: CandidateSet, ranking: Ranking): Ranking {
  if (ranking.key === undefined) return ranking;
  const byKey = rankings.get(set) ?? new Map<string, Ranking>();
  rankings.set(set, byKey);
  const first = byKey.get(ranking.key) ?? ranking;
  byKey.set(ranking.key, first);
  return first;
}

/** The share of an agent's slots that are free, below 1: added to a score in whole steps, it decides between equals. */
export function leisure({ agent, free }: Candidate): number {
  return (free / agent.capacity) * 0.999;
}

function orderOf(set: CandidateSet, key: string, score: Ranking['score']): Order {
  const byKey = kept.get(set) ?? new Map<string, Order>();
  kept.set(set, byKey);
  const order = byKey.get(key) ?? orderedBy(set.all, score);
  byKey.set(key, order);
  return order;
}

/** A heap, since a round of a large pool gives hundreds of tasks to thousands of agents. A loop: `from` with a function takes several times as long for thousands. */
function orderedBy(candidates: readonly Candidate[], score: Ranking['score']): Order {
  const scores = new Float64Array(candidates.length);
  let at = 0;
  for (const each of candidates) scores[at++] = current(each, score);
  const heap = heapOf(scores.keys(), (one, other) => {
    const mine = scores[one] as number;
    const its = scores[other] as number;
    return mine > its || (mine === its && one < other);
  });
  return { scores, heap };
}

function current(candidate: Candidate, score: Ranking['score']): number {
  return candidate.free > 0 ? score(candidate) : -Infinity;
}

function highest(candidates: readonly Candidate[], score: Ranking['score']): number {
  let best = -Infinity;
  let at = -1;
  for (const [index, candidate] of candidates.entries()) {
    const each = current(candidate, score);
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
    return those[highest(those, score)];
  }
  const { scores, heap } = orderOf(set, key, score);
  for (;;) {
    const at = heap.peek();
    const candidate = at === undefined ? undefined : set.all[at];
    if (at === undefined || candidate === undefined) return undefined;
    const now = current(candidate, score);
    if (now === -Infinity) heap.pop();
    else if (now === scores[at]) return candidate;
    else {
      scores[at] = now;
      heap.sinkTop();
    }
  }
}
