import { hash } from 'node:crypto';
import { type EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import {
  ChangeMessageVisibilityBatchCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { type Announcement, eventSources, type Metadata, schemaVersion } from '../../contracts/events.ts';
import {
  eventBridgeBatchSizeMax,
  eventBridgeBytesMax,
  inlineBytesMax,
  roundShardsMax,
  sqsBatchSizeMax,
  sqsMessageBytesMax,
} from '../../contracts/limits.ts';
import { CadreError } from '../../contracts/errors.ts';
import type { DispatchHint } from '../../contracts/messages.ts';
import type { Shard } from '../../distributor/core/dispatch/shards.ts';
import type { Messenger, Sources } from '../../distributor/ports.ts';

/** Something that notes what went wrong without being able to stop the work. */
export interface Warner {
  warn(message: string, details: Record<string, unknown>): void;
}

/** Longest pause before a message that failed comes again; it doubles from two seconds on. Longer: a FIFO group stands still. */
const retrySecondsMax = 15;
/** Sends of a batch that are repeated before the rest is given up as lost hints. */
const sendRepeatsMax = 2;
/** Routes of one hint. More: one dispatch reads so many heads at once that the table throttles it. */
const routesPerHintMax = 200;

/** Splits entries so that no call exceeds the service's count and total size. */
export function batches<T>(
  entries: readonly T[],
  sizeOf: (entry: T) => number,
  countMax: number,
  bytesMax: number,
): T[][] {
  const parts: T[][] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = sizeOf(entry);
    const current = parts.at(-1);
    if (current === undefined || current.length >= countMax || bytes + size > bytesMax) {
      parts.push([entry]);
      bytes = size;
    } else {
      current.push(entry);
      bytes += size;
    }
  }
  return parts;
}

/** JSON as SQS takes it: it refuses the two noncharacters that JSON leaves as they are, and with them the whole batch. */
function sendable(json: string): string {
  return json.replace(/[\uFFFE\uFFFF]/g, (char) => `\\u${char.charCodeAt(0).toString(16)}`);
}

type Entry = Omit<SendMessageBatchRequestEntry, 'Id'>;

async function sendAll(sqs: SQSClient, url: string, entries: readonly Entry[]): Promise<readonly Entry[]> {
  const lost: Entry[] = [];
  for (const part of batches(
    entries,
    (entry) => Buffer.byteLength(entry.MessageBody ?? ''),
    sqsBatchSizeMax,
    sqsMessageBytesMax,
  )) {
    let open = part;
    for (let repeat = 0; open.length > 0 && repeat <= sendRepeatsMax; repeat += 1) {
      const answer = await sqs.send(
        new SendMessageBatchCommand({
          QueueUrl: url,
          Entries: open.map((entry, at) => ({ ...entry, Id: String(at) })),
        }),
      );
      open = (answer.Failed ?? []).flatMap((failed) => open[Number(failed.Id)] ?? []);
    }
    lost.push(...open);
  }
  return lost;
}

/** A W3C trace context for something that started here; the trace id is the correlation's, so that one story is one trace. */
export function traceparentOf(correlation_id: string, span: string): string {
  const hex = (text: string, length: number) => hash('sha256', text).slice(0, length);
  return `00-${hex(correlation_id, 32)}-${hex(span, 16)}-01`;
}

function toEntry(event: Announcement, bus: string, sources: Sources): PutEventsRequestEntry {
  const id = sources.id();
  const metadata: Metadata = {
    id,
    schema_version: schemaVersion,
    correlation_id: event.correlation_id,
    causation_id: event.causation_id,
    traceparent: traceparentOf(event.correlation_id, id),
  };
  return {
    EventBusName: bus,
    Source: eventSources[event.type],
    DetailType: event.type,
    Detail: JSON.stringify({ metadata, data: event.data }),
  };
}

async function announce(
  eventBridge: EventBridgeClient,
  entries: readonly PutEventsRequestEntry[],
  warner: Warner,
): Promise<void> {
  for (const part of batches(
    entries,
    (entry) => Buffer.byteLength(entry.Detail ?? '') + 256,
    eventBridgeBatchSizeMax,
    eventBridgeBytesMax,
  )) {
    let open = part;
    for (let repeat = 0; open.length > 0 && repeat <= sendRepeatsMax; repeat += 1) {
      const answer = await eventBridge.send(new PutEventsCommand({ Entries: open }));
      open = (answer.Entries ?? []).flatMap((entry, at) => (entry.ErrorCode === undefined ? [] : (open[at] ?? [])));
    }
    if (open.length > 0)
      warner.warn('events could not be published', {
        lost: open.length,
        types: [...new Set(open.map((entry) => entry.DetailType))],
      });
  }
}

async function relay(sqs: SQSClient, url: string, messages: Parameters<Messenger['relay']>[0]): Promise<void> {
  const entries = messages.map(({ body, group, deduplication }) => ({
    MessageBody: sendable(body),
    MessageGroupId: group,
    MessageDeduplicationId: deduplication,
  }));
  const lost = await sendAll(sqs, url, entries);
  if (lost.length > 0) throw new CadreError('unavailable', 'the results queue did not take everything');
}

/** One message a pool; very many routes take several, since one too large would be refused each time. */
function hintEntries(hints: readonly DispatchHint[], sources: Sources): readonly Entry[] {
  return [...Map.groupBy(hints, (hint) => hint.pool)].flatMap(([pool, list]) => {
    const routes = [...new Set(list.flatMap((hint) => hint.routes))];
    const split = batches(routes, (route) => Buffer.byteLength(route) + 3, routesPerHintMax, inlineBytesMax);
    return (split.length === 0 ? [[]] : split).map((part) => ({
      MessageBody: sendable(JSON.stringify({ pool, routes: part })),
      MessageGroupId: pool,
      MessageDeduplicationId: sources.id(),
    }));
  });
}

/** Shares of a round, each in a message group of its own beside the pool's, so that they are handed out at once. */
function shardEntries(pool: string, shards: readonly Shard[], sources: Sources): readonly Entry[] {
  return shards.map((shard, index) => ({
    MessageBody: sendable(JSON.stringify(shard)),
    MessageGroupId: `${pool}#${1 + (index % (roundShardsMax - 1))}`,
    MessageDeduplicationId: sources.id(),
  }));
}

/** Hints, assignments, ticks and events over SQS and EventBridge. What cannot be sent is only a lost hint: it is noted and the pulse makes up for it. */
export function createMessenger(options: {
  readonly sqs: SQSClient;
  readonly eventBridge: EventBridgeClient;
  readonly urls: Readonly<Record<string, string>>;
  readonly bus: string;
  readonly sources: Sources;
  readonly warner: Warner;
}): Messenger {
  const { sqs, eventBridge, urls, bus, sources, warner } = options;
  const sendHints = async (url: string, entries: readonly Entry[], what: string) => {
    try {
      const lost = await sendAll(sqs, url, entries);
      if (lost.length > 0) warner.warn(`${what} could not be sent`, { lost: lost.length });
      return lost.length === 0;
    } catch (error) {
      // The rows are written: failing here would only repeat work that is done. The pulse reads the table.
      warner.warn(`${what} could not be sent`, { lost: entries.length, reason: String(error) });
      return false;
    }
  };
  return {
    hint: async (hints) => {
      const entries = hintEntries(hints, sources);
      if (entries.length > 0) await sendHints(urls['dispatch'] ?? '', entries, 'dispatch hints');
    },
    share: (pool, shards) =>
      sendHints(urls['dispatch'] ?? '', shardEntries(pool, shards, sources), 'shares of a round'),
    send: async (messages) => {
      const byInbox = Map.groupBy(messages, (each) => each.inbox_url);
      await Promise.all(
        [...byInbox].map(([url, list]) =>
          sendHints(
            url,
            list.map((each) => ({ MessageBody: sendable(JSON.stringify(each.message)) })),
            'inbox messages',
          ),
        ),
      );
    },
    relay: (messages) => relay(sqs, urls['results'] ?? '', messages),
    ticks: (pool, delays) =>
      sendHints(
        urls['pulse'] ?? '',
        delays.map((delay) => ({ MessageBody: JSON.stringify({ pool }), DelaySeconds: delay })),
        'pulse ticks',
      ),
    retrySoon: async (queue, messages) => {
      const Entries = messages.map(({ receipt, receives }, index) => ({
        Id: String(index),
        ReceiptHandle: receipt,
        VisibilityTimeout: Math.min(retrySecondsMax, 2 ** receives),
      }));
      try {
        await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: urls[queue], Entries }));
      } catch (error) {
        // They come again anyway, only later.
        warner.warn('messages could not be hurried', { reason: String(error) });
      }
    },
    announce: async (events) => {
      try {
        await announce(
          eventBridge,
          events.map((event) => toEntry(event, bus, sources)),
          warner,
        );
      } catch (error) {
        warner.warn('events could not be published', { lost: events.length, reason: String(error) });
      }
    },
  };
}
