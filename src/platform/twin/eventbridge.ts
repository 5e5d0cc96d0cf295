import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { PutEventsCommandInput, PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { eventBridgeBytesMax } from '../../contracts/limits.ts';
import { awsError, validationError } from './aws-errors.ts';
import { entryBytes, newEvent, problemOf } from './bus-event.ts';
import type { BusEvent } from './bus-event.ts';
import { matchesPattern } from './event-pattern.ts';
import type { EventPattern } from './event-pattern.ts';
import { cloneValue } from './expressions/values.ts';
import type { Random } from './random.ts';
import { twinAccount, twinRegion } from './sqs.ts';
import type { FakeClient, Wire } from './wire.ts';

/** EventBridge's limit on the entries of one PutEvents. */
export const putEventsEntriesMax = 10;
/** Where a rule sends an event. `inputPath` takes a part of it (`$.detail`), `input` replaces it. */
export interface RuleTarget {
  deliver(payload: unknown, event: BusEvent): void;
  readonly name: string;
  readonly inputPath?: string | undefined;
  readonly input?: unknown;
}

/** A rule on a bus. */
export interface Rule {
  readonly name: string;
  readonly bus?: string;
  readonly pattern: EventPattern;
  readonly targets: readonly RuleTarget[];
}

/** A fake EventBridge. */
export interface FakeEventBridge {
  client(wire: Wire): FakeClient;
  /** Adds a rule, or replaces the one of its name. */
  putRule(rule: Rule): void;
  /** Fires targets at once and then every `everyMs`, as a background event of the clock. The returned function ends it. */
  schedule(name: string, everyMs: number, targets: readonly RuleTarget[]): () => void;
  /** Calls back with every accepted event. */
  onEvent(listener: (event: BusEvent, bus: string) => void): void;
}

/** Sends an event on its way to a target: it may get lost, come twice or late. */
function deliver({ clock, faults }: Wire, rule: string, target: RuleTarget, event: BusEvent): void {
  const detail = `eventbridge:${rule}`;
  if (faults.strikes('lose', detail)) return;
  const copies = faults.strikes('duplicate', detail) ? 2 : 1;
  for (let copy = 0; copy < copies; copy++) {
    const delayMs = faults.latencyMs() + (faults.strikes('delay', detail) ? faults.delayMs() : 0);
    clock.at(clock.now() + delayMs, () => {
      clock.record(`eventbridge ${rule} ${target.name} ${event.id}`);
      target.deliver(payloadFor(target, event), event);
    });
  }
}

/** An EventBridge without rules. */
export function createFakeEventBridge(wire: Wire, random: Random): FakeEventBridge {
  const { clock, faults } = wire;
  const rules = new Map<string, Rule>();
  const listeners: ((event: BusEvent, bus: string) => void)[] = [];

  function putEvent(entry: PutEventsRequestEntry): object {
    const problem = problemOf(entry);
    if (problem !== undefined) return problem;
    if (faults.strikes('partialBatch', 'eventbridge:PutEvents')) {
      return { ErrorCode: 'InternalFailure', ErrorMessage: 'An internal error occurred' };
    }
    const event = newEvent(clock.now(), random, {
      source: entry.Source ?? '',
      'detail-type': entry.DetailType ?? '',
      detail: JSON.parse(entry.Detail ?? '{}'),
      resources: entry.Resources ?? [],
    });
    const bus = busName(entry.EventBusName);
    clock.record(`eventbridge put ${event['detail-type']} ${event.id}`);
    for (const listener of listeners) listener(event, bus);
    for (const rule of rules.values()) {
      if (busName(rule.bus) !== bus || !matchesPattern(rule.pattern, event)) continue;
      for (const target of rule.targets) deliver(wire, rule.name, target, event);
    }
    return { EventId: event.id };
  }

  function putEvents(input: PutEventsCommandInput): object {
    const entries = input.Entries ?? [];
    if (entries.length < 1 || entries.length > putEventsEntriesMax) {
      throw validationError(
        `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length less than or equal to ${putEventsEntriesMax}`,
      );
    }
    if (entries.reduce((sum, entry) => sum + entryBytes(entry), 0) > eventBridgeBytesMax) {
      throw validationError('Total size of the entries in the request is over the limit.');
    }
    const answers = entries.map(putEvent);
    return { FailedEntryCount: answers.filter((answer) => 'ErrorCode' in answer).length, Entries: answers };
  }

  return {
    client: (processWire) => ({
      send(command, options) {
        if (!(command instanceof PutEventsCommand)) {
          return Promise.reject(awsError('UnknownOperationException', `The twin has no ${command.constructor.name}`));
        }
        return processWire.call('eventbridge', 'PutEvents', () => putEvents(command.input), options?.abortSignal);
      },
      destroy: () => undefined,
    }),
    putRule: (rule) => void rules.set(rule.name, rule),
    schedule(name, everyMs, targets) {
      // A rule runs when it is made, and then at its rate.
      let timer = clock.at(clock.now(), fire, true);
      function fire(): void {
        timer = clock.at(clock.now() + everyMs, fire, true);
        const event = newEvent(clock.now(), random, {
          source: 'aws.events',
          'detail-type': 'Scheduled Event',
          detail: {},
          resources: [`arn:aws:events:${twinRegion}:${twinAccount}:rule/${name}`],
        });
        for (const target of targets) deliver(wire, name, target, event);
      }
      return () => timer.cancel();
    },
    onEvent: (listener) => void listeners.push(listener),
  };
}

/** A bus is given by name or ARN. */
function busName(nameOrArn: string | undefined): string {
  return nameOrArn === undefined ? 'default' : nameOrArn.slice(nameOrArn.lastIndexOf('/') + 1);
}

function payloadFor(target: RuleTarget, event: BusEvent): unknown {
  if (target.input !== undefined) return target.input;
  let payload: unknown = event;
  for (const step of (target.inputPath ?? '$').split('.').slice(1)) {
    payload = typeof payload === 'object' && payload !== null ? (payload as Record<string, unknown>)[step] : undefined;
  }
  return cloneValue(payload);
}
