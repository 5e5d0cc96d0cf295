import * as z from 'zod';
import { decision } from './approval-decision.ts';
import { spentView, workflowBudget } from '../distributor/budget.ts';
import { documentPins } from '../context/declared-reads.ts';
import { expression } from '../expression.ts';
import { bodyName, definitionReference, definitionVersion, nodePath, taskId, timestamp, userId } from '../ids.ts';
import { json } from '../json.ts';
import { nodesMax } from '../limits.ts';
import { correlationKey, eventName, keptSignal } from './signal.ts';
import { priority, taskError, taskStatus } from '../distributor/task.ts';
import { workflowBody, workflowNode } from './nodes.ts';

/**
 * A workflow as a user writes it. `output` is a JSONata expression over the workflow's input and the outputs of all nodes that end the graph. `bodies` are
 * nodes that others run inside of them, by name; `queries` are expressions over a run as it is, for whoever asks.
 */
export const workflowDefinition = z.strictObject({
  name: userId,
  nodes: z.array(workflowNode).min(1).max(nodesMax),
  output: expression.optional(),
  bodies: z.record(bodyName, workflowBody).optional(),
  queries: z.record(userId, expression).optional(),
  /** What all tasks of a run may use together, those of its subworkflows included. */
  budget: workflowBudget.optional(),
  /** What a cancellation does beside stopping the run, unless it says otherwise: `compensate` undoes what completed. */
  on_cancel: z.enum(['stop', 'compensate']).optional(),
});
export type WorkflowDefinition = z.output<typeof workflowDefinition>;
export type WorkflowDefinitionInput = z.input<typeof workflowDefinition>;

/** A definition written out, or a registered one by its name. */
export const definitionOrReference = z.union([definitionReference, workflowDefinition]);

/** A request to run a definition. The same `workflow_id` with the same body is the same run. */
export const workflowSubmission = z.strictObject({
  workflow_id: userId,
  definition: definitionOrReference,
  input: json.optional(),
  /** When it should have ended: each task gets this, less what comes after it, as its own deadline. */
  deadline: timestamp.optional(),
  /** The namespace of all its tasks. */
  namespace: userId.optional(),
});
export type WorkflowSubmission = z.output<typeof workflowSubmission>;

export const workflowStatuses = ['Not Started', 'In Progress', 'Completed', 'Failed', 'Partially Complete'] as const;
export const workflowStatus = z.enum(workflowStatuses);
export type WorkflowStatus = z.infer<typeof workflowStatus>;

export const nodeStatuses = ['Waiting', 'Started', 'Completed', 'Failed', 'Skipped', 'Cancelled'] as const;
export const nodeStatus = z.enum(nodeStatuses);
export type NodeStatus = z.infer<typeof nodeStatus>;

/** What a node runs inside of it: its body (round after round, item by item), what replaces it after a failure, or what its task returned. */
export const scopeKind = z.enum(['body', 'fallback', 'plan', 'prepare', 'commit', 'abort']);
export type ScopeKind = z.infer<typeof scopeKind>;

/**
 * Nodes join the graph inside of `node`: `count` copies of a body, numbered from `from` on. `body` is there when no definition has it; `error` is the failure
 * that a fallback replaces.
 */
const nodeExpanded = z.strictObject({
  type: z.literal('NodeExpanded'),
  node: nodePath,
  scope: scopeKind,
  from: z.int().nonnegative(),
  count: z.int().nonnegative(),
  /** Which try of the node it belongs to; absent: the first. */
  attempt: z.int().min(2).optional(),
  body: workflowBody.optional(),
  error: taskError.optional(),
  /** When the node runs out of time. */
  until: timestamp.optional(),
});
/** Everything that completed and can be undone is undone now, by a task each that joins the graph. */
const compensationStarted = z.strictObject({
  type: z.literal('CompensationStarted'),
  nodes: z.array(nodePath).max(nodesMax),
});
/** The run goes on by a newer version of its definition. What has begun or ended is in it, and means the same. */
const workflowMigrated = z.strictObject({
  type: z.literal('WorkflowMigrated'),
  by: z.string(),
  /** Of the definition in this run: it was submitted with version 1. */
  version: z.int().min(2),
  definition: workflowDefinition,
  /** Which registered version it is. */
  registered: definitionVersion.optional(),
});
/** What changes the graph of a run is the event that made it. */
export type Expansion =
  z.infer<typeof nodeExpanded> | z.infer<typeof compensationStarted> | z.infer<typeof workflowMigrated>;

/** How far the work of a failed or cancelled workflow is undone; `failed` waits for a human, `stopped`: a cancellation ended it. */
export const compensationStatus = z.enum(['requested', 'running', 'completed', 'failed', 'stopped']);
export type CompensationStatus = z.infer<typeof compensationStatus>;

/** What people decided, of an approval. */
const decisions = z.array(decision).optional();

/** What happened in a workflow: the audit trail and the input of the reducer. */
export const workflowEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('WorkflowStarted') }),
  z.strictObject({ type: z.literal('NodeStarted'), node: nodePath }),
  nodeExpanded,
  /** It waits for a time, for an event or for people (without `until`: for as long as it takes). */
  z.strictObject({ type: z.literal('NodeHeld'), node: nodePath, until: timestamp.optional() }),
  /** An event came from outside; it is kept until a node takes it. */
  z.strictObject({
    type: z.literal('SignalReceived'),
    id: z.string(),
    name: eventName,
    key: correlationKey.optional(),
    by: z.string(),
  }),
  z.strictObject({
    type: z.literal('NodeCompleted'),
    node: nodePath,
    agent_id: z.string().optional(),
    attempt: z.int(),
    /** The id of the event that it took. */
    signal: z.string().optional(),
    decisions,
  }),
  z.strictObject({
    type: z.literal('NodeFailed'),
    node: nodePath,
    agent_id: z.string().optional(),
    attempt: z.int(),
    error: taskError,
    decisions,
    /** Its `on_error` says that this does not matter. */
    ignored: z.literal(true).optional(),
  }),
  /** It failed and is tried again, at once or at that time: all inside it runs anew. */
  z.strictObject({
    type: z.literal('NodeRetried'),
    node: nodePath,
    error: taskError,
    until: timestamp.optional(),
  }),
  z.strictObject({
    type: z.literal('NodeSkipped'),
    node: nodePath,
    reason: z.string(),
    /** A choice went another way: nothing went wrong. */
    not_taken: z.literal(true).optional(),
  }),
  /** It ended so in another run, and is taken over from there. */
  z.strictObject({
    type: z.literal('NodeReused'),
    node: nodePath,
    source: userId,
    as: z.enum(['completed', 'ignored', 'not taken']),
  }),
  z.strictObject({ type: z.literal('CompensationRequested'), node: nodePath }),
  compensationStarted,
  z.strictObject({ type: z.literal('CompensationEnded'), outcome: z.enum(['completed', 'failed']) }),
  z.strictObject({ type: z.literal('CompensationResumed'), by: z.string(), skip: z.array(nodePath).max(nodesMax) }),
  /** Tasks that wait move to their new place, those that start from now on begin there. */
  z.strictObject({
    type: z.literal('WorkflowUpdated'),
    by: z.string(),
    priority: priority.optional(),
    deadline: timestamp.optional(),
  }),
  workflowMigrated,
  /** Attempts ended, or were stopped: what they used, in millionths of a dollar and in tokens. Only where there is a budget. */
  z.strictObject({
    type: z.literal('BudgetSpent'),
    attempts: z.array(
      z.strictObject({
        node: nodePath,
        attempt: z.int(),
        micro_usd: z.int(),
        tokens: z.int(),
        /** The other run of a task that was hedged. */
        hedge: z.literal(true).optional(),
      }),
    ),
  }),
  /** Its soft limit was reached, which is told once, or its hard limit, which stops it. */
  z.strictObject({ type: z.literal('BudgetReached'), level: z.enum(['soft', 'hard']), reason: z.string() }),
  z.strictObject({ type: z.literal('BudgetSet'), by: z.string(), budget: workflowBudget }),
  z.strictObject({ type: z.literal('WorkflowPaused'), by: z.string() }),
  z.strictObject({ type: z.literal('WorkflowResumed'), by: z.string() }),
  z.strictObject({ type: z.literal('WorkflowRedriven'), by: z.string() }),
  z.strictObject({
    type: z.literal('WorkflowCancelled'),
    by: z.string(),
    reason: z.string(),
    /** These run, and may end by themselves until then; everything else is stopped. */
    grace: z.strictObject({ until: timestamp, nodes: z.array(nodePath).max(nodesMax) }).optional(),
    /** What completed is undone. Without it a cancellation stops the undoing too. */
    compensate: z.literal(true).optional(),
  }),
  z.strictObject({ type: z.literal('WorkflowFinished'), status: workflowStatus }),
]);
export type WorkflowEvent = z.infer<typeof workflowEvent>;

/** One node of a run as `cadre run --json` prints it; `kind` is left out for tasks. */
export const runTask = z.strictObject({
  name: nodePath,
  kind: z.string().optional(),
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
  /** The registered version that it goes by, where it was started or migrated by name. */
  definition: definitionVersion.optional(),
  /** Of its definition, where it was migrated. */
  version: z.int().min(2).optional(),
  namespace: userId.optional(),
  status: workflowStatus,
  created_at: timestamp,
  deadline: timestamp.optional(),
  /** Of all its tasks, where it was changed while it ran. */
  priority: priority.optional(),
  started_at: timestamp.optional(),
  completed_at: timestamp.optional(),
  makespan_ms: z.int().nonnegative().optional(),
  nodes: z.record(nodeStatus, z.int().nonnegative()),
  compensation: compensationStatus.optional(),
  /** It was cancelled; what runs may end by itself until then. */
  cancel_until: timestamp.optional(),
  budget: workflowBudget.optional(),
  /** Of the budget, by attempts that have ended. */
  spent: spentView.optional(),
  /** Present while nothing new starts. */
  paused: z.literal(true).optional(),
  /** Events that it keeps until a node takes them, the oldest first. */
  kept_signals: z.array(keptSignal).optional(),
  /** The run whose nodes it took over. */
  rerun_of: userId.optional(),
  /** The versions of documents that its tasks read. */
  pins: documentPins.optional(),
  warnings: z.array(z.string()),
  output: json.optional(),
  error: z.string().optional(),
});
export type WorkflowView = z.infer<typeof workflowView>;
