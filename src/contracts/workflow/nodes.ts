import * as z from 'zod';
import { declaredReads } from '../context/declared-reads.ts';
import { approvalShape } from './approval-node.ts';
import { taskBudget } from '../distributor/budget.ts';
import { expression } from '../expression.ts';
import { bodyName, capabilityList, taskType, userId } from '../ids.ts';
import { json } from '../json.ts';
import {
  attemptsMax,
  awaitedEventsMax,
  backoffMsMax,
  deadlineMsMax,
  defaultLoopRoundsMax,
  loopRoundsMax,
  nodesMax,
  timeoutMsMax,
  waitMsMax,
} from '../limits.ts';
import { eventName } from './signal.ts';
import { distributionRules, escalation, expiryPolicy, priority } from '../distributor/task.ts';

/**
 * When a node may start, judged by its dependencies. `all_success`: all completed. `all_done`: all ended in any way. `none_failed`: all ended, none failed and
 * at least one completed, which joins the branches of a choice. `one_success`: as soon as one completed. `{ at_least: n }`: as soon as n completed.
 */
const triggerRule = z.union([
  z.enum(['all_success', 'all_done', 'none_failed', 'one_success']),
  z.strictObject({ at_least: z.int().min(1).max(nodesMax) }),
]);

/** How often a task, or a node that runs others, is tried; the pause doubles from `backoff_ms` on, with jitter unless that is false. An error whose code is listed ends it at once. */
export const retryPolicy = z.strictObject({
  max_attempts: z.int().min(1).max(attemptsMax),
  backoff_ms: z.int().min(0).max(backoffMsMax).optional(),
  jitter: z.boolean().optional(),
  non_retryable: z.array(z.string().min(1).max(128)).max(32).optional(),
});

/**
 * What an agent is asked to do. Its payload is `payload` as it stands, or the value of `input` over what the node sees: `input` (the workflow's, or that of
 * the node around it), `outputs` of its direct dependencies, `nodes` (their `{ status, error }`).
 */
const work = {
  task_type: taskType,
  required_capabilities: capabilityList.default([]),
  priority: priority.default('medium'),
  payload: json.optional(),
  input: expression.optional(),
  retry: retryPolicy.optional(),
  timeout_ms: z.int().min(1).max(timeoutMsMax).optional(),
  /** Ready order among tasks of one priority: due so long after the node starts. */
  deadline_ms: z.int().min(1).max(deadlineMsMax).optional(),
  /** What becomes of its task when that still waits at its deadline, its own or what the workflow's leaves it. */
  on_expiry: expiryPolicy.optional(),
  /** How its task's level rises as that deadline comes nearer. */
  escalation: escalation.optional(),
  distribution_rules: distributionRules.optional(),
  reads: declaredReads.optional(),
  budget: taskBudget.optional(),
};
const taskWork = z.strictObject(work);
export type TaskWork = z.output<typeof taskWork>;

/** Nodes with their own output, run inside another node. Without `output` it is the output of the one node that ends it, or `{ <name>: output }` of several. */
export interface WorkflowBody {
  readonly nodes: readonly WorkflowNode[];
  readonly output?: string | undefined;
}
export interface WorkflowBodyInput {
  readonly nodes: readonly WorkflowNodeInput[];
  readonly output?: string | undefined;
}

/** A body written out, the name of one in the definition's `bodies`, or a registered definition as `NAME@VERSION`. */
const bodyOrName: z.ZodType<WorkflowBody | string, WorkflowBodyInput | string> = z.union([
  bodyName,
  z.lazy(() => workflowBody),
]);

/**
 * What a failure (after all attempts) means. `fail`: what depends on it is skipped. `ignore`: it counts as done, without output. `{ fallback }`: these nodes
 * run in its place and give its output; they see its `error`. `compensate`: nothing more is started, and everything that completed is undone.
 */
const onError = z.union([z.enum(['fail', 'ignore', 'compensate']), z.strictObject({ fallback: bodyOrName })]);

const common = {
  name: userId,
  depends_on: z.array(userId).max(nodesMax).default([]),
  trigger_rule: triggerRule.default('all_success'),
  on_error: onError.optional(),
  /** How its effect is undone; its input sees the node's output as `outputs.<name>`, which is the payload when nothing else is said. */
  compensate_with: taskWork.optional(),
};
/** Nodes around others: what those see as `input`, the output over their `results`, and after which time it fails with `timed-out` and stops what runs inside. */
const around = {
  input: expression.optional(),
  output: expression.optional(),
  timeout_ms: z.int().min(1).max(waitMsMax).optional(),
  /** It runs all of its body anew. */
  retry: retryPolicy.optional(),
};

/** Work for an agent. With `expands`, nodes that it returns as `plan: { nodes, output? }` run before whatever depends on it. */
const taskNode = z.strictObject({
  kind: z.literal('task').optional(),
  ...common,
  ...work,
  expands: z.boolean().optional(),
});

/** Waits for its dependencies, and makes an output out of theirs. */
const joinNode = z.strictObject({ kind: z.literal('join'), ...common, output: expression.optional() });

/** Nodes that it goes on with: those that depend on it and are named in another branch only are not taken. */
const branch = z.array(userId).min(1).max(nodesMax);

/** Goes on with the first branch whose `when` holds (all of them with `take: 'all'`), else with `default`; the other branches are not taken. */
const choiceNode = z.strictObject({
  kind: z.literal('choice'),
  ...common,
  branches: z
    .array(z.strictObject({ when: expression, then: branch }))
    .min(1)
    .max(100),
  default: z.array(userId).max(nodesMax).optional(),
  take: z.enum(['first', 'all']).default('first'),
});

/** Runs its body for each item of a list; the output is the list of theirs, null where one failed and was tolerated. */
const mapNode = z.strictObject({
  kind: z.literal('map'),
  ...common,
  ...around,
  items: expression,
  body: bodyOrName,
  max_concurrency: z.int().min(1).max(nodesMax).optional(),
  tolerated_failures: z.int().min(0).max(nodesMax).default(0),
});

/** Runs its body again and again: `while` is asked before each round, `until` after it. The output is that of the last round. */
const loopNode = z.strictObject({
  kind: z.literal('loop'),
  ...common,
  ...around,
  body: bodyOrName,
  while: expression.optional(),
  until: expression.optional(),
  max_rounds: z.int().min(1).max(loopRoundsMax).default(defaultLoopRoundsMax),
});

/** Runs its body once. */
const subworkflowNode = z.strictObject({ kind: z.literal('subworkflow'), ...common, ...around, body: bodyOrName });

/** Asks several at once: ends as soon as `need` of the nodes that end its body completed, and stops the others. The output is `{ <name>: output }`. */
const gatherNode = z.strictObject({
  kind: z.literal('gather'),
  ...common,
  ...around,
  body: bodyOrName,
  need: z.union([z.enum(['all', 'first']), z.int().min(1).max(nodesMax)]).default('all'),
  /** After this time what has completed is enough, however little; the others are stopped. */
  deadline_ms: z.int().min(1).max(waitMsMax).optional(),
});

/** A time: so long after the node began, or what the expression gives (RFC 3339). */
const time = { for_ms: z.int().min(0).max(waitMsMax).optional(), until: expression.optional() };
/** Lets time pass: `for_ms`, or until the time that `until` gives; one that has passed already does not wait. Costs nothing meanwhile. */
const waitNode = z.strictObject({ kind: z.literal('wait'), ...common, ...time });

/**
 * Waits for the first of several events, or for the time of its `timer`. An event that came before is not lost: the oldest kept one is taken. With `key`, only an
 * event that carries the value of that expression. The output is `{ event, key?, data, id, received_at }`; when the time came first, `event` is null.
 */
const eventNode = z.strictObject({
  kind: z.literal('event'),
  ...common,
  events: z
    .array(z.strictObject({ name: eventName, key: expression.optional(), then: branch.optional() }))
    .min(1)
    .max(awaitedEventsMax),
  timer: z.strictObject({ ...time, then: branch.optional() }).optional(),
});
export type EventNode = z.output<typeof eventNode>;
export type WaitNode = z.output<typeof waitNode>;

/** Waits until people have approved, level after level. The output tells who decided what, and when. */
const approvalNode = z.strictObject({ kind: z.literal('approval'), ...common, ...approvalShape });
export type ApprovalNode = z.output<typeof approvalNode>;

/**
 * Two-phase commit: each participant prepares, by a task with the payload `{ phase, transaction, input }`. When all of them completed, and none answered
 * `{ "vote": "no" }`, the transaction commits, else it aborts; either is decided before anybody is told, and told until each has acknowledged. One that is stopped
 * before the decision aborts.
 */
const transactionNode = z.strictObject({
  kind: z.literal('transaction'),
  ...common,
  input: expression.optional(),
  /** An aborted transaction is prepared anew. */
  retry: retryPolicy.optional(),
  /** Who has not voted by then counts as a no. */
  prepare_timeout_ms: z.int().min(1).max(waitMsMax).optional(),
  /** When not everybody has confirmed the decision by then the node fails with `timed-out`; the others are told on. */
  commit_timeout_ms: z.int().min(1).max(waitMsMax).optional(),
  participants: z
    .array(
      z.strictObject({
        name: userId,
        task_type: work.task_type,
        required_capabilities: work.required_capabilities,
        priority: work.priority,
        retry: work.retry,
        timeout_ms: work.timeout_ms,
        distribution_rules: work.distribution_rules,
      }),
    )
    .min(1)
    .max(100),
});
export type TransactionNode = z.output<typeof transactionNode>;

/** Nodes that hold others. */
export type CompositeNode = z.output<typeof mapNode | typeof loopNode | typeof subworkflowNode | typeof gatherNode>;
export type TaskNode = z.output<typeof taskNode>;
export type ChoiceNode = z.output<typeof choiceNode>;
export type WorkflowNode =
  | TaskNode
  | CompositeNode
  | ChoiceNode
  | WaitNode
  | EventNode
  | ApprovalNode
  | TransactionNode
  | z.output<typeof joinNode>;
export type WorkflowNodeInput = z.input<
  | typeof taskNode
  | typeof joinNode
  | typeof choiceNode
  | typeof mapNode
  | typeof loopNode
  | typeof subworkflowNode
  | typeof gatherNode
  | typeof waitNode
  | typeof eventNode
  | typeof approvalNode
  | typeof transactionNode
>;

/** A node of a workflow. Without a `kind` it is a task. */
export const workflowNode: z.ZodType<WorkflowNode, WorkflowNodeInput> = z.discriminatedUnion('kind', [
  taskNode,
  joinNode,
  choiceNode,
  mapNode,
  loopNode,
  subworkflowNode,
  gatherNode,
  waitNode,
  eventNode,
  approvalNode,
  transactionNode,
]);

export const workflowBody: z.ZodType<WorkflowBody, WorkflowBodyInput> = z.strictObject({
  nodes: z.array(workflowNode).min(1).max(nodesMax),
  output: expression.optional(),
});

/** True for work that an agent does. */
export function isTask(node: WorkflowNode | undefined): node is TaskNode {
  return node !== undefined && (node.kind === undefined || node.kind === 'task');
}

/** The branches by which a node says what goes on after it, with their paths behind the node's: those of a choice, and of a node that waits for events. */
export function branchesOf(node: WorkflowNode | undefined): readonly (readonly [string, readonly string[]])[] {
  if (node?.kind !== 'choice' && node?.kind !== 'event') return [];
  const written =
    node.kind === 'choice'
      ? [
          ...node.branches.map(({ then }, at) => [`.branches[${at}].then`, then] as const),
          ['.default', node.default] as const,
        ]
      : [
          ...node.events.map(({ then }, at) => [`.events[${at}].then`, then] as const),
          ['.timer.then', node.timer?.then] as const,
        ];
  return written.flatMap(([place, names]) => (names === undefined ? [] : [[place, names] as const]));
}

/** The bodies that a node holds, with their paths behind the node's. */
export function bodiesOf(node: WorkflowNode): readonly (readonly [string, WorkflowBody | string])[] {
  const fallback = typeof node.on_error === 'object' ? [['.on_error.fallback', node.on_error.fallback] as const] : [];
  return 'body' in node ? [['.body', node.body] as const, ...fallback] : fallback;
}

/** Every node that is written in a definition, those inside others included. */
export function everyNode(definition: WorkflowBody & { readonly bodies?: unknown }): WorkflowNode[] {
  const bodies = Object.values((definition.bodies ?? {}) as Readonly<Record<string, WorkflowBody>>);
  const found = [...definition.nodes, ...bodies.flatMap(({ nodes }) => nodes)];
  for (const node of found) {
    for (const [, body] of bodiesOf(node)) if (typeof body !== 'string') found.push(...body.nodes);
  }
  return found;
}
