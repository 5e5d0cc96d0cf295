import * as z from 'zod';
import { fault } from '../api.ts';
import { taskId, timestamp, userId } from '../ids.ts';
import { json } from '../json.ts';
import { workflowStatus } from './workflow.ts';

/** A node in a plan. Times are milliseconds. */
const plannedNode = z.object({
  name: z.string(),
  depends_on: z.array(z.string()),
  status: z.string(),
  estimated_ms: z.number().nonnegative(),
  /** Where the estimate comes from: the node's payload, what agents took for its task type, or nowhere. */
  estimated_by: z.enum(['definition', 'history', 'nothing']),
  starts_at: timestamp.optional(),
  ends_at: timestamp.optional(),
  /** How much later it may end without the workflow ending later; absent when it has ended. */
  slack_ms: z.number().nonnegative().optional(),
  critical: z.boolean(),
});

/** When the nodes of a workflow run, as far as it is known, and which of them decide when it ends. For a definition, from now on. */
export const planView = z.object({
  workflow_id: userId.optional(),
  name: z.string(),
  status: workflowStatus,
  predicted_finish: timestamp,
  deadline: timestamp.optional(),
  critical_path: z.array(z.string()),
  nodes: z.array(plannedNode),
});
export type PlanView = z.infer<typeof planView>;

/** What is wrong with a definition and what may turn out wrong later; its plan when it may run. */
export const validationView = z.object({
  valid: z.boolean(),
  errors: z.array(fault),
  warnings: z.array(fault),
  plan: planView.optional(),
});
export type ValidationView = z.infer<typeof validationView>;

export const replayQuery = z.strictObject({ at: timestamp.optional() });
/** A workflow as its event log tells it, at a moment or to its end. Only the end can be compared with what is stored. */
export const replayView = z.object({
  workflow_id: userId,
  at: timestamp.optional(),
  events: z.int().nonnegative(),
  seq: z.int().nonnegative(),
  status: workflowStatus,
  cancelled: z.boolean(),
  nodes: z.array(z.object({ name: z.string(), task_id: taskId, status: z.string() })),
  matches: z.boolean().optional(),
  differences: z.array(z.string()),
});
export type ReplayView = z.infer<typeof replayView>;

/** What a query of a run's definition gave; `seq` is the step of the run that it saw. */
export const queryView = z.strictObject({
  workflow_id: userId,
  query: userId,
  seq: z.int().nonnegative(),
  value: json,
});
export type QueryView = z.infer<typeof queryView>;
