import * as z from 'zod';
import { agentId, ownKey, region } from '../ids.ts';
import { expressionCharactersMax, preferenceMsMax } from '../limits.ts';

/** Names of the strategies that need no settings: a policy, a rule and a task may name them as they are. */
export const plainStrategies = [
  'least_loaded',
  'round_robin',
  'least_connections',
  'random',
  'consistent_hashing',
  'capacity_based',
  'performance_based',
  'capability_matching',
  'affinity',
  'cost_aware',
  'predictive',
] as const;

/** Names of all strategies. */
export const strategyNames = [...plainStrategies, 'weighted', 'geographic', 'custom'] as const;
export type PlainStrategy = (typeof plainStrategies)[number];

/** A name that a policy gives to one of its strategies or rules. */
export const policyName = ownKey(
  z
    .string()
    .max(64)
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, 'use letters, digits, "_" and "-", starting with a letter or digit'),
);

const share = z.number().min(0).max(1);
const weight = z.number().min(0).max(1_000);
/** Which strategy comes next when this one fails or finds nobody; in the end it is `least_loaded`, but after `weighted` nobody of weight 0. */
const fallback = { fallback: policyName.optional() };

/** One strategy with its settings. */
export const strategySettings = z.discriminatedUnion('use', [
  z.strictObject({
    use: z.enum([
      'least_loaded',
      'round_robin',
      'least_connections',
      'random',
      'capacity_based',
      'capability_matching',
    ]),
    ...fallback,
  }),
  /** Shares of the work by agent id; `otherwise` is the weight of agents that are not named. Weight 0: no work, but what a `fallback` gives it. */
  z.strictObject({
    use: z.literal('weighted'),
    weights: z.record(agentId, weight),
    otherwise: weight.default(1),
    ...fallback,
  }),
  /** The same key goes to the same agent while it is there: `by` names the key (default: the task's `affinity_key`, else its type). */
  z.strictObject({
    use: z.literal('consistent_hashing'),
    by: z.enum(['affinity_key', 'task_type', 'workflow', 'task_id']).optional(),
    ...fallback,
  }),
  /** As consistent_hashing, and tasks wait up to `wait_ms` for their own agent when it is full (0: soft affinity). */
  z.strictObject({
    use: z.literal('affinity'),
    by: z.enum(['affinity_key', 'task_type', 'workflow', 'task_id']).optional(),
    wait_ms: z.int().min(0).max(preferenceMsMax).default(0),
    ...fallback,
  }),
  /** How much success, speed and low cost count; each is compared on a logarithmic scale. */
  z.strictObject({
    use: z.literal('performance_based'),
    success: weight.default(4),
    speed: weight.default(1),
    cost: weight.default(0),
    ...fallback,
  }),
  /** The nearest region first: the label `region` of the agent, the task's own `region`, else `region`; distances in ms both ways. */
  z.strictObject({
    use: z.literal('geographic'),
    region: region.optional(),
    distances_ms: z.record(region, z.record(region, z.number().min(0).max(60_000))).default({}),
    ...fallback,
  }),
  z.strictObject({ use: z.literal('cost_aware'), ...fallback }),
  /** The earliest expected finish; `explore` is the share of tasks that go to the agent least known for their type. */
  z.strictObject({ use: z.literal('predictive'), explore: share.default(0.05), ...fallback }),
  /** A JSONata expression over `agent` and `task_type` that gives a number; the highest gets the task. */
  z.strictObject({ use: z.literal('custom'), score: z.string().min(1).max(expressionCharactersMax), ...fallback }),
]);
export type StrategySettings = z.infer<typeof strategySettings>;
export type StrategyName = (typeof strategyNames)[number];
