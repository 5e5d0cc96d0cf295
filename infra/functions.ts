import { type FunctionName, queueNames, type QueueName } from '../src/platform/topology.ts';

/**
 * What each function is allowed to do: one row for each folder under functions/. How it is fed stands in src/platform/topology.ts.
 * Every function may write dead letters and announce events, because any message may turn out to be unusable.
 */
export interface FunctionSpec {
  readonly memoryMb: number;
  /** Rows it may remove: attention marks, agents, dead letters. */
  readonly deletesRows?: true;
  /** Whether it reads and writes documents. */
  readonly usesDocuments?: true;
  /** Whether it makes and removes segments of the index. */
  readonly compactsIndex?: true;
  /** Whether it removes documents' objects, and finds what was left idle. */
  readonly removesDocuments?: true;
  /** Only lists made for people scan. */
  readonly scansRows?: true;
  /** Queues that it sends hints and ticks to. */
  readonly sendsTo?: readonly QueueName[];
  /** Whether it reads the inboxes of agents in their stead. */
  readonly readsInboxes?: true;
  /** Whether it sends to the inboxes of agents. */
  readonly sendsToInboxes?: true;
  /** Whether it starts executions. */
  readonly startsExecutions?: true;
  /** Whether it ends the waiting of executions. */
  readonly completesExecutions?: true;
}

export const functionSpecs = {
  'accept-tasks': { memoryMb: 512, sendsTo: ['dispatch', 'pulse'] },
  // It ends a workflow whose budget pays for nothing more.
  'dispatch-tasks': {
    memoryMb: 1024,
    deletesRows: true,
    sendsTo: ['dispatch', 'pulse'],
    sendsToInboxes: true,
    completesExecutions: true,
  },
  'apply-results': {
    memoryMb: 1024,
    deletesRows: true,
    sendsTo: ['dispatch', 'pulse'],
    sendsToInboxes: true,
    completesExecutions: true,
  },
  'record-heartbeats': { memoryMb: 512 },
  pulse: {
    memoryMb: 1024,
    deletesRows: true,
    sendsTo: ['dispatch', 'pulse'],
    sendsToInboxes: true,
    startsExecutions: true,
    completesExecutions: true,
  },
  // It begins what it accepts, so that first tasks need not wait for their execution.
  // The event that it brings to a workflow may be its last.
  'accept-workflows': {
    memoryMb: 1024,
    deletesRows: true,
    sendsTo: ['dispatch', 'pulse'],
    sendsToInboxes: true,
    startsExecutions: true,
    completesExecutions: true,
  },
  'begin-workflow': {
    memoryMb: 1024,
    deletesRows: true,
    sendsTo: ['dispatch', 'pulse'],
    completesExecutions: true,
  },
  // Merging the largest segments holds them in memory.
  'index-contexts': { memoryMb: 1769, usesDocuments: true, compactsIndex: true, sendsToInboxes: true },
  'sweep-contexts': { memoryMb: 1769, usesDocuments: true, compactsIndex: true, removesDocuments: true },
  'finish-workflow': {
    memoryMb: 512,
    deletesRows: true,
    sendsTo: ['dispatch', 'pulse'],
    sendsToInboxes: true,
    completesExecutions: true,
  },
  // It waits most of the time, and what it costs to wait is its memory.
  'serve-agents': { memoryMb: 256, sendsTo: ['results'], readsInboxes: true },
  api: {
    memoryMb: 1024,
    deletesRows: true,
    scansRows: true,
    usesDocuments: true,
    // A redrive sends a dead letter back to the queue it came from.
    sendsTo: queueNames,
    sendsToInboxes: true,
    startsExecutions: true,
    completesExecutions: true,
  },
} as const satisfies Record<FunctionName, FunctionSpec>;
