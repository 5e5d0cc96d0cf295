import { leisure } from './ranking.ts';
import type { Strategy } from './strategy.ts';

/** The agent with the most free slots: large agents fill first. */
export const capacityBased: Strategy<'capacity_based'> = () => ({
  key: 'capacity_based',
  score: (each) => each.free + leisure(each),
});
