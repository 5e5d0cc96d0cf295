import type { Strategy } from './strategy.ts';

/** The agent with the highest value of the policy's own expression. It was evaluated before the decision; without values the fallback comes next. */
export const custom: Strategy<'custom'> = (task, _candidates, { settings, customScores }) => {
  const scores = customScores?.(settings.score, task.task_type);
  return {
    key: `custom ${task.task_type} ${settings.score}`,
    score: ({ agent }) => scores?.get(agent.agent_id) ?? -Infinity,
  };
};
