import * as z from 'zod';
import { taskForecast } from './distributor/forecast.ts';
import { nodePath, taskId, timestamp, userId } from './ids.ts';
import { json } from './json.ts';
import { pageSizeMax, tasksPerMessageMax } from './limits.ts';
import { task, taskStatus } from './distributor/task.ts';
import { workflowEvent, workflowStatus } from './workflow/workflow.ts';

/** Bytes of a request's body. API Gateway would take 10 MB and Lambda 6 MB; larger bodies would be refused there without a reason. */
export const bodyBytesMax = 5 * 1024 * 1024;
/** Bytes of a stored value that the API answers with. Larger: Lambda's answer limit; the reference leads to it on S3. */
export const answerBytesMax = 5 * 1024 * 1024;
/** Items of a page when nothing is asked for. */
export const pageSizeDefault = 25;

/** One fault as people and programs read it. */
export const fault = z.object({
  code: z.string(),
  message: z.string(),
  path: z.string().optional(),
  fix: z.string().optional(),
});

/** RFC 9457 problem details; `type` leads into docs/errors.md. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  instance: z.string(),
  errors: z.array(fault),
  correlation_id: z.string(),
});
export type Problem = z.infer<typeof problem>;

/** One task, or up to 25 together. */
export const taskSubmission = z.union([task, z.strictObject({ tasks: z.array(task).min(1).max(tasksPerMessageMax) })]);

/** `forecast=true`: the answer tells how likely each task misses its deadline. */
export const submissionQuery = z.strictObject({ forecast: z.enum(['true', 'false']).optional() });

/** A task that was taken; `repeated` when the same body had been submitted before. */
export const submittedTask = z.object({ task_id: taskId, repeated: z.boolean(), forecast: taskForecast.optional() });
export type SubmittedTask = z.infer<typeof submittedTask>;

/** What is sent out when a workflow has ended, in words. */
export const deliveryNotificationView = z.object({
  workflow_id: userId,
  status: workflowStatus,
  delivery_notification: z.string(),
});
export type DeliveryNotificationView = z.infer<typeof deliveryNotificationView>;

export const submittedTasks = z.object({
  results: z.array(
    z.union([
      z.object({ ok: z.literal(true), value: submittedTask }),
      z.object({ ok: z.literal(false), error: fault }),
    ]),
  ),
});

export const cancelRequest = z.strictObject({ reason: z.string().min(1).max(1_024).optional() });

/** Why somebody stops an agent or kills a task: kept with it, told to agents and in events. */
export const stopRequest = z.strictObject({ reason: z.string().min(1).max(1_024) });

/** What a redrive takes as done instead of running it again: compensations that failed, by their paths. */
export const workflowRedriveRequest = z.strictObject({ skip: z.array(nodePath).max(1_000).default([]) });

/** The query of a listing. */
export const pageQuery = z.strictObject({
  cursor: z.string().max(4_096).optional(),
  limit: z.coerce.number().int().min(1).max(pageSizeMax).default(pageSizeDefault),
});
export const taskListQuery = z.strictObject({ ...pageQuery.shape, status: taskStatus.optional() });

/** A page of a listing. */
export function page<T extends z.ZodType>(items: T) {
  return z.object({ items: z.array(items), cursor: z.string().optional() });
}

/** What happened in a workflow, in its order. */
export const workflowEventView = z.object({ seq: z.int(), at: timestamp, events: z.array(workflowEvent) });
export type WorkflowEventView = z.infer<typeof workflowEventView>;

/** A failed task, or a message nobody could read, with its reason. */
export const deadLetterView = z.object({
  id: z.string(),
  kind: z.enum(['task', 'message']),
  at: timestamp,
  source: z.string(),
  code: z.string(),
  message: z.string(),
  path: z.string().optional(),
  body: json.optional(),
});
export type DeadLetterView = z.infer<typeof deadLetterView>;

export const redriveRequest = z.strictObject({
  ids: z.array(z.string().min(1).max(300)).max(pageSizeMax).optional(),
  dry_run: z.boolean().default(false),
});
export const redriveOutcome = z.object({
  id: z.string(),
  kind: z.enum(['task', 'message']).optional(),
  outcome: z.enum(['redriven', 'would be redriven', 'refused']),
  error: fault.optional(),
});
export type RedriveOutcome = z.infer<typeof redriveOutcome>;

export const systemStatuses = ['Healthy', 'Warning', 'Degraded', 'Critical'] as const;
/** How the deployment is, and why. */
export const systemStatusView = z.object({
  status: z.enum(systemStatuses),
  reasons: z.array(z.string()),
  agents: z.object({ total: z.int(), available: z.int(), slots: z.int(), occupied: z.int() }),
  tasks: z.object({ queued: z.int() }),
  dead_letters: z.int(),
  checked_at: timestamp,
});
export type SystemStatusView = z.infer<typeof systemStatusView>;
