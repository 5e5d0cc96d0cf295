import * as z from 'zod';
import { declaredReads, taskReads } from '../context/declared-reads.ts';
import { spentView, taskBudget, usage } from './budget.ts';
import { agentId, capabilityList, region, taskId, taskType, timestamp, userId, wellFormed } from '../ids.ts';
import { json } from '../json.ts';
import {
  backupAgentsMax,
  concurrencyMax,
  deadlineMsMax,
  debounceMsMax,
  escalationMsMin,
  hedgeAfterMsMin,
  idCharactersMax,
  ratePeriodMsMax,
  ratePeriodMsMin,
  rateStartsMax,
  timeoutMsMax,
} from '../limits.ts';
import { plainStrategies, strategyNames } from './strategy.ts';

/** Levels in their order: a lower index is served first. */
export const priorities = ['critical', 'high', 'medium', 'low'] as const;
export const priority = z.enum(priorities);
export type Priority = z.infer<typeof priority>;

/** Whether one level is served before another. */
export const isAbove = (one: Priority, other: Priority): boolean => priorities.indexOf(one) < priorities.indexOf(other);

/** What tasks share that must not be used by too many of them at once: an account, a repository, a customer. */
const limitKey = wellFormed(z.string().min(1).max(idCharactersMax));
/** Attempts that run at the same time. */
export const concurrencyLimit = z.int().min(1).max(concurrencyMax);
/** At most `limit` starts in any `period_ms`. */
export const rateLimit = z.strictObject({
  limit: z.int().min(1).max(rateStartsMax),
  period_ms: z.int().min(ratePeriodMsMin).max(ratePeriodMsMax),
});
export type RateLimit = z.infer<typeof rateLimit>;

/**
 * The task is idempotent: should it run longer than `after_ms`, it may run a second time elsewhere, and the first result counts.
 * @default after_ms: what 95 % of its type take, once that is known
 */
const hedgeRule = z.strictObject({ after_ms: z.int().min(hedgeAfterMsMin).max(timeoutMsMax).optional() });

/** Who should run a task: the primary agent, then the backups in their order; others only when none of these is alive. And with how many others it may run. */
export const distributionRules = z.strictObject({
  primary_agent: agentId.optional(),
  backup_agents: z.array(agentId).max(backupAgentsMax).optional(),
  /** How the agent is chosen among those that may run it; a policy's rules and pins come first. */
  routing_strategy: z.enum(plainStrategies).optional(),
  /** Tasks with the same key go to the same agent where the strategy looks at it (consistent_hashing, affinity). */
  affinity_key: z.string().min(1).max(128).optional(),
  /** Where the task's data is: what the geographic strategy measures from. */
  region: region.optional(),
  /** What one attempt is expected to use: so much of its workflow's budget is reserved for it. Where it is not given, what attempts of its type used on average. */
  estimate: usage.optional(),
  /** The task waits while `limit` attempts of its key run. */
  concurrency: z.strictObject({ key: limitKey, limit: concurrencyLimit }).optional(),
  /** The task waits while `limit` attempts of its key have started within the last `period_ms`. */
  rate_limit: z.strictObject({ key: limitKey, ...rateLimit.shape }).optional(),
  hedge: hedgeRule.optional(),
});

const debounceMs = z.int().min(1_000).max(debounceMsMax);
/** What a submission says about others with its key, besides how its task is distributed. */
export const submissionRules = distributionRules
  .extend({
    /** While a task with this key waits or runs, another one is refused, or joins it: then nothing new is made. */
    singleton: z.strictObject({ key: limitKey, on_conflict: z.enum(['refuse', 'join']).optional() }).optional(),
    /** The task starts `delay_ms` later; a later submission of the key replaces it while it waits, and starts the delay anew, up to `max_delay_ms` from the first one. */
    debounce: z.strictObject({ key: limitKey, delay_ms: debounceMs, max_delay_ms: debounceMs.optional() }).optional(),
  })
  .refine(({ singleton, debounce }) => singleton === undefined || debounce === undefined, {
    error: 'give singleton or debounce, not both',
    path: ['debounce'],
  });
export type DistributionRules = z.infer<typeof submissionRules>;

/**
 * What becomes of a task that still waits when its deadline passes: it runs all the same; it fails (`drop`), as a dead letter (`dead_letter`); or other capabilities than
 * before are asked for, and no agent by name (`reroute`).
 */
export const expiryPolicy = z.union([
  z.enum(['run', 'drop', 'dead_letter']),
  z.strictObject({ reroute: capabilityList }),
]);
export type ExpiryPolicy = z.infer<typeof expiryPolicy>;

/** A task that still waits when its deadline is no further than `within_ms` stands in this level from then on. */
const escalationStep = z.strictObject({
  within_ms: z.int().min(escalationMsMin).max(deadlineMsMax),
  priority: priority.exclude(['low']),
});
export type Escalation = z.infer<typeof escalationStep>;

/** How a task's level rises as its deadline comes nearer: each step is nearer to the deadline than the one before it, and of a higher level. When the task is due stays as it was. */
export const escalation = z
  .array(escalationStep)
  .min(1)
  .max(priorities.length - 1)
  .superRefine((steps, context) => {
    for (const [index, { within_ms, priority: level }] of steps.entries()) {
      const before = steps[index - 1];
      if (before === undefined) continue;
      if (within_ms >= before.within_ms)
        context.addIssue({
          code: 'custom',
          message: 'must be nearer than the step before',
          path: [index, 'within_ms'],
        });
      if (!isAbove(level, before.priority))
        context.addIssue({ code: 'custom', message: `is not above ${before.priority}`, path: [index, 'priority'] });
    }
  });

/** A task as a user submits it: the specification's format, and what becomes of it too late. */
export const task = z
  .strictObject({
    task_id: userId,
    task_type: taskType,
    priority,
    deadline: timestamp.optional(),
    on_expiry: expiryPolicy.optional(),
    escalation: escalation.optional(),
    required_capabilities: capabilityList,
    payload: json,
    distribution_rules: submissionRules.optional(),
    /** What all its attempts together may use. */
    budget: taskBudget.optional(),
    /** Whose task it is: what a policy shares out and limits by. `default` where it is not given. */
    namespace: userId.optional(),
    reads: declaredReads.optional(),
  })
  .refine(({ deadline, on_expiry = 'run' }) => on_expiry === 'run' || deadline !== undefined, {
    error: 'needs a deadline',
    path: ['on_expiry'],
  })
  .superRefine(({ deadline, priority: own, escalation: [first] = [] }, context) => {
    if (first === undefined) return;
    if (deadline === undefined) context.addIssue({ code: 'custom', message: 'needs a deadline', path: ['escalation'] });
    if (!isAbove(first.priority, own))
      context.addIssue({ code: 'custom', message: `is not above ${own}`, path: ['escalation', 0, 'priority'] });
  });
export type Task = z.infer<typeof task>;

export const taskStatuses = ['Queued', 'Processing', 'Completed', 'Failed', 'Cancelled'] as const;
export const taskStatus = z.enum(taskStatuses);
export type TaskStatus = z.infer<typeof taskStatus>;

/** The error of an attempt, as the agent reports it or as Cadre finds it. */
export const taskError = z.strictObject({
  code: wellFormed(z.string().min(1).max(128)),
  message: wellFormed(z.string().max(4_096)),
  retryable: z.boolean(),
});
export type TaskError = z.infer<typeof taskError>;

/** A large value in S3 (claim check): the key inside the deployment's bucket, its size in bytes. */
export const blobRef = z.strictObject({ key: z.string().min(1).max(512), bytes: z.int().nonnegative() });
export type BlobRef = z.infer<typeof blobRef>;

/**
 * The key of a large value: under its owner (a task, a workflow) and named by the SHA-256 (hex) of its text. A repeat writes the same object, nobody can change it behind
 * a reference, and no owner's keys lie among another's.
 */
export function blobKey(owner: string, sha256: string): string {
  return `blobs/${owner.replaceAll(':', '/')}/${sha256}`;
}

const sha256Characters = 64;

/** True for a key that `blobKey` makes for this owner. */
export function isBlobOf(owner: string, key: string): boolean {
  const sha256 = key.slice(-sha256Characters);
  return /^[0-9a-f]{64}$/.test(sha256) && key === blobKey(owner, sha256);
}

/** Why an agent got a task: constant in size however many agents were considered. */
export const distributionLog = z.strictObject({
  id: z.string(),
  task_id: taskId,
  agent_id: agentId,
  distribution_time: timestamp,
  /** The task named the agent, or nobody that it named was available (`fallback`), or it has the checkpoint (`resume`), or a strategy chose. */
  routing_rule: z.enum(['primary-agent', 'backup-agent', 'fallback', 'resume', ...strategyNames]),
  /** The rule of the pool's policy that decided, by its name. */
  policy_rule: z.string().optional(),
  /** While a policy is tried on a share of the tasks: which side decided. */
  policy_side: z.enum(['old', 'new']).optional(),
  efficiency_score: z.number().min(0).max(1),
  reasons: z.array(z.string()).max(8),
  /** The best candidates by the strategy's score, the chosen one first; left out in pools of many agents. */
  candidates: z
    .array(z.strictObject({ agent_id: agentId, score: z.number() }))
    .max(3)
    .optional(),
});
export type DistributionLog = z.infer<typeof distributionLog>;

/** The other run of a task that was hedged: while it is Processing the second one, afterwards the one that lost. */
export const hedgeView = z.strictObject({
  attempt: z.int().positive(),
  agent_id: agentId,
  started_at: timestamp,
  /** What it is charged with, once it has lost: what attempts of its type use on average, or its `estimate`. It is part of what the task has spent. */
  cost: spentView.optional(),
  distribution: distributionLog.optional(),
});

/** How a task was spilled when it was submitted: by which overflow rule of the policy, and the capabilities that it had required. */
export const spill = z.strictObject({ by: z.string(), from: capabilityList });
export type Spill = z.infer<typeof spill>;

/** The step that a waiting task has before it. */
export const comingEscalation = escalationStep.extend({ at: timestamp });

/** A task as the API, the SDK and the CLI show it. Times are RFC 3339, durations seconds. */
export const taskView = z.strictObject({
  ...task.shape,
  task_id: taskId,
  reads: taskReads.optional(),
  payload: json.optional(),
  payload_ref: blobRef.optional(),
  status: taskStatus,
  assigned_agent: agentId.optional(),
  attempt: z.int().nonnegative(),
  retry_count: z.int().nonnegative(),
  created_at: timestamp,
  queued_at: timestamp,
  started_at: timestamp.optional(),
  completed_at: timestamp.optional(),
  not_before: timestamp.optional(),
  /** Who submitted it, as a policy's shares name them: the id of an IAM user or role, or `jwt:` and the subject of a token. */
  submitter: z.string().optional(),
  /** Its queue was full when it came: it requires other capabilities than it was submitted with. */
  spilled: spill.optional(),
  dependencies: z.array(z.string()),
  complexity_score: z.number().optional(),
  estimated_duration: z.number().optional(),
  workflow_id: userId.optional(),
  node: z.string().optional(),
  output: json.optional(),
  output_ref: blobRef.optional(),
  error: taskError.optional(),
  distribution: distributionLog.optional(),
  /** While it is Processing: when it gets a second run elsewhere unless it has ended. */
  hedge_at: timestamp.optional(),
  hedge: hedgeView.optional(),
  /** What its ended attempts used, as far as agents said so. */
  spent: spentView.optional(),
  /** Why it waits, while it is Queued. */
  waits_because: z.string().optional(),
  /** The level that it was submitted with, once its deadline has raised it. */
  escalated_from: priority.optional(),
  /** While it is Queued: its next step, and when it applies. */
  escalates: comingEscalation.optional(),
  /** When it stands before all others, while it is Queued. */
  due_at: timestamp.optional(),
  /** When it starts at the latest, as things stand: by the time-outs of what runs and of what is due before it. */
  starts_by: timestamp.optional(),
  /** Why that cannot be told. */
  no_bound_because: z.string().optional(),
  late_results: z.int().nonnegative(),
});
export type TaskView = z.infer<typeof taskView>;
