import type { AgentRow } from '../../../contracts/rows.ts';
import { performanceScore } from '../agents/agent.ts';
import type { Strategy } from './strategy.ts';

/** Records closer than this (share of successes) count as equal: chance, not merit. */
const recordStep = 0.05;
/** Seconds of work a slot up to which the work done tells two agents apart. */
const workMax = 9_000_000;

/** Seconds that each slot has worked; an attempt counts as a millisecond at least, so that agents that do not say how long they worked take turns. */
function workOf({ worked_ms = 0, completed, failed, capacity }: AgentRow): number {
  return Math.min(workMax, (worked_ms + completed + failed) / capacity / 1_000);
}

/**
 * The default: the agent with the greatest share of free slots; ties go to the better record, then to the one that has worked less. One number says all three, so that
 * ten thousand agents can be compared in microseconds: two shares differ by 2.5e-5 at least (by slotsMax), records make up 2e-5 at most and work 1e-6.
 */
export const leastLoaded: Strategy<'least_loaded'> = () => ({
  key: 'least_loaded',
  score: ({ agent, free }) => {
    const record = Math.round(performanceScore(agent) / recordStep);
    return free / agent.capacity + record * 1e-6 - workOf(agent) * 1e-13;
  },
});
