/** The services that Cadre's clients talk to. */
export type MeteredService = 'dynamodb' | 'sqs' | 'events' | 'states' | 's3';

/** What a client used, in the units that AWS bills. Everything only grows until `reset`. */
export interface Usage {
  /** API calls by `service:Operation`, also those that failed: they were made all the same. */
  readonly calls: Readonly<Record<string, number>>;
  /** DynamoDB on-demand units, tables and indexes together. */
  readonly readUnits: number;
  readonly writeUnits: number;
  /** SQS requests: a call counts once for each started 64 KB of its messages. */
  readonly sqsStandardRequests: number;
  readonly sqsFifoRequests: number;
  /** EventBridge custom events: an entry counts once for each started 64 KB. */
  readonly events: number;
  readonly s3Puts: number;
  readonly s3Gets: number;
  /** State transitions of the executions that were started. */
  readonly transitions: number;
}

/** Meters any number of clients together. */
export interface Meter {
  /** Counts what the client does from now on. A real client is metered in place, a fake one by the answer; use what comes back. */
  wrap<C extends object>(client: C, service: MeteredService): C;
  /** The usage so far; a copy. */
  snapshot(): Usage;
  reset(): void;
}

/** What a meter cannot see by itself. */
export interface MeterOptions {
  /** Transitions of one execution: no API tells them when it starts, so whoever knows the definition does. @default 0 */
  readonly transitionsPerExecution?: number;
}

/** SQS and EventBridge bill each started 64 KB (https://aws.amazon.com/sqs/pricing/, https://aws.amazon.com/eventbridge/pricing/). */
export const billedChunkBytes = 64 * 1024;

/** An EventBridge entry's time counts 14 bytes (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html). */
const eventTimeBytes = 14;

type Fields = Readonly<Record<string, unknown>>;
type Counts = { -readonly [K in keyof Usage]: K extends 'calls' ? Record<string, number> : Usage[K] };

interface Call {
  readonly service: MeteredService;
  readonly operation: string;
  readonly input: Fields;
  readonly output: Fields;
  /** The name of the error, when it failed. */
  readonly failure?: string;
}

/** The document client has names of its own for the same operations. */
const documentOperations: Readonly<Record<string, string>> = {
  Get: 'GetItem',
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  BatchGet: 'BatchGetItem',
  BatchWrite: 'BatchWriteItem',
  TransactGet: 'TransactGetItems',
  TransactWrite: 'TransactWriteItems',
};

function operationOf(commandName: string): string {
  const name = commandName.replace(/Command$/, '');
  return documentOperations[name] ?? name;
}

function bytesOf(value: unknown): number {
  return typeof value === 'string' ? Buffer.byteLength(value) : 0;
}

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? (value as readonly Fields[]) : [];
}

function chunksOf(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / billedChunkBytes));
}

function isRead(operation: string, input: Fields): boolean {
  if (/^(GetItem|Query|Scan|BatchGetItem|TransactGetItems)$/.test(operation)) return true;
  const statement = input['Statement'] ?? listOf(input['Statements'])[0]?.['Statement'];
  return typeof statement === 'string' && /^\s*select/i.test(statement);
}

function countDynamodb(counts: Counts, { operation, input, output, failure }: Call): void {
  // A write refused by its condition costs a unit at least, and its error does not tell how many.
  if (failure !== undefined) {
    if (/ConditionalCheckFailed|TransactionCanceled/.test(failure))
      counts.writeUnits += Math.max(1, 2 * listOf(input['TransactItems']).length);
    return;
  }
  const consumed = output['ConsumedCapacity'];
  const parts = Array.isArray(consumed) ? listOf(consumed) : consumed === undefined ? [] : [consumed as Fields];
  const units = parts.reduce((sum, part) => sum + Number(part['CapacityUnits'] ?? 0), 0);
  if (isRead(operation, input)) counts.readUnits += units;
  else counts.writeUnits += units;
}

function countSqs(counts: Counts, { input, output }: Call): void {
  const messages = [input, ...listOf(input['Entries'])].map((each) => bytesOf(each['MessageBody']));
  const received = listOf(output['Messages']).map((each) => bytesOf(each['Body']));
  const requests = chunksOf([...messages, ...received].reduce((sum, bytes) => sum + bytes, 0));
  const isFifo = [input['QueueUrl'], input['QueueName']].some(
    (name) => typeof name === 'string' && name.endsWith('.fifo'),
  );
  if (isFifo) counts.sqsFifoRequests += requests;
  else counts.sqsStandardRequests += requests;
}

function countEvents(counts: Counts, { operation, input }: Call): void {
  if (operation !== 'PutEvents') return;
  for (const entry of listOf(input['Entries'])) {
    const time = entry['Time'] === undefined ? 0 : eventTimeBytes;
    counts.events += chunksOf(
      time + bytesOf(entry['Source']) + bytesOf(entry['DetailType']) + bytesOf(entry['Detail']),
    );
  }
}

function countS3(counts: Counts, { operation }: Call): void {
  // Deletes are free; listing is billed like putting (https://aws.amazon.com/s3/pricing/).
  if (/^Delete/.test(operation)) return;
  if (/^(Get|Head)Object/.test(operation)) counts.s3Gets += 1;
  else counts.s3Puts += 1;
}

function count(counts: Counts, call: Call, transitionsPerExecution: number): void {
  const name = `${call.service}:${call.operation}`;
  counts.calls[name] = (counts.calls[name] ?? 0) + 1;
  if (call.service === 'dynamodb') countDynamodb(counts, call);
  else if (call.service === 'sqs') countSqs(counts, call);
  else if (call.service === 'events') countEvents(counts, call);
  else if (call.service === 's3') countS3(counts, call);
  else if (call.operation === 'StartExecution' && call.failure === undefined)
    counts.transitions += transitionsPerExecution;
}

function zero(): Counts {
  return {
    calls: {},
    readUnits: 0,
    writeUnits: 0,
    sqsStandardRequests: 0,
    sqsFifoRequests: 0,
    events: 0,
    s3Puts: 0,
    s3Gets: 0,
    transitions: 0,
  };
}

interface StackArguments {
  readonly input: Fields;
}
type StackHandler = (args: StackArguments) => Promise<{ readonly output: Fields }>;

/** The part of an SDK client that takes middleware. */
interface RealClient {
  readonly middlewareStack: {
    add(
      middleware: (next: StackHandler, context: { readonly commandName?: string }) => StackHandler,
      options: { readonly step: 'initialize'; readonly name: string; readonly override: boolean },
    ): void;
  };
}

interface FakeCommand {
  readonly input: Fields;
}
type Send = (command: FakeCommand, ...rest: unknown[]) => Promise<Fields>;

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'Error';
}

/** Has DynamoDB tell what a call used. */
function asking(service: MeteredService, input: Fields): Fields {
  return service === 'dynamodb' ? { ReturnConsumedCapacity: 'TOTAL', ...input } : input;
}

/** A command of the same class with another input: a fake tells its commands apart by their class. */
function withInput(command: FakeCommand, input: Fields): FakeCommand {
  const copy = Object.create(Object.getPrototypeOf(command) as object) as object;
  return Object.assign(copy, command, { input });
}

/**
 * Counts calls and billed units of AWS clients. What it sees is what the client asked and was answered: retries inside the SDK, and what
 * services do among themselves (rules, event sources, pollers), are not in it.
 */
export function createMeter({ transitionsPerExecution = 0 }: MeterOptions = {}): Meter {
  let counts = zero();

  async function metered(
    service: MeteredService,
    operation: string,
    input: Fields,
    run: (input: Fields) => Promise<Fields>,
  ): Promise<void> {
    try {
      const output = await run(asking(service, input));
      count(counts, { service, operation, input, output }, transitionsPerExecution);
    } catch (error) {
      count(counts, { service, operation, input, output: {}, failure: nameOf(error) }, transitionsPerExecution);
      throw error;
    }
  }

  function wrapReal(client: RealClient, service: MeteredService): void {
    client.middlewareStack.add(
      (next, context) => async (args) => {
        let answer: { readonly output: Fields } | undefined;
        await metered(service, operationOf(context.commandName ?? ''), args.input, async (input) => {
          answer = await next({ ...args, input });
          return answer.output;
        });
        return answer as { readonly output: Fields };
      },
      { step: 'initialize', name: 'cadreMeter', override: true },
    );
  }

  function wrapFake<C extends object>(client: C, service: MeteredService): C {
    const { send } = client as unknown as { send: Send };
    const counted: Send = async (command, ...rest) => {
      let answer: Fields = {};
      await metered(service, operationOf(command.constructor.name), command.input, async (input) => {
        answer = await send.call(client, withInput(command, input), ...rest);
        return answer;
      });
      return answer;
    };
    return new Proxy(client, {
      get: (target, property) => (property === 'send' ? counted : (Reflect.get(target, property) as unknown)),
    });
  }

  return {
    wrap: (client, service) => {
      if (!('middlewareStack' in client)) return wrapFake(client, service);
      wrapReal(client as unknown as RealClient, service);
      return client;
    },
    snapshot: () => ({ ...counts, calls: { ...counts.calls } }),
    reset: () => void (counts = zero()),
  };
}
