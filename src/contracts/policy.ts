import * as z from 'zod';
import { labels } from './agent.ts';
import { agentId, capability, timestamp } from './ids.ts';
import { policyRulesMax, policyStrategiesMax } from './limits.ts';
import { policyName, strategySettings } from './strategy.ts';
import { priority } from './task.ts';

/** Which tasks a rule is about: all that is named must hold, one of each list. An empty object matches every task. */
export const taskMatch = z.strictObject({
  task_type: z.array(z.string().min(1).max(128)).min(1).optional(),
  priority: z.array(priority).min(1).optional(),
  /** One of these capabilities is required by the task. */
  capability: z.array(capability).min(1).optional(),
  /** The task is one of these workflows', or of none when null is among them. */
  workflow: z.array(z.string().min(1).max(128)).min(1).optional(),
});
export type TaskMatch = z.infer<typeof taskMatch>;

/** A rule: the first whose match holds decides. What it requires is required; what it prefers is waited for at most `wait_ms`. */
export const policyRule = z.strictObject({
  name: policyName,
  match: taskMatch,
  strategy: policyName.optional(),
  /** Only agents that have all these labels. */
  require_labels: labels.optional(),
  /** Never these agents. */
  exclude_agents: z.array(agentId).min(1).optional(),
  /** These agents if one of them is free. */
  prefer_agents: z.array(agentId).min(1).optional(),
  /** Manual override: this agent and no other. */
  pin: agentId.optional(),
  /** When the rule ends by itself. */
  until: timestamp.optional(),
});
export type PolicyRule = z.infer<typeof policyRule>;

/** A share of the tasks goes by another strategy, until a figure of theirs is worse than that of the others: then it rolls itself back. */
export const canary = z.strictObject({
  strategy: policyName,
  share: z.number().gt(0).max(0.5),
  figure: z.enum(['failures', 'duration']),
  /** How much worse the figure may be: 0.1 is a tenth more failures (of all attempts) or a tenth longer. */
  worse_by: z.number().min(0).max(10),
  /** Attempts of the canary before it is judged. */
  attempts_min: z.int().min(10).max(100_000).default(50),
});
export type Canary = z.infer<typeof canary>;

/** How a pool chooses agents. Everything may be left out: then the least-loaded agent gets the task. */
export const policyDocument = z
  .strictObject({
    strategies: z.record(policyName, strategySettings).optional(),
    /** The strategy of tasks that no rule and no type names. */
    strategy: policyName.optional(),
    by_task_type: z.record(z.string().min(1).max(128), policyName).optional(),
    rules: z.array(policyRule).max(policyRulesMax).optional(),
    /** The emergency lane: agents with these labels are kept for matching tasks. */
    emergency: z.strictObject({ match: taskMatch, keep_labels: labels }).optional(),
    canary: canary.optional(),
  })
  .refine(({ strategies = {} }) => Object.keys(strategies).length <= policyStrategiesMax, {
    error: `at most ${policyStrategiesMax} strategies`,
    path: ['strategies'],
  });
export type PolicyDocument = z.infer<typeof policyDocument>;
