import { priorities } from '../contracts/task.ts';

/** A queue of the deployment. Time-outs in seconds; `receivesMax` deliveries end in the queue's dead-letter queue. */
export interface QueueSpec {
  readonly name: string;
  readonly fifo: boolean;
  readonly visibilitySeconds: number;
  readonly receivesMax: number;
}

/** Seconds a function may run. Longer: what a dead function had in hand comes back later. */
export const functionTimeoutSeconds = 10;
/**
 * How long a message stays invisible while a function works on it. AWS asks for at least the time-out; its advice of six times that is about throttled functions,
 * and would keep a FIFO group waiting for a minute after a crash, twice as long as recovery may take.
 */
const visibilitySeconds = 15;

const queue = (name: string, fifo = false): QueueSpec => ({ name, fifo, visibilitySeconds, receivesMax: 8 });

/** Every queue but the agents' inboxes. */
export const queueSpecs: readonly QueueSpec[] = [
  ...priorities.map((priority) => queue(`tasks-${priority}`)),
  queue('dispatch', true),
  queue('results', true),
  queue('heartbeats'),
  queue('pulse'),
  queue('workflows'),
];

/** Which function reads which queues. */
export const eventSources: Readonly<Record<string, readonly string[]>> = {
  'accept-tasks': priorities.map((priority) => `tasks-${priority}`),
  'dispatch-tasks': ['dispatch'],
  'apply-results': ['results'],
  'record-heartbeats': ['heartbeats'],
  pulse: ['pulse'],
  'accept-workflows': ['workflows'],
};

/** Messages of one invocation. */
export const eventSourceBatchSize = 10;

/** A rule on the bus: events that match go to the queue. */
export interface RuleSpec {
  readonly name: string;
  readonly queue: string;
  readonly pattern: Readonly<Record<string, unknown>>;
}

/** A task's priority stands in the detail itself (a bare task) or in its data (our envelope, CloudEvents). */
function whereverPriority(matcher: readonly unknown[]): Record<string, unknown> {
  return { $or: [{ detail: { priority: matcher } }, { detail: { data: { priority: matcher } } }] };
}

/** From the bus to the queues. A task whose priority is none of the four goes to the lowest queue, where it is refused with its reason. */
export const ruleSpecs: readonly RuleSpec[] = [
  ...priorities.map((priority) => ({
    name: `tasks-${priority}`,
    queue: `tasks-${priority}`,
    pattern: { 'detail-type': ['TaskSubmitted'], ...whereverPriority([priority]) },
  })),
  {
    name: 'tasks-without-priority',
    queue: 'tasks-low',
    pattern: {
      'detail-type': ['TaskSubmitted'],
      detail: {
        priority: [{ exists: false }, { 'anything-but': [...priorities] }],
        data: { priority: [{ exists: false }, { 'anything-but': [...priorities] }] },
      },
    },
  },
  { name: 'workflows', queue: 'workflows', pattern: { 'detail-type': ['WorkflowSubmitted'] } },
];
