import * as z from 'zod';
import { taskId, timestamp } from '../ids.ts';
import { spill } from './task.ts';

const share = z.number().min(0).max(1);
const span = z.strictObject({ p50: timestamp, p95: timestamp });

/**
 * What is to be expected of a task as things stand: from the backlog before it, how long its type has taken, and the agents. What comes later and goes first is
 * not foreseen.
 */
export const taskForecast = z.strictObject({
  task_id: taskId,
  /** Its queue is full: it would require other capabilities than its own, and the forecast is for these. */
  spilled: spill.optional(),
  /** The chance that it ends after its deadline. Absent without a deadline, and where nothing is known of durations. */
  miss: share.optional(),
  /** The same with one more agent that offers what it needs. */
  miss_with_one_more: share.optional(),
  /** How many such agents more bring the chance to one in twenty. Absent where no number of agents does: the task takes too long by itself. */
  agents_needed: z.int().nonnegative().optional(),
  starts_at: span.optional(),
  ends_at: span.optional(),
  /** Agents that can run it, and their slots. */
  agents: z.int().nonnegative(),
  slots: z.int().nonnegative(),
  /** What stands before it and may use the same agents: at least so many, where there are more than were read. */
  before: z.strictObject({ tasks: z.int().nonnegative(), more: z.boolean() }),
  /** What its duration is taken from: its type, its own `estimated_duration`, other types, or nothing. */
  durations_from: z.enum(['type', 'estimate', 'other_types', 'nothing']),
});
export type TaskForecast = z.infer<typeof taskForecast>;

/** One forecast a task, in their order. */
export const taskForecasts = z.strictObject({ items: z.array(taskForecast) });
