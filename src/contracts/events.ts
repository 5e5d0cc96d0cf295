import * as z from 'zod';
import { agentStop } from './distributor/agent.ts';
import { spentView, workflowBudget } from './distributor/budget.ts';
import { changeKinds } from './context/context.ts';
import { signalledEvent } from './workflow/signal.ts';
import { namespaceKill } from './distributor/namespace.ts';
import { priority, task } from './distributor/task.ts';
import { workflowStatus, workflowSubmission } from './workflow/workflow.ts';

/** The version of the envelope; a reader refuses what it does not know. */
export const schemaVersion = '1';

/** Characters of an id that tells a story: it may be a task's (two ids and a colon) with its attempt. */
const storyIdCharactersMax = 300;

/** Who caused what: a correlation id for the whole story, a causation id for the step before, W3C trace context. */
export const metadata = z.strictObject({
  id: z.string().min(1).max(128),
  schema_version: z.literal(schemaVersion),
  correlation_id: z.string().min(1).max(storyIdCharactersMax),
  causation_id: z.string().min(1).max(storyIdCharactersMax),
  idempotency_key: z.string().min(1).max(128).optional(),
  traceparent: z.string().regex(/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/),
});
export type Metadata = z.infer<typeof metadata>;

/** `detail` of every event on the bus. */
export function envelope<T extends z.ZodType>(data: T) {
  return z.strictObject({ metadata, data });
}

/** What is told of an approval: whom it asks now, or what was decided. With its `version` the id tells a repeat. */
const approvalNews = z.strictObject({
  approval_id: z.string(),
  workflow_id: z.string(),
  node: z.string(),
  version: z.int(),
  title: z.string(),
  level: z.int(),
  users: z.array(z.string()),
  groups: z.array(z.string()),
  assignees: z.array(z.string()),
  due_at: z.string().optional(),
  decision: z.enum(['approved', 'rejected']).optional(),
  by: z.string().optional(),
});

/** Everything that is told of approvals. */
export const approvalEvents = [
  'ApprovalRequested',
  'ApprovalReminded',
  'ApprovalEscalated',
  'ApprovalDecided',
] as const satisfies readonly (keyof typeof eventData)[];

/** What is on the bus: the detail-type, its source, and the shape of `detail.data`. */
export const eventData = {
  TaskSubmitted: task,
  TaskCompleted: z.strictObject({
    task_id: z.string(),
    agent_id: z.string(),
    attempt: z.int(),
    completed_at: z.string(),
  }),
  TaskFailed: z.strictObject({
    task_id: z.string(),
    attempt: z.int(),
    code: z.string(),
    message: z.string(),
    failed_at: z.string(),
  }),
  /** The level of a waiting task has risen, since its deadline comes nearer. */
  TaskEscalated: z.strictObject({
    task_id: z.string(),
    from: priority,
    to: priority,
    deadline: z.string(),
    escalated_at: z.string(),
  }),
  /** A task that takes long runs a second time elsewhere. */
  TaskHedged: z.strictObject({
    task_id: z.string(),
    attempt: z.int(),
    agent_id: z.string(),
    first_attempt: z.int(),
    first_agent_id: z.string(),
    hedged_at: z.string(),
  }),
  TaskCancelled: z.strictObject({ task_id: z.string(), by: z.string(), cancelled_at: z.string() }),
  TaskRefused: z.strictObject({
    task_id: z.string().optional(),
    code: z.string(),
    message: z.string(),
    path: z.string().optional(),
    dead_letter_id: z.string().optional(),
  }),
  AgentRegistered: z.strictObject({
    agent_id: z.string(),
    type: z.string(),
    capabilities: z.array(z.string()),
    capacity: z.int(),
  }),
  AgentDeregistered: z.strictObject({ agent_id: z.string() }),
  AgentLost: z.strictObject({ agent_id: z.string(), tasks: z.array(z.string()), lease_until: z.string() }),
  AgentStopped: z.strictObject({ agent_id: z.string(), ...agentStop.shape, tasks: z.array(z.string()) }),
  AgentRevived: z.strictObject({ agent_id: z.string(), by: z.string() }),
  NamespaceKilled: z.strictObject({ namespace: z.string(), ...namespaceKill.shape }),
  NamespaceRevived: z.strictObject({ namespace: z.string(), by: z.string() }),
  ScaleDesired: z.strictObject({ pool: z.string(), desired: z.int(), available: z.int() }),
  QueueOverflow: z.strictObject({
    pool: z.string(),
    rule: z.string(),
    namespace: z.string().optional(),
    /** What becomes of new tasks while it is full. */
    then: z.enum(['refuse', 'spill']),
    /** False: there is room again. */
    full: z.boolean(),
  }),
  PolicyFailed: z.strictObject({ pool: z.string(), version: z.int(), strategy: z.string(), message: z.string() }),
  PolicyRolledBack: z.strictObject({
    pool: z.string(),
    version: z.int(),
    canary_version: z.int(),
    watch: z.enum(['success', 'deadlines', 'wait', 'latency']),
    /** The figure that is watched; 0 where nothing is behind it yet. */
    old: z.number(),
    new: z.number(),
    /** The task to which the canary left no agent. Absent: the figure was worse. */
    starved: z.string().optional(),
  }),
  WorkflowSubmitted: workflowSubmission,
  WorkflowSignalled: signalledEvent,
  WorkflowStarted: z.strictObject({ workflow_id: z.string(), name: z.string() }),
  WorkflowFinished: z.strictObject({
    workflow_id: z.string(),
    name: z.string(),
    status: workflowStatus,
    makespan_ms: z.int(),
    delivery_notification: z.string(),
  }),
  BudgetReached: z.strictObject({
    workflow_id: z.string(),
    name: z.string(),
    level: z.enum(['soft', 'hard']),
    reason: z.string(),
    budget: workflowBudget,
    spent: spentView,
  }),
  ApprovalRequested: approvalNews,
  ApprovalReminded: approvalNews,
  ApprovalEscalated: approvalNews,
  ApprovalDecided: approvalNews,
  ContextChanged: z.strictObject({
    namespace: z.string(),
    context_id: z.string(),
    context_type: z.string(),
    version: z.int(),
    kind: z.enum(changeKinds),
    tags: z.array(z.string()),
    by: z.string(),
    at: z.string(),
    deleted: z.boolean(),
  }),
  ContextsDue: z.strictObject({ namespace: z.string() }),
} as const;

export type EventType = keyof typeof eventData;
export type EventData<T extends EventType> = z.infer<(typeof eventData)[T]>;

/** `cadre.<component>`: who says it. */
export const eventSources: Record<EventType, string> = {
  TaskSubmitted: 'cadre.distributor',
  TaskCompleted: 'cadre.distributor',
  TaskFailed: 'cadre.distributor',
  TaskEscalated: 'cadre.distributor',
  TaskHedged: 'cadre.distributor',
  TaskCancelled: 'cadre.distributor',
  TaskRefused: 'cadre.distributor',
  AgentRegistered: 'cadre.distributor',
  AgentDeregistered: 'cadre.distributor',
  AgentLost: 'cadre.distributor',
  AgentStopped: 'cadre.distributor',
  AgentRevived: 'cadre.distributor',
  NamespaceKilled: 'cadre.distributor',
  NamespaceRevived: 'cadre.distributor',
  ScaleDesired: 'cadre.distributor',
  QueueOverflow: 'cadre.distributor',
  PolicyFailed: 'cadre.distributor',
  PolicyRolledBack: 'cadre.distributor',
  WorkflowSubmitted: 'cadre.workflow',
  WorkflowSignalled: 'cadre.workflow',
  WorkflowStarted: 'cadre.workflow',
  WorkflowFinished: 'cadre.workflow',
  BudgetReached: 'cadre.workflow',
  ApprovalRequested: 'cadre.workflow',
  ApprovalReminded: 'cadre.workflow',
  ApprovalEscalated: 'cadre.workflow',
  ApprovalDecided: 'cadre.workflow',
  ContextChanged: 'cadre.context',
  ContextsDue: 'cadre.context',
};

/** An event as a use case announces it: the edge adds the envelope's ids and trace. */
export type Announcement = {
  [T in EventType]: {
    readonly type: T;
    readonly data: EventData<T>;
    readonly correlation_id: string;
    readonly causation_id: string;
  };
}[EventType];
