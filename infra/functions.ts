/**
 * What each function is allowed to do and how it is fed: one row for each folder under functions/. Times are seconds.
 * Every function may write dead letters and announce events, because any message may turn out to be unusable.
 */
export interface FunctionSpec {
  /** Longer: a message that the function died on comes back later (its queue hides it for six times this). */
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  /** Rows it may remove: attention marks, agents, dead letters. */
  readonly deletesRows?: true;
  /** Only lists made for people scan. */
  readonly scansRows?: true;
  /** Queues that it sends hints and ticks to. */
  readonly sendsTo?: readonly QueueName[];
  /** Whether it sends to the inboxes of agents. */
  readonly sendsToInboxes?: true;
  /** Whether it starts executions and ends their waiting. */
  readonly drivesExecutions?: true;
}

export const taskQueueNames = ['tasks-critical', 'tasks-high', 'tasks-medium', 'tasks-low'] as const;
export const queueNames = [...taskQueueNames, 'dispatch', 'results', 'heartbeats', 'pulse', 'workflows'] as const;
export type QueueName = (typeof queueNames)[number];

export const functionSpecs = {
  'accept-tasks': { timeoutSeconds: 20, memoryMb: 512, sendsTo: ['dispatch'] },
  'dispatch-tasks': { timeoutSeconds: 10, memoryMb: 1024, sendsTo: ['dispatch', 'pulse'], sendsToInboxes: true },
  'apply-results': {
    timeoutSeconds: 15,
    memoryMb: 1024,
    deletesRows: true,
    sendsTo: ['dispatch'],
    drivesExecutions: true,
  },
  'record-heartbeats': { timeoutSeconds: 10, memoryMb: 512 },
  pulse: {
    timeoutSeconds: 15,
    memoryMb: 1024,
    deletesRows: true,
    sendsTo: ['dispatch', 'pulse'],
    sendsToInboxes: true,
    drivesExecutions: true,
  },
  'accept-workflows': { timeoutSeconds: 30, memoryMb: 1024, deletesRows: true, drivesExecutions: true },
  'begin-workflow': {
    timeoutSeconds: 60,
    memoryMb: 1024,
    deletesRows: true,
    sendsTo: ['dispatch'],
    drivesExecutions: true,
  },
  'finish-workflow': { timeoutSeconds: 30, memoryMb: 512 },
  api: {
    timeoutSeconds: 29,
    memoryMb: 1024,
    deletesRows: true,
    scansRows: true,
    // A redrive sends a dead letter back to the queue it came from.
    sendsTo: queueNames,
    sendsToInboxes: true,
    drivesExecutions: true,
  },
} as const satisfies Record<string, FunctionSpec>;

export type FunctionName = keyof typeof functionSpecs;
export const functionNames = Object.keys(functionSpecs) as FunctionName[];

/** How a queue feeds its function. */
export interface QueueSpec {
  readonly consumer: FunctionName;
  readonly fifo?: true;
  /** Deliveries before a message goes to the dead-letter queue. Hints are worth less: the pulse re-creates them. */
  readonly receivesMax: number;
  /** Invocations at once. Low work gets fewer, so that a flood of it leaves the account's concurrency to the rest. */
  readonly concurrencyMax: number;
}

export const queueSpecs: Readonly<Record<QueueName, QueueSpec>> = {
  'tasks-critical': { consumer: 'accept-tasks', receivesMax: 5, concurrencyMax: 20 },
  'tasks-high': { consumer: 'accept-tasks', receivesMax: 5, concurrencyMax: 10 },
  'tasks-medium': { consumer: 'accept-tasks', receivesMax: 5, concurrencyMax: 10 },
  'tasks-low': { consumer: 'accept-tasks', receivesMax: 5, concurrencyMax: 5 },
  dispatch: { consumer: 'dispatch-tasks', fifo: true, receivesMax: 3, concurrencyMax: 10 },
  results: { consumer: 'apply-results', fifo: true, receivesMax: 5, concurrencyMax: 50 },
  heartbeats: { consumer: 'record-heartbeats', receivesMax: 3, concurrencyMax: 5 },
  pulse: { consumer: 'pulse', receivesMax: 3, concurrencyMax: 2 },
  workflows: { consumer: 'accept-workflows', receivesMax: 5, concurrencyMax: 10 },
};
