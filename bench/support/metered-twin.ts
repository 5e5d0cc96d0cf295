import type { SQSEvent } from 'aws-lambda';
import type { Task } from '../../src/contracts/distributor/task.ts';
import { createMeter, type Meter, type Usage } from '../../src/platform/aws/meter.ts';
import type { TwinClients, TwinOptions } from '../../src/platform/twin/twin-cloud.ts';
import { deployTwin, type TwinDeployment } from '../../src/sdk/test-cloud/twin-deployment.ts';
import { type FunctionUsage, pollerRequests, sumOf } from './bill.ts';
import { withLatency } from './latencies.ts';
import { type ClientsOf, startTwinFleet, submitByQueue } from './twin-fleet.ts';

/** What CloudWatch adds to each line. Lambda's own lines are switched off, except for invocations that fail (`systemLogLevelV2` of our functions). */
const lineBytes = 26;
/** What the logger adds to a line of ours: level, time, service, request id. */
const loggerBytes = 190;

/** Everything that was used since `start`. */
export interface Reading {
  readonly total: Usage;
  /** By what used it: `submitter`, `agents`, or the name of a function. */
  readonly byRole: Readonly<Record<string, Usage>>;
  readonly functions: FunctionUsage;
}

/** A twin in which every client is metered and every call takes time. */
export interface MeteredTwin extends TwinDeployment {
  readonly clientsOf: ClientsOf;
  submit(tasks: readonly Task[]): Promise<void>;
  /** Tasks whose completion was announced. */
  completed(): number;
  /** Begins to count anew: what came before was warm-up. */
  start(): void;
  read(): Reading;
}

function roleOf(process: string): string {
  return /^agent-\d+$/.test(process) ? 'agents' : process;
}

interface FunctionCounts {
  invocations: Record<string, number>;
  durationMs: Record<string, number>;
  logBytes: number;
  eventSourceCalls: number;
  eventSourceStandardRequests: number;
  eventSourceFifoRequests: number;
}

function zero(): FunctionCounts {
  return {
    invocations: {},
    durationMs: {},
    logBytes: 0,
    eventSourceCalls: 0,
    eventSourceStandardRequests: 0,
    eventSourceFifoRequests: 0,
  };
}

function countPoller(counts: FunctionCounts, { Records }: SQSEvent): void {
  const requests = pollerRequests(Records.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0));
  counts.eventSourceCalls += 2;
  if (Records[0]?.eventSourceARN.endsWith('.fifo') === true) counts.eventSourceFifoRequests += requests;
  else counts.eventSourceStandardRequests += requests;
}

/** Deploys Cadre into a twin whose clients are metered, by the role of the process that they belong to. */
export function deployMeteredTwin(options: TwinOptions = {}): MeteredTwin {
  const meters = new Map<string, Meter>();
  let counts = zero();
  let completed = 0;

  const meterOf = (role: string): Meter => {
    const known = meters.get(role) ?? createMeter();
    meters.set(role, known);
    return known;
  };
  const clientsOf = (process: string, clients: TwinClients): TwinClients => {
    const meter = meterOf(roleOf(process));
    const slow = withLatency(clients, () => twin.cloud.clock);
    return {
      dynamodb: meter.wrap(slow.dynamodb, 'dynamodb'),
      sqs: meter.wrap(slow.sqs, 'sqs'),
      eventBridge: meter.wrap(slow.eventBridge, 'events'),
      sfn: meter.wrap(slow.sfn, 'states'),
      s3: meter.wrap(slow.s3, 's3'),
    };
  };
  const note = (_message: string, details: Record<string, unknown>): void => {
    counts.logBytes += loggerBytes + lineBytes + Buffer.byteLength(JSON.stringify(details));
  };
  const twin: TwinDeployment = deployTwin(options, {
    log: { info: note, warn: note, error: note },
    clients: clientsOf,
    handler: (_name, handler) => (event, context) => {
      if ('Records' in (event as object)) countPoller(counts, event);
      return handler(event, context);
    },
  });
  twin.cloud.lambda.onInvocation(({ functionName, ms }) => {
    counts.invocations[functionName] = (counts.invocations[functionName] ?? 0) + 1;
    counts.durationMs[functionName] = (counts.durationMs[functionName] ?? 0) + ms;
  });
  twin.cloud.eventBridge.onEvent((event) => {
    if (event['detail-type'] === 'TaskCompleted') completed += 1;
  });
  const submitter = clientsOf('submitter', twin.cloud.process('submitter').clients);
  return {
    ...twin,
    clientsOf,
    submit: (tasks) => twin.cloud.clock.drive(submitByQueue(twin, submitter, tasks)),
    completed: () => completed,
    start: () => {
      for (const meter of meters.values()) meter.reset();
      counts = zero();
      completed = 0;
    },
    read: () => {
      const byRole = Object.fromEntries([...meters].map(([role, meter]) => [role, meter.snapshot()]));
      return { total: sumOf(Object.values(byRole)), byRole, functions: structuredClone(counts) };
    },
  };
}

/** A metered twin with agents that finish at once, past its warm-up. */
export async function warmTwin(options: { readonly agents: number; readonly slots: number }): Promise<MeteredTwin> {
  const twin = deployMeteredTwin();
  await startTwinFleet(twin, { ...options, handler: () => ({ ok: true }), clientsOf: twin.clientsOf });
  return twin;
}
