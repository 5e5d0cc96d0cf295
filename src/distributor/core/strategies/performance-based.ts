import { leisure } from './ranking.ts';
import type { Strategy } from './strategy.ts';
import { expectations, steps } from './type-records.ts';

/** The agent with the best record for the task's type: success, speed and cost, each with its weight as an exponent. */
export const performanceBased: Strategy<'performance_based'> = (task, { all }, { settings }) => {
  const { success, speed, cost } = settings;
  const expect = expectations(all, task.task_type);
  return {
    key: `performance_based ${success} ${speed} ${cost} ${task.task_type}`,
    score: (each) => {
      const expected = expect(each);
      const merit = success * steps(expected.success) - speed * steps(expected.ms) - cost * steps(expected.usd);
      return Math.round(merit) + leisure(each);
    },
  };
};
