import { hashOf } from './hash.ts';
import { leisure } from './ranking.ts';
import type { Strategy } from './strategy.ts';
import { expectations, steps } from './type-records.ts';

/**
 * The agent expected to finish first: the median of its recent durations of the task's type, repeated as often as it fails. A stated share of the tasks explores:
 * it goes to the agent least known for the type, or what is not known would never be learnt (epsilon-greedy).
 */
export const predictive: Strategy<'predictive'> = (task, { all }, { settings }) => {
  const expect = expectations(all, task.task_type);
  if (hashOf(`${task.task_id}#${task.attempt}`) / 2 ** 32 < settings.explore) {
    return { key: `explore ${task.task_type}`, score: (each) => leisure(each) - expect(each).known };
  }
  return {
    key: `predictive ${task.task_type}`,
    score: (each) => leisure(each) - steps(expect(each).ms / expect(each).success),
  };
};
