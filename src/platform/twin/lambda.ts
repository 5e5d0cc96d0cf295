import type { Context } from 'aws-lambda';
import type { Random } from './random.ts';
import { twinAccount, twinRegion } from './sqs.ts';
import type { ProcessWire, Wire } from './wire.ts';

/** Lambda's default time-out in this project's functions, in the twin as in the stack. */
export const timeoutMsDefault = 30_000;
/** How often Lambda repeats a failed asynchronous invocation, and how long it waits before each. */
const asyncRetryDelaysMs = [60_000, 120_000];
/** A container that is to die during its work dies within so many calls. */
const crashWithinCalls = 8;

/** A handler as Lambda calls it. */
export type LambdaHandler = (event: never, context: Context) => unknown;

/** A failed invocation, as callers of Lambda see it. */
export class LambdaFailure extends Error {
  readonly errorType: string;
  constructor(errorType: string, message: string) {
    super(message);
    this.name = errorType;
    this.errorType = errorType;
  }
}

/** One finished invocation, for tests and figures. */
export interface Invocation {
  readonly functionName: string;
  readonly at: number;
  readonly ms: number;
  readonly error: string | undefined;
}

/** A fake Lambda: functions by name. */
export interface FakeLambda {
  /** The clients of a function go over its process's wire, so that killing its container stops them. */
  register(name: string, handler: LambdaHandler, options?: { timeoutMs?: number; process?: ProcessWire }): void;
  /** Calls a function and waits; rejects with a LambdaFailure. Takes a name or an ARN. */
  invoke(name: string, event: unknown): Promise<unknown>;
  /** Calls a function as an event source that does not wait: Lambda tries three times. */
  invokeAsync(name: string, event: unknown): void;
  has(name: string): boolean;
  onInvocation(listener: (invocation: Invocation) => void): void;
}

interface Registered {
  readonly handler: LambdaHandler;
  readonly timeoutMs: number;
  readonly process: ProcessWire | undefined;
}

/** One invocation in one container, with whatever may befall it. */
async function run(
  { clock, faults }: Wire,
  random: Random,
  name: string,
  registered: Registered,
  event: unknown,
): Promise<unknown> {
  const detail = `lambda:${name}`;
  if (faults.strikes('lambdaCrashBefore', detail))
    throw new LambdaFailure('Runtime.ExitError', 'The container died before the work');
  const { handler, timeoutMs, process } = registered;
  const dies = process !== undefined && faults.strikes('lambdaCrashDuring', detail);
  if (dies) process.haltAfter(faults.below(crashWithinCalls));
  const struck = faults.strikes('lambdaTimeout', detail);
  const endMs = dies ? 1 + faults.below(timeoutMs) : timeoutMs;
  const context = createContext(name, clock.now() + timeoutMs, () => clock.now(), random);
  const work = Promise.resolve().then(() => handler(event as never, context));
  // Whoever does not wait for the end must not be hurt by it either.
  work.catch(() => undefined);
  const timedOut = Symbol('timed out');
  let timer: { cancel(): void } | undefined;
  const limit = new Promise<typeof timedOut>((resolve) => {
    timer = clock.at(clock.now() + endMs, () => resolve(timedOut));
  });
  try {
    // A time-out that strikes lets the work go on, but nobody hears of its end.
    const result = await Promise.race(struck ? [limit] : [work, limit]);
    if (result === timedOut) {
      throw new LambdaFailure('Sandbox.Timedout', `Task timed out after ${(endMs / 1000).toFixed(2)} seconds`);
    }
    if (faults.strikes('lambdaCrashAfter', detail))
      throw new LambdaFailure('Runtime.ExitError', 'The container died after the work');
    // As JSON, which is how Lambda hands results over.
    return result === undefined ? null : (JSON.parse(JSON.stringify(result)) as unknown);
  } catch (error) {
    throw asFailure(error);
  } finally {
    timer?.cancel();
    if (dies) process.restart();
  }
}

/** A Lambda without functions. */
export function createFakeLambda(wire: Wire, random: Random): FakeLambda {
  const { clock } = wire;
  const functions = new Map<string, Registered>();
  const listeners: ((invocation: Invocation) => void)[] = [];

  function find(name: string): Registered {
    const found = functions.get(nameOf(name));
    if (found === undefined) throw new LambdaFailure('ResourceNotFoundException', `Function not found: ${name}`);
    return found;
  }

  async function invoke(name: string, event: unknown): Promise<unknown> {
    const functionName = nameOf(name);
    const registered = find(name);
    const at = clock.now();
    let error: string | undefined;
    clock.record(`lambda ${functionName} start`);
    try {
      return await run(wire, random, functionName, registered, event);
    } catch (failure) {
      error = failure instanceof Error ? failure.name : 'Error';
      throw failure;
    } finally {
      clock.record(`lambda ${functionName} ${error ?? 'ok'}`);
      for (const listener of listeners) listener({ functionName, at, ms: clock.now() - at, error });
    }
  }

  function invokeAsync(name: string, event: unknown, attempt = 0): void {
    invoke(name, event).catch(() => {
      const delayMs = asyncRetryDelaysMs[attempt];
      if (delayMs !== undefined) clock.at(clock.now() + delayMs, () => invokeAsync(name, event, attempt + 1));
    });
  }

  return {
    register(name, handler, options = {}) {
      functions.set(name, { handler, timeoutMs: options.timeoutMs ?? timeoutMsDefault, process: options.process });
    },
    invoke,
    invokeAsync: (name, event) => invokeAsync(name, event),
    has: (name) => functions.has(nameOf(name)),
    onInvocation: (listener) => void listeners.push(listener),
  };
}

function asFailure(error: unknown): LambdaFailure {
  if (error instanceof LambdaFailure) return error;
  return error instanceof Error
    ? new LambdaFailure(error.name, error.message)
    : new LambdaFailure('Error', String(error));
}

/** `arn:aws:lambda:region:account:function:name[:version]` or the bare name. */
function nameOf(nameOrArn: string): string {
  const match = /:function:([^:]+)/.exec(nameOrArn);
  return match?.[1] ?? nameOrArn;
}

function createContext(name: string, deadline: number, now: () => number, random: Random): Context {
  return {
    callbackWaitsForEmptyEventLoop: false,
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:${twinRegion}:${twinAccount}:function:${name}`,
    memoryLimitInMB: '256',
    awsRequestId: random.hex(32),
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: 'twin',
    getRemainingTimeInMillis: () => Math.max(0, deadline - now()),
    // The callbacks of old runtimes are not there.
  } as Context;
}
