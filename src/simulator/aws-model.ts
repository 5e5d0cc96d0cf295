/*
 * What the cloud is taken to cost in time and money, as of 2026-11-23. Assumptions, not measurements: typical figures of us-east-1 as AWS's own pages
 * give them, rounded up, with a long tail. A simulation replaces only the cloud, and this table is that cloud.
 */

/** A latency: its median and its 99th percentile, in milliseconds. Draws are log-normal. */
export interface Latency {
  readonly median: number;
  readonly p99: number;
}

/**
 * How long a call is taken to last, in milliseconds: typical medians inside one region, rounded up. DynamoDB: "single-digit millisecond" reads and writes
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Introduction.html); a batch or a transaction takes about twice that. SQS: 10 ms a call is the
 * usual median.
 */
export const latencyMs = {
  dynamodb: 5,
  'dynamodb:batch or transaction': 12,
  sqs: 10,
  events: 20,
  states: 25,
  s3: 25,
} as const;

/** Milliseconds by hop. */
export interface Latencies {
  /** Submitting a task to its queue, the poller's receipt, and the insertion of the row: until the ready index shows it. */
  readonly accept: Latency;
  /** From the hint's sending to the start of the dispatcher's invocation, through dispatch.fifo. */
  readonly hint: Latency;
  /** From the end of an invocation to the start of the next one, when a hint already waits in the queue. */
  readonly nextHint: Latency;
  /** The Query of the pool and the heads of its routes, without the time that its size takes. */
  readonly read: Latency;
  /** The Query's time for each 100 agents more. */
  readonly readPer100Agents: number;
  /** Reservation: one conditional write an agent, all at once. */
  readonly reserve: Latency;
  /** Claim: batches of 25 statements, all at once. */
  readonly claim: Latency;
  /** Sending to inboxes, until the dispatcher goes on. */
  readonly send: Latency;
  /** From the sending to the agent's receipt by long polling. */
  readonly inbox: Latency;
  /** From the agent's sending of a result to the start of apply-results, through results.fifo. */
  readonly result: Latency;
  /** Settling the task and releasing the slot. */
  readonly settle: Latency;
}

/**
 * Hops are made of calls and of what is between them. SQS: "typical latencies in the tens or low hundreds of milliseconds" for send and receive
 * (https://aws.amazon.com/sqs/faqs/). Lambda's pollers long-poll, and a warm invocation starts within
 * 10 ms (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html). One Query page holds 1 MB: about 1,000 agents, read in some 40 ms.
 */
export const awsLatencies: Latencies = {
  accept: { median: 45, p99: 180 },
  hint: { median: 30, p99: 120 },
  nextHint: { median: 15, p99: 60 },
  read: { median: 6, p99: 25 },
  readPer100Agents: 4,
  reserve: { median: latencyMs.dynamodb, p99: 25 },
  claim: { median: latencyMs['dynamodb:batch or transaction'], p99: 45 },
  send: { median: latencyMs.sqs, p99: 45 },
  inbox: { median: 12, p99: 60 },
  result: { median: 30, p99: 120 },
  settle: { median: 18, p99: 65 },
};

const instant: Latency = { median: 0, p99: 0 };

/** A cloud that takes no time: what is left is the scheduling alone. */
export const noLatencies: Latencies = {
  ...{
    accept: instant,
    hint: instant,
    nextHint: instant,
    read: instant,
    readPer100Agents: 0,
    reserve: instant,
    claim: instant,
  },
  ...{ send: instant, inbox: instant, result: instant, settle: instant },
};

/**
 * Dollars for what the coordination uses, as `npm run bench dollars` measures it: a task at saturation, where rounds and calls are shared, and what a round
 * for a single task costs on top.
 */
export const awsUsd = { perTask: 4.66e-6, perRound: 9e-6 } as const;
