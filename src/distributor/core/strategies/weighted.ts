import { turns } from './round-robin.ts';
import type { Candidate, Strategy } from './strategy.ts';

/** Work in proportion to the weights of the policy; weight 0 gets none. */
export const weighted: Strategy<'weighted'> = (_task, candidates, { settings }) => {
  const { weights, otherwise } = settings;
  const weightOf = ({ agent }: Candidate) => weights[agent.agent_id] ?? otherwise;
  const lengthOf = (each: Candidate) => 1 / Math.max(Number.EPSILON, weightOf(each));
  const begins = turns(candidates, lengthOf);
  return {
    key: `weighted ${JSON.stringify(weights)} ${otherwise}`,
    score: (each) => (weightOf(each) > 0 ? -begins(each) : -Infinity),
    nextTurn: (each) => begins(each) + lengthOf(each),
  };
};
