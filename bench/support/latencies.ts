import { logNormal } from '../../src/contracts/seeded.ts';
import { latencyMs } from '../../src/simulator/aws-model.ts';
import type { TwinClients } from '../../src/platform/twin/twin-cloud.ts';
import type { VirtualClock } from '../../src/platform/twin/virtual-clock.ts';

/** What an invocation takes besides its calls: parsing, deciding, signing. Billed like the rest. */
export const functionOverheadMs = 5;

/**
 * The slowest call of a hundred takes so many times as long as the table says; the others scatter as a logarithmic normal distribution does. An
 * assumption: inside one region DynamoDB's calls stay below 10 ms nearly always.
 */
export const slowestOfHundred = 2;

type Service = 'dynamodb' | 'sqs' | 'events' | 'states' | 's3';
type Send = (command: object, ...rest: unknown[]) => Promise<unknown>;

function latencyOf(service: Service, command: object): number {
  const isBatch = /^(Batch|Transact)/.test(command.constructor.name);
  return latencyMs[service === 'dynamodb' && isBatch ? 'dynamodb:batch or transaction' : service];
}

/** How long a call waits before its service acts, and after it. */
interface Waits {
  before(service: Service, command: object): number;
  after(service: Service, command: object): number;
}

function slowed<C extends object>(client: C, service: Service, clock: () => VirtualClock, waits: Waits): C {
  const { send } = client as unknown as { send: Send };
  const slow: Send = async (command, ...rest) => {
    await clock().sleep(waits.before(service, command));
    const answer = await send.call(client, command, ...rest);
    const after = waits.after(service, command);
    if (after > 0) await clock().sleep(after);
    return answer;
  };
  return new Proxy(client, {
    get: (target, property) => (property === 'send' ? slow : (Reflect.get(target, property) as unknown)),
  });
}

/** The same clients with calls that take virtual time. The clock is asked for late, because functions get their clients before there is one. */
export function withWaits(clients: TwinClients, clock: () => VirtualClock, waits: Waits): TwinClients {
  return {
    dynamodb: slowed(clients.dynamodb, 'dynamodb', clock, waits),
    sqs: slowed(clients.sqs, 'sqs', clock, waits),
    eventBridge: slowed(clients.eventBridge, 'events', clock, waits),
    sfn: slowed(clients.sfn, 'states', clock, waits),
    s3: slowed(clients.s3, 's3', clock, waits),
  };
}

const half = (service: Service, command: object): number => latencyOf(service, command) / 2;

/** Calls that take as long as the table says: half of it before the service acts, half after. */
export function withLatency(clients: TwinClients, clock: () => VirtualClock): TwinClients {
  return withWaits(clients, clock, { before: half, after: half });
}

/** Calls whose times scatter around the table's. `random` gives numbers in [0, 1). */
export function withTails(clients: TwinClients, clock: () => VirtualClock, random: () => number): TwinClients {
  const scattered = (service: Service, command: object): number => {
    const median = latencyOf(service, command);
    return logNormal(random, median, median * slowestOfHundred);
  };
  return withWaits(clients, clock, { before: scattered, after: () => 0 });
}
