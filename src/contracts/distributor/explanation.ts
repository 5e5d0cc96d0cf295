import * as z from 'zod';
import { agentId, taskId, timestamp } from '../ids.ts';
import { comingEscalation, distributionLog, hedgeView, priority, spill, taskStatus } from './task.ts';

/** Agents of an explanation that are named one by one; the others are counted by the reason. */
export const explainedAgentsMax = 20;

/** Where one stands among those who take turns: its weight, its part of the level while all wait that do now, the starts that it has had beyond that, and whose turn it is. */
const turn = z.strictObject({
  of: z.enum(['namespace', 'submitter']),
  name: z.string(),
  weight: z.number().positive(),
  share: z.number().min(0).max(1),
  ahead: z.number().nonnegative(),
  next: z.string(),
});

/** Why a task is where it is: constant in size, whatever the number of agents and tasks. */
export const taskExplanation = z.strictObject({
  task_id: taskId,
  status: taskStatus,
  /** Its queue was full when it came: it requires other capabilities than it was submitted with. */
  spilled: spill.optional(),
  /** How the agent of its newest attempt was chosen. */
  distribution: distributionLog.optional(),
  /** While it is Processing: when it gets a second run elsewhere unless it has ended. */
  hedge_at: timestamp.optional(),
  /** The other run of a task that was hedged, with where and why it was given. */
  hedge: hedgeView.optional(),
  /** While it is Queued: what would be decided now. */
  queued: z
    .strictObject({
      strategy: z.string(),
      /** The rule of the pool's policy that applies. */
      rule: z.string().optional(),
      /** Agents that could take it now, the best by the strategy's score first. */
      candidates: z.array(z.strictObject({ agent_id: agentId, score: z.number() })).max(explainedAgentsMax),
      /** Agents that cannot, with the reason. */
      excluded: z.array(z.strictObject({ agent_id: agentId, reason: z.string() })).max(explainedAgentsMax),
      /** How many agents each reason excludes. */
      reasons: z.record(z.string(), z.int()),
      waits_because: z.string(),
      /** What stands before it and wants the same agents: at least so many, the first of them by name. */
      before: z.strictObject({
        tasks: z.int().nonnegative(),
        first: z.array(taskId).max(5),
        more: z.boolean(),
        /** How many of them only the turns of others put before it. */
        by_turn: z.int().positive().optional(),
      }),
      /** Where its namespace and its submitter stand among those who share its level. */
      turns: z.array(turn).max(2).optional(),
      would_start: z.string(),
      /** The level that it was submitted with, once its deadline has raised it; and how it rises next. */
      escalated_from: priority.optional(),
      escalates: comingEscalation.optional(),
      due_at: timestamp,
      starts_by: timestamp.optional(),
      /** Why that cannot be told. */
      no_bound_because: z.string().optional(),
    })
    .optional(),
});
export type TaskExplanation = z.infer<typeof taskExplanation>;
