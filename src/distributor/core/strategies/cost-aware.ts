import { leisure } from './ranking.ts';
import type { Strategy } from './strategy.ts';
import { expectations, steps } from './type-records.ts';

/** The agent with the least expected cost of a success: a cheap one that fails half of the time costs twice. */
export const costAware: Strategy<'cost_aware'> = (task, { all }) => {
  const expect = expectations(all, task.task_type);
  return {
    key: `cost_aware ${task.task_type}`,
    score: (each) => leisure(each) - steps(expect(each).usd / expect(each).success),
  };
};
