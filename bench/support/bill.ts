import { functionSpecs } from '../../infra/functions.ts';
import { billedChunkBytes, type Usage } from '../../src/platform/aws/meter.ts';
import { rounded } from '../figure.ts';
import { priceOf } from '../prices.ts';
import { functionOverheadMs } from './latencies.ts';

/** What Lambda and its event sources used beside our clients. */
export interface FunctionUsage {
  readonly invocations: Readonly<Record<string, number>>;
  /** Milliseconds by function, by the table of latencies. */
  readonly durationMs: Readonly<Record<string, number>>;
  readonly logBytes: number;
  /** Calls that Lambda's pollers make: one ReceiveMessage and one DeleteMessageBatch for each batch. */
  readonly eventSourceCalls: number;
  readonly eventSourceStandardRequests: number;
  readonly eventSourceFifoRequests: number;
}

/** Requests of a poller for one batch: the receive by its bytes, and the delete. */
export function pollerRequests(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / billedChunkBytes)) + 1;
}

const gigabyte = 1024 ** 3;

function gbSeconds(usage: FunctionUsage): number {
  return Object.entries(usage.durationMs).reduce((sum, [name, ms]) => {
    const { memoryMb } = functionSpecs[name as keyof typeof functionSpecs];
    const billed = ms + (usage.invocations[name] ?? 0) * functionOverheadMs;
    return sum + (memoryMb / 1024) * (billed / 1000);
  }, 0);
}

/** Dollars of a usage by service, at list prices. */
export function billOf(usage: Usage, functions: FunctionUsage): Readonly<Record<string, number>> {
  const invocations = Object.values(functions.invocations).reduce((sum, each) => sum + each, 0);
  return {
    dynamodb: priceOf('writeUnit', usage.writeUnits) + priceOf('readUnit', usage.readUnits),
    sqs: priceOf('sqsStandard', usage.sqsStandardRequests) + priceOf('sqsFifo', usage.sqsFifoRequests),
    event_sources:
      priceOf('sqsStandard', functions.eventSourceStandardRequests) +
      priceOf('sqsFifo', functions.eventSourceFifoRequests),
    eventbridge: priceOf('customEvent', usage.events),
    lambda: priceOf('lambdaRequest', invocations) + priceOf('lambdaArmGbSecond', gbSeconds(functions)),
    logs: priceOf('logIngestion', functions.logBytes / gigabyte),
    step_functions: priceOf('transition', usage.transitions),
    s3: priceOf('s3Put', usage.s3Puts) + priceOf('s3Get', usage.s3Gets),
  };
}

/** A bill in dollars per million of `count`. */
export function perMillion(bill: Readonly<Record<string, number>>, count: number) {
  const parts = Object.entries(bill).map(([name, usd]) => [name, rounded((usd / count) * 1e6, 3)] as const);
  return {
    total: rounded((Object.values(bill).reduce((sum, usd) => sum + usd, 0) / count) * 1e6, 2),
    by_service: Object.fromEntries(parts.filter(([, usd]) => usd > 0)),
  };
}

/** The sum of usages. */
export function sumOf(usages: readonly Usage[]): Usage {
  const calls: Record<string, number> = {};
  for (const usage of usages) {
    for (const [name, count] of Object.entries(usage.calls)) calls[name] = (calls[name] ?? 0) + count;
  }
  const sum = (pick: (usage: Usage) => number): number => usages.reduce((total, usage) => total + pick(usage), 0);
  return {
    calls,
    readUnits: sum((usage) => usage.readUnits),
    writeUnits: sum((usage) => usage.writeUnits),
    sqsStandardRequests: sum((usage) => usage.sqsStandardRequests),
    sqsFifoRequests: sum((usage) => usage.sqsFifoRequests),
    events: sum((usage) => usage.events),
    s3Puts: sum((usage) => usage.s3Puts),
    s3Gets: sum((usage) => usage.s3Gets),
    transitions: sum((usage) => usage.transitions),
  };
}

/** All calls of a usage. */
export function callsOf(usage: Usage): number {
  return Object.values(usage.calls).reduce((sum, count) => sum + count, 0);
}
