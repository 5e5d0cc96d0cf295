import type { Candidate, CandidateSet, Strategy } from './strategy.ts';
import { freeSlots } from '../agents/open-slots.ts';

/** A turn of an agent with weight 1. */
const turnLength = 1;

/** The last turn that anybody has begun: those who were away or full join here, and need not be given all that they have missed. */
function virtualTime(candidates: CandidateSet, lengthOf: (candidate: Candidate) => number): number {
  return candidates.all.reduce((last, each) => Math.max(last, (each.agent.next_turn ?? 0) - lengthOf(each)), 0);
}

/**
 * When each agent's next turn begins (start-time fair queueing, Goyal, Vin and Cheng 1996): turns of an agent with twice the weight are half as long. Two agents
 * that are never full get work in proportion to their weights, to within one turn of each.
 */
export function turns(
  candidates: CandidateSet,
  lengthOf: (candidate: Candidate) => number,
): (candidate: Candidate) => number {
  let now: number | undefined;
  return (candidate) => {
    now ??= virtualTime(candidates, lengthOf);
    const given = freeSlots(candidate.agent) - candidate.free;
    return Math.max(candidate.agent.next_turn ?? 0, now) + given * lengthOf(candidate);
  };
}

/** Everybody in turn, whatever they hold. */
export const roundRobin: Strategy<'round_robin'> = (_task, candidates) => {
  const begins = turns(candidates, () => turnLength);
  return { key: 'round_robin', score: (each) => -begins(each), nextTurn: (each) => begins(each) + turnLength };
};
