import { defaultPool } from '../contracts/ids.ts';
import { priorities } from '../contracts/distributor/task.ts';

/**
 * What is deployed and how it is fed: read by the CDK app for AWS and the local cloud, and by the twin's deployment, so that all three are the same
 * system. Times are seconds.
 */

export const taskQueueNames = ['tasks-critical', 'tasks-high', 'tasks-medium', 'tasks-low'] as const;
export const queueNames = [...taskQueueNames, 'dispatch', 'results', 'heartbeats', 'pulse', 'workflows'] as const;
export type QueueName = (typeof queueNames)[number];

/** How long each function may run. Longer: what a function died on comes back later, and a FIFO group waits for it. */
export const functionTimeouts = {
  'accept-tasks': 6,
  'dispatch-tasks': 6,
  'apply-results': 6,
  'record-heartbeats': 6,
  pulse: 6,
  'accept-workflows': 20,
  'begin-workflow': 20,
  'finish-workflow': 20,
  // Merging the largest segments of an index takes a minute.
  'index-contexts': 120,
  'sweep-contexts': 120,
  api: 29,
  // It waits at an inbox for `workWaitSecondsMax`.
  'serve-agents': 29,
} as const;
export type FunctionName = keyof typeof functionTimeouts;
export const functionNames = Object.keys(functionTimeouts) as FunctionName[];

/** Functions that are deployed only where they are asked for. */
export const optionalFunctionTimeouts = { 'send-webhooks': 29 } as const;
export type OptionalFunctionName = keyof typeof optionalFunctionTimeouts;
export const optionalFunctionNames = Object.keys(optionalFunctionTimeouts) as OptionalFunctionName[];

/** How a queue feeds its function. */
export interface QueueSpec {
  readonly consumer: FunctionName;
  readonly fifo?: true;
  /** Deliveries before a message goes to the dead-letter queue. They come later and later, for about two minutes together. */
  readonly receivesMax: number;
  /** Invocations at once. Low work gets fewer, so that a flood of it leaves the account's concurrency to the rest. */
  readonly concurrencyMax: number;
}

export const queueSpecs: Readonly<Record<QueueName, QueueSpec>> = {
  'tasks-critical': { consumer: 'accept-tasks', receivesMax: 12, concurrencyMax: 20 },
  'tasks-high': { consumer: 'accept-tasks', receivesMax: 12, concurrencyMax: 10 },
  'tasks-medium': { consumer: 'accept-tasks', receivesMax: 12, concurrencyMax: 10 },
  'tasks-low': { consumer: 'accept-tasks', receivesMax: 12, concurrencyMax: 5 },
  dispatch: { consumer: 'dispatch-tasks', fifo: true, receivesMax: 12, concurrencyMax: 10 },
  results: { consumer: 'apply-results', fifo: true, receivesMax: 12, concurrencyMax: 50 },
  heartbeats: { consumer: 'record-heartbeats', receivesMax: 3, concurrencyMax: 5 },
  // Fewer: a few throttled reads in a row would put an idle pool to sleep until the watchdog comes again.
  pulse: { consumer: 'pulse', receivesMax: 6, concurrencyMax: 2 },
  workflows: { consumer: 'accept-workflows', receivesMax: 12, concurrencyMax: 10 },
};

/**
 * How long a message stays invisible while its function works on it: just longer than the function may run, which is what AWS asks for. Its advice of
 * six times that is about throttled functions, and would keep a FIFO group waiting for longer than recovery may take.
 */
export function visibilitySeconds(queue: QueueName): number {
  return functionTimeouts[queueSpecs[queue].consumer] + 1;
}

/** Messages of one invocation. */
export const eventSourceBatchSize = 10;

/** The deployed name of a queue and of its dead-letter queue. */
export function deployedQueueName(queue: QueueName, dead = false): string {
  return `cadre-${queue}${dead ? '-dlq' : ''}${queueSpecs[queue].fifo === true ? '.fifo' : ''}`;
}

/** A rule on the bus: events that match go to the queue. */
export interface RuleSpec {
  readonly name: string;
  readonly queue: QueueName;
  readonly detailType: string;
  /** Pattern of the event's detail. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

const unknownPriority = [{ 'anything-but': [...priorities] }, { exists: false }];

/** From the bus to the queues. A task whose priority is none of the four goes to the lowest queue, where it is refused with its reason. */
export const ruleSpecs: readonly RuleSpec[] = [
  ...priorities.map((priority): RuleSpec => ({
    name: `submitted-${priority}`,
    queue: `tasks-${priority}`,
    detailType: 'TaskSubmitted',
    // In our envelope and in CloudEvents the task is `detail.data`; a bare task is `detail` itself.
    detail: { $or: [{ data: { priority: [priority] } }, { priority: [priority] }] },
  })),
  {
    name: 'submitted-unknown',
    queue: 'tasks-low',
    detailType: 'TaskSubmitted',
    detail: { data: { priority: unknownPriority }, priority: unknownPriority },
  },
  { name: 'workflow-submitted', queue: 'workflows', detailType: 'WorkflowSubmitted' },
  { name: 'workflow-signalled', queue: 'workflows', detailType: 'WorkflowSignalled' },
];

/** The watchdog behind the pulse: it starts it again when even its messages were lost. */
export const watchdog = { queue: 'pulse', everyMinutes: 1, message: { pool: defaultPool, watchdog: true } } as const;

/**
 * The bus invokes what tends the documents itself: a queue would be polled for half a dollar a month though nothing changes. What an invocation of the
 * indexer loses the next change or question makes good; what one of the sweep loses, its timer.
 */
export const contextRules = [
  { name: 'context-changed', detailType: 'ContextChanged', consumer: 'index-contexts' },
  { name: 'contexts-due', detailType: 'ContextsDue', consumer: 'sweep-contexts' },
] as const;

/** How long a queue goes on with a data key from a key of the customer's. Shorter: the key is called, and paid for, more often; longer: a key that was disabled works on for so long. */
export const dataKeySeconds = 3_600;
