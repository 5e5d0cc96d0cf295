import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { BusEvent } from './bus-event.ts';
import { createFakeDynamodb } from './dynamodb.ts';
import type { FakeDynamodb } from './dynamodb.ts';
import type { TableSchema } from './dynamodb/table.ts';
import { connectQueue } from './event-source.ts';
import type { EventSourceMapping } from './event-source.ts';
import { createFakeEventBridge } from './eventbridge.ts';
import type { FakeEventBridge, RuleTarget } from './eventbridge.ts';
import { createFaultPlan } from './faults.ts';
import type { FaultMix, FaultPlan } from './faults.ts';
import { createFakeLambda } from './lambda.ts';
import type { FakeLambda, LambdaHandler } from './lambda.ts';
import { createRandom } from './random.ts';
import type { Random } from './random.ts';
import { createFakeS3 } from './s3.ts';
import type { FakeS3 } from './s3.ts';
import { createFakeSqs } from './sqs.ts';
import type { FakeSqs } from './sqs.ts';
import type { Queue } from './sqs/queue.ts';
import { createFakeStepFunctions } from './stepfunctions.ts';
import type { FakeStepFunctions } from './stepfunctions.ts';
import { createVirtualClock } from './virtual-clock.ts';
import type { VirtualClock } from './virtual-clock.ts';
import { createWire } from './wire.ts';
import type { ProcessWire, Wire } from './wire.ts';

/** The clients of one process, typed as the real ones, which is what the adapters take. */
export interface TwinClients {
  readonly dynamodb: DynamoDBDocumentClient;
  readonly sqs: SQSClient;
  readonly eventBridge: EventBridgeClient;
  readonly sfn: SFNClient;
  readonly s3: S3Client;
}

/** One process in the twin: a Lambda, an agent, a user's shell. Its principal is the SenderId of what it sends. */
export interface TwinProcess {
  readonly clients: TwinClients;
  readonly wire: ProcessWire;
  /** The process's own idea of the time, which may be skewed. */
  now(): number;
}

/** How to make a twin. The same options give the same run. */
export interface TwinOptions {
  readonly seed?: number | string;
  /** A mix to draw faults from, or a plan of one's own. Absent: no faults, calls take no time, ties keep their order. */
  readonly faults?: FaultMix | FaultPlan;
  readonly startMs?: number;
  readonly tables?: readonly TableSchema[];
  readonly buckets?: readonly string[];
}

/** The whole cloud in this process. */
export interface TwinCloud {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly faults: FaultPlan;
  readonly wire: Wire;
  readonly dynamodb: FakeDynamodb;
  readonly sqs: FakeSqs;
  readonly eventBridge: FakeEventBridge;
  readonly lambda: FakeLambda;
  readonly stepFunctions: FakeStepFunctions;
  readonly s3: FakeS3;
  /** Clients of the anonymous process `twin`. */
  readonly clients: TwinClients;
  /** A process by its principal; the same name gives the same process. */
  process(principal: string): TwinProcess;
  /** Registers a function whose handler is made with the clients of its own process. */
  addFunction(name: string, make: (process: TwinProcess) => LambdaHandler, options?: { timeoutMs?: number }): void;
  /** Lets a queue feed a function. The returned function ends it. */
  connect(mapping: Omit<EventSourceMapping, 'queue'> & { readonly queue: string }): () => void;
  /** Rule targets by what they are. */
  readonly targets: {
    /** `groupId` is required by FIFO queues: a constant, or taken from the event. */
    queue(name: string, options?: { groupId?: string | ((event: BusEvent) => string); inputPath?: string }): RuleTarget;
    lambda(name: string, input?: unknown): RuleTarget;
    stateMachine(arn: string, inputPath?: string): RuleTarget;
  };
}

/** The principal of messages that rules send. */
const eventBridgeSender = 'events.amazonaws.com';

function isPlan(faults: FaultMix | FaultPlan): faults is FaultPlan {
  return 'strikes' in faults;
}

/** Makes a twin. */
export function createTwinCloud(options: TwinOptions = {}): TwinCloud {
  const random = createRandom(options.seed ?? 0);
  const { faults: given = {} } = options;
  const faults = isPlan(given) ? given : createFaultPlan(random.fork('faults'), given);
  const clock = createVirtualClock({
    ...(options.startMs === undefined ? {} : { startMs: options.startMs }),
    ...(faults.active ? { shuffle: random.fork('ties') } : {}),
  });
  faults.attach(() => clock.now());
  const wire = createWire(clock, faults);
  const ids = random.fork('ids');
  const dynamodb = createFakeDynamodb(wire, options.tables);
  const sqs = createFakeSqs(wire, ids);
  const eventBridge = createFakeEventBridge(wire, ids);
  const lambda = createFakeLambda(wire, ids);
  const stepFunctions = createFakeStepFunctions(wire, ids, lambda, sqs);
  const s3 = createFakeS3(wire, options.buckets);
  const processes = new Map<string, TwinProcess>();

  function process(principal: string): TwinProcess {
    let known = processes.get(principal);
    if (known === undefined) {
      const processWire = wire.forProcess(principal);
      // The fakes answer the commands that the adapters send; the rest of a client's surface is not there.
      const clients = {
        dynamodb: dynamodb.client(processWire),
        sqs: sqs.client(processWire),
        eventBridge: eventBridge.client(processWire),
        sfn: stepFunctions.client(processWire),
        s3: s3.client(processWire),
      } as unknown as TwinClients;
      known = { clients, wire: processWire, now: () => clock.now() + faults.skewMs(principal) };
      processes.set(principal, known);
    }
    return known;
  }

  function requireQueue(name: string): Queue {
    const queue = sqs.find(name);
    if (queue === undefined) throw new Error(`The twin has no queue ${name}`);
    return queue;
  }

  return {
    clock,
    random,
    faults,
    wire,
    dynamodb,
    sqs,
    eventBridge,
    lambda,
    stepFunctions,
    s3,
    clients: process('twin').clients,
    process,
    addFunction(name, make, { timeoutMs } = {}) {
      const own = process(name);
      lambda.register(name, make(own), { process: own.wire, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
    },
    connect: (mapping) => connectQueue(wire, lambda, { ...mapping, queue: requireQueue(mapping.queue) }),
    targets: createTargets(requireQueue, lambda, stepFunctions),
  };
}

function createTargets(
  requireQueue: (name: string) => Queue,
  lambda: FakeLambda,
  stepFunctions: FakeStepFunctions,
): TwinCloud['targets'] {
  return {
    queue: (name, { groupId, inputPath } = {}) => ({
      name,
      inputPath,
      deliver(payload, event) {
        const queue = requireQueue(name);
        const group = typeof groupId === 'function' ? groupId(event) : groupId;
        queue.send({
          body: typeof payload === 'string' ? payload : JSON.stringify(payload),
          groupId: group,
          senderId: eventBridgeSender,
          // EventBridge has no deduplication id to give; such queues deduplicate by content.
          deduplicationId:
            queue.fifo && queue.attributes.get('ContentBasedDeduplication') !== 'true' ? event.id : undefined,
        });
      },
    }),
    lambda: (name, input) => ({ name, input, deliver: (payload) => lambda.invokeAsync(name, payload) }),
    stateMachine: (arn, inputPath) => ({
      name: arn,
      inputPath,
      deliver: (payload) => void stepFunctions.start(arn, payload),
    }),
  };
}
