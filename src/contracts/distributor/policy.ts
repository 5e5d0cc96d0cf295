import * as z from 'zod';
import { fault } from '../api.ts';
import { labels } from './agent.ts';
import { canaryFigures, canarySettings } from './canary.ts';
import { agentId, capability, capabilityList, taskType, timestamp, userId } from '../ids.ts';
import {
  overflowRulesMax,
  policyLimitsMax,
  reservationsMax,
  routingRulesMax,
  sharesMax,
  shareWeightMax,
  submitterCharactersMax,
  waitingTasksMax,
} from '../limits.ts';
import { policyName, strategySettings } from './strategy.ts';
import { concurrencyLimit, priority, rateLimit } from './task.ts';

/** Which tasks a rule is about: all that is named must hold, one of each list. An empty object matches every task. */
export const taskMatch = z.strictObject({
  task_type: z.array(taskType).min(1).optional(),
  priority: z.array(priority).min(1).optional(),
  /** One of these capabilities is required by the task. */
  capability: z.array(capability).min(1).optional(),
  /** The task is in one of these namespaces. */
  namespace: z.array(userId).min(1).optional(),
  /** The task belongs to one of these workflows. */
  workflow: z.array(z.string().min(1).max(128)).min(1).optional(),
});
export type TaskMatch = z.infer<typeof taskMatch>;

/** A rule: the first whose match holds decides. A task that it leaves without an agent waits, and those behind it go on. */
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

/** How many of all tasks that match may run at once, and how many may start in a period. Of several limits that match all must have room. */
export const policyLimit = z.strictObject({
  name: policyName,
  match: taskMatch,
  /** Each namespace, or each submitter, has so much to itself: a quota. */
  per: z.enum(['namespace', 'submitter']).optional(),
  concurrency: concurrencyLimit.optional(),
  rate_limit: rateLimit.optional(),
});
export type PolicyLimit = z.infer<typeof policyLimit>;

/**
 * Slots kept for the tasks that match: `percent` of all the pool's, rounded down. Others use them while none of these waits. Of several reservations that a task matches
 * the first counts.
 */
export const reservation = z.strictObject({
  name: policyName,
  match: taskMatch.pick({ priority: true, namespace: true, workflow: true }),
  percent: z.int().min(1).max(100),
});
export type Reservation = z.infer<typeof reservation>;

const overflowScope = {
  name: policyName,
  namespace: userId.optional(),
  waiting_max: z.int().min(1).max(waitingTasksMax),
};

/**
 * How many tasks may wait for their turn, of a namespace or (without one) of the whole pool; and what happens beyond that: submissions are refused with `queue-full`, or what
 * stands last in the ready order fails as a dead letter (`shed`), or new tasks require the capabilities `to` instead of their own, so that other agents do them (`spill`).
 */
export const overflowRule = z.discriminatedUnion('then', [
  z.strictObject({ ...overflowScope, then: z.enum(['refuse', 'shed_lowest']) }),
  z.strictObject({ ...overflowScope, then: z.literal('spill'), to: capabilityList.min(1) }),
]);
export type OverflowRule = z.infer<typeof overflowRule>;
export type SpillRule = Extract<OverflowRule, { then: 'spill' }>;

/** Weights by name. */
const weightsOf = (name: z.ZodType<string, string>) =>
  z
    .record(
      name,
      z
        .number()
        .positive()
        .min(1 / shareWeightMax)
        .max(shareWeightMax),
    )
    .refine((all) => Object.keys(all).length <= sharesMax, `at most ${sharesMax} of them`);

/** IAM's unique id of a user or role (`AIDA…`, `AROA…`), an account in a local deployment, `jwt:` and a subject; or `*`. */
const submitterName = z.string().min(1).max(submitterCharactersMax);
const isSession = (name: string): boolean => /^AROA[A-Z0-9]*:/.test(name);

/** How a pool chooses agents. Everything may be left out: then the least-loaded agent gets the task. */
export const policyDocument = z.strictObject({
  strategies: z.record(policyName, strategySettings).optional(),
  /** The strategy of tasks that no rule and no type names. */
  strategy: policyName.optional(),
  by_task_type: z.record(taskType, policyName).optional(),
  rules: z.array(policyRule).max(routingRulesMax).optional(),
  /** Weights of namespaces, `*` for all others: inside a level their tasks start in proportion to them, while each has some waiting. */
  shares: weightsOf(z.union([userId, z.literal('*')])).optional(),
  /**
   * Weights of submitters, `*` for all others: those of a namespace take turns in what it gets, or all of the pool where namespaces do not share. A submitter is the id of
   * an IAM user or role, without a session, or `jwt:` and the subject of a token.
   */
  submitters: weightsOf(submitterName)
    .refine(
      (all) => !Object.keys(all).some(isSession),
      'name a role without a session: all its sessions are one submitter',
    )
    .optional(),
  limits: z.array(policyLimit).max(policyLimitsMax).optional(),
  reservations: z.array(reservation).max(reservationsMax).optional(),
  overflow: z.array(overflowRule).max(overflowRulesMax).optional(),
  /** The emergency lane: agents with these labels are kept for matching tasks. */
  emergency: z.strictObject({ match: taskMatch, keep_labels: labels }).optional(),
});
export type PolicyDocument = z.infer<typeof policyDocument>;

/** A change of a pool's policy, against the version that its author saw (0: none yet). With `canary` the document is tried before it is in force. */
export const policyChange = z.strictObject({
  document: policyDocument,
  expected_version: z.int().nonnegative(),
  canary: canarySettings.optional(),
});
export const policyPromotion = z.strictObject({ expected_version: z.int().positive() });
/** A document to try. */
export const policyTrialRequest = policyChange.pick({ document: true });
export const policyRollback = z.strictObject({ version: z.int().positive(), expected_version: z.int().positive() });

/** A version of a pool's policy; versions never change. `version` 0 is the empty policy of a pool that has none. */
export const policyView = z.strictObject({
  pool: z.string(),
  version: z.int().nonnegative(),
  document: policyDocument,
  at: timestamp.optional(),
  by: z.string().optional(),
  /** What is tried on a share of the tasks, and how either side does; `document` is in force for all others. */
  canary: z
    .strictObject({
      document: policyDocument,
      ...canarySettings.shape,
      figures: z.strictObject({ old: canaryFigures, new: canaryFigures }).optional(),
    })
    .optional(),
});
export type PolicyView = z.infer<typeof policyView>;

/** What a policy would do, without doing it: where waiting tasks would go now, beside where they go by the policy in force; `warnings` are agents, labels and capabilities that it names and nobody has. */
export const policyTrial = z.strictObject({
  warnings: z.array(fault),
  tasks: z.array(
    z.strictObject({
      task_id: z.string(),
      now: z.string().optional(),
      then: z.string().optional(),
      rule: z.string().optional(),
    }),
  ),
  moved: z.int().nonnegative(),
});
export type PolicyTrial = z.infer<typeof policyTrial>;
