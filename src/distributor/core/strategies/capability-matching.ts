import { leisure } from './ranking.ts';
import type { Strategy } from './strategy.ts';

/** The closest fit: the agent that can do least beyond what is asked, so that those who can do much stay free for what only they can do. */
export const capabilityMatching: Strategy<'capability_matching'> = (_task, _candidates, { route }) => ({
  key: `capability_matching ${route.required_capabilities.length}`,
  score: (each) => route.required_capabilities.length - each.agent.capabilities.length + leisure(each),
});
