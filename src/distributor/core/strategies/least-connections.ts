import { leisure } from './ranking.ts';
import type { Strategy } from './strategy.ts';

/** The agent that holds the fewest tasks, however many it could hold. */
export const leastConnections: Strategy<'least_connections'> = () => ({
  key: 'least_connections',
  score: (each) => each.free - each.agent.capacity + leisure(each),
});
