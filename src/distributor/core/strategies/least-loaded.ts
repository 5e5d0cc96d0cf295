import type { Strategy } from './strategy.ts';

/** The default: work spreads by share of free slots, so that no agent is full while another one is idle. */
export const leastLoaded: Strategy = (_task, candidates) => candidates.leastLoaded();
