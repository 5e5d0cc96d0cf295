import * as z from 'zod';
import { usage } from './distributor/budget.ts';
import { contextId, contextType, namespaceName } from './context/names.ts';
import { taskReads } from './context/declared-reads.ts';
import { agentId, taskId, taskType, timestamp, userId } from './ids.ts';
import { json } from './json.ts';
import { principalCharactersMax, slotsMax, tasksPerMessageMax } from './limits.ts';
import { blobRef, isBlobOf, priority, task, taskError } from './distributor/task.ts';

/** Submission without EventBridge: what the SDK puts on a priority's queue. */
export const taskBatch = z.strictObject({ tasks: z.array(task).min(1).max(tasksPerMessageMax) });

/** dispatch.fifo: these routes of the pool may have something to hand out. A hint: it may be lost or repeated. */
export const dispatchHint = z.strictObject({ pool: userId, routes: z.array(z.string()) });
export type DispatchHint = z.infer<typeof dispatchHint>;

/**
 * dispatch.fifo: the share of a round that another dispatcher hands out, unless `roundShardMsMax` have passed since `decided_at` (epoch ms). It stays within a deployment: what a part
 * says besides is as its sender had it.
 */
export const dispatchShard = z.strictObject({
  pool: userId,
  decided_at: z.int().nonnegative(),
  assignments: z
    .array(
      z.looseObject({
        task: z.looseObject({ task_id: taskId, route: z.string(), attempt: z.int().nonnegative() }),
        agent: z.looseObject({ agent_id: agentId, principal: z.string(), inbox_url: z.string(), capacity: z.int() }),
        attempt: z.int().positive(),
      }),
    )
    .min(1),
});

/** dispatch.fifo: either of them. */
export const dispatchMessage = z.union([dispatchHint, dispatchShard]);

/** inbox: the lease of one attempt. `attempt` is the fencing token; `until` is when the attempt times out. */
export const assignment = z.object({
  kind: z.literal('assign'),
  pool: z.string(),
  task_id: taskId,
  task_type: z.string(),
  priority,
  deadline: timestamp.optional(),
  attempt: z.int().positive(),
  until: timestamp,
  payload: json.optional(),
  payload_ref: blobRef.optional(),
  /** What an earlier attempt saved before it had to make way. */
  checkpoint: json.optional(),
  checkpoint_ref: blobRef.optional(),
  traceparent: z.string().optional(),
  reads: taskReads.optional(),
});
export type Assignment = z.infer<typeof assignment>;

/** inbox: leases that an agent which takes batches runs in one slot. */
const assignedBatch = z.object({ kind: z.literal('batch'), tasks: z.array(assignment).min(1) });

/** inbox: stop this attempt, its result would be refused. With `until`: end it by itself, what it comes to counts until then. */
export const cancellation = z.object({
  kind: z.literal('cancel'),
  task_id: taskId,
  attempt: z.int().positive(),
  reason: z.string(),
  until: timestamp.optional(),
});
export type Cancellation = z.infer<typeof cancellation>;

/** inbox: make way for a critical task: end this attempt, save a checkpoint and hand the task back. */
const preemption = z.object({
  kind: z.literal('preempt'),
  task_id: taskId,
  attempt: z.int().positive(),
  reason: z.string(),
});
export type Preemption = z.infer<typeof preemption>;

/** inbox: a document changed that the agent watches; this is how it is now. A hint: one may come twice, late, or not at all. */
const documentChange = z.object({
  kind: z.literal('changed'),
  namespace: namespaceName,
  context_id: contextId,
  context_type: contextType,
  version: z.int().min(1),
  at: timestamp,
  by: z.string(),
  deleted: z.boolean(),
});
export type DocumentChange = z.infer<typeof documentChange>;

/** Agents ignore keys they do not know, so that newer deployments can talk to older agents. */
export const inboxMessage = z.discriminatedUnion('kind', [
  assignment,
  assignedBatch,
  cancellation,
  preemption,
  documentChange,
]);
export type InboxMessage = z.infer<typeof inboxMessage>;

/** How an attempt ended. `released` hands the task back without counting a retry; its output is the checkpoint from which the next attempt goes on. */
export const taskResult = z.strictObject({
  task_id: taskId,
  attempt: z.int().positive(),
  outcome: z.enum(['completed', 'failed', 'released']),
  /** Released because it had to make way. */
  preempted: z.boolean().optional(),
  output: json.optional(),
  output_ref: blobRef.optional(),
  error: taskError.optional(),
  duration_ms: z.number().nonnegative().optional(),
  /** The assignment's type given back: the agent's figures are kept by it, with no read of the task. */
  task_type: taskType.optional(),
  usage: usage.optional(),
});
export type TaskResult = z.infer<typeof taskResult>;

/** The whole bucket is readable to whoever reads outputs: an agent that could name any key would show what is in it to others. */
const reportedResult = taskResult.refine(
  ({ task_id, output_ref }) => output_ref === undefined || isBlobOf(task_id, output_ref.key),
  {
    path: ['output_ref', 'key'],
    error: 'a result refers to values of its own task only: blobs/<task id, "/" for ":">/<SHA-256>',
  },
);

/** results.fifo: results of one agent; one message carries one group (a workflow, or the agent's tasks of their own). */
export const resultBatch = z.strictObject({
  pool: userId,
  agent_id: agentId,
  results: z.array(reportedResult).min(1).max(tasksPerMessageMax),
});
export type ResultBatch = z.infer<typeof resultBatch>;
/** A batch with the principal that it comes from, where that is not its sender: serve-agents speaks for agents that have nothing but HTTP. */
export const relayedBatch = resultBatch.extend({ principal: z.string().min(1).max(principalCharactersMax).optional() });

/** heartbeats: the agent is alive and holds these attempts (`task_id#attempt`). The next one comes within `interval_ms`. */
export const heartbeat = z.strictObject({
  pool: userId,
  agent_id: agentId,
  holding: z.array(z.string().max(300)).max(slotsMax * 2),
  interval_ms: z.int().min(100).max(3_600_000),
  leaving: z.boolean().optional(),
});
export type Heartbeat = z.infer<typeof heartbeat>;

/** pulse: look after this pool. The watchdog's tick, which comes every minute, also looks ahead at the timers. */
export const pulseTick = z.strictObject({ pool: userId, watchdog: z.literal(true).optional() });
export type PulseTick = z.infer<typeof pulseTick>;

/** A document changed, as the bus tells it; the keys around these are the envelope's and AWS's. */
export const contextHint = z.object({
  detail: z.object({ data: z.object({ namespace: namespaceName, context_id: contextId }) }),
});

/** The lifecycle of a namespace has something to do, as the bus tells it. */
export const sweepHint = z.object({ detail: z.object({ data: z.object({ namespace: namespaceName }) }) });
