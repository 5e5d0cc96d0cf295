import * as z from 'zod';
import { capabilityList, taskId, timestamp, userId } from './ids.ts';
import { json } from './json.ts';
import { attemptsMax, backoffMsMax, expressionCharactersMax, nodesMax, timeoutMsMax } from './limits.ts';
import { distributionRules, priority, taskError, taskStatus } from './task.ts';

/** When a node may start: all its dependencies completed, or all of them ended in any way. */
export const triggerRule = z.enum(['all_success', 'all_done']);

/** How often a node is tried; the pause doubles from `backoff_ms` on, with jitter. */
export const retryPolicy = z.strictObject({
  max_attempts: z.int().min(1).max(attemptsMax),
  backoff_ms: z.int().min(0).max(backoffMsMax).optional(),
});

/**
 * One task of a workflow. Its payload is `payload` as it stands, or the value of the JSONata expression `input` over
 * `{ input, outputs, nodes }`: the workflow's input, the outputs of its direct dependencies, their `{ status, error }`.
 */
export const workflowNode = z.strictObject({
  name: userId,
  task_type: z.string().min(1).max(128),
  depends_on: z.array(userId).max(nodesMax).default([]),
  required_capabilities: capabilityList.default([]),
  priority: priority.default('medium'),
  trigger_rule: triggerRule.default('all_success'),
  payload: json.optional(),
  input: z.string().max(expressionCharactersMax).optional(),
  retry: retryPolicy.optional(),
  timeout_ms: z.int().min(1).max(timeoutMsMax).optional(),
  distribution_rules: distributionRules.optional(),
});
export type WorkflowNode = z.output<typeof workflowNode>;
export type WorkflowNodeInput = z.input<typeof workflowNode>;

/** A workflow as a user writes it. `output` is a JSONata expression over the same values, with the outputs of all nodes that end the graph. */
export const workflowDefinition = z.strictObject({
  name: userId,
  nodes: z.array(workflowNode).min(1).max(nodesMax),
  output: z.string().max(expressionCharactersMax).optional(),
});
export type WorkflowDefinition = z.output<typeof workflowDefinition>;
export type WorkflowDefinitionInput = z.input<typeof workflowDefinition>;

/** A request to run a definition. The same `workflow_id` with the same body is the same run. */
export const workflowSubmission = z.strictObject({
  workflow_id: userId,
  definition: workflowDefinition,
  input: json.optional(),
});
export type WorkflowSubmission = z.output<typeof workflowSubmission>;

export const workflowStatuses = ['Not Started', 'In Progress', 'Completed', 'Failed', 'Partially Complete'] as const;
export const workflowStatus = z.enum(workflowStatuses);
export type WorkflowStatus = z.infer<typeof workflowStatus>;

export const nodeStatuses = ['Waiting', 'Started', 'Completed', 'Failed', 'Skipped'] as const;
export const nodeStatus = z.enum(nodeStatuses);
export type NodeStatus = z.infer<typeof nodeStatus>;

/** What happened in a workflow: the audit trail and the input of the reducer. */
export const workflowEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('WorkflowStarted') }),
  z.strictObject({ type: z.literal('NodeStarted'), node: userId }),
  z.strictObject({ type: z.literal('NodeCompleted'), node: userId, agent_id: z.string().optional(), attempt: z.int() }),
  z.strictObject({
    type: z.literal('NodeFailed'),
    node: userId,
    agent_id: z.string().optional(),
    attempt: z.int(),
    error: taskError,
  }),
  z.strictObject({ type: z.literal('NodeSkipped'), node: userId, reason: z.string() }),
  z.strictObject({ type: z.literal('WorkflowCancelled'), by: z.string(), reason: z.string() }),
  z.strictObject({ type: z.literal('WorkflowFinished'), status: workflowStatus }),
]);
export type WorkflowEvent = z.infer<typeof workflowEvent>;

/** One task of a run as `cadre run --json` prints it. */
export const runTask = z.strictObject({
  name: userId,
  task_id: taskId,
  status: z.union([taskStatus, z.literal('Waiting'), z.literal('Skipped')]),
  agent_id: z.string().optional(),
  attempt: z.int(),
  queued_at: timestamp.optional(),
  started_at: timestamp.optional(),
  completed_at: timestamp.optional(),
  error: taskError.optional(),
  reasons: z.array(z.string()).optional(),
});
export type RunTask = z.infer<typeof runTask>;

/** A workflow as every surface shows it. */
export const workflowView = z.strictObject({
  workflow_id: userId,
  name: z.string(),
  status: workflowStatus,
  created_at: timestamp,
  started_at: timestamp.optional(),
  completed_at: timestamp.optional(),
  makespan_ms: z.int().nonnegative().optional(),
  nodes: z.record(nodeStatus, z.int().nonnegative()),
  warnings: z.array(z.string()),
  output: json.optional(),
  error: z.string().optional(),
});
export type WorkflowView = z.infer<typeof workflowView>;
