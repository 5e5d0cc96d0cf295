import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { CadreError, type Fault, inWords } from '../../contracts/errors.ts';
import { defaultPool } from '../../contracts/ids.ts';
import type { DeadLetterRow } from '../../contracts/rows.ts';
import { storeText } from '../../distributor/core/tasks/stored-json.ts';
import type { BlobStore, DeadLetterStore, Messenger, Sources } from '../../distributor/ports.ts';
import type { Log } from './log.ts';

/** Why a message, or a part of it, is of no use; `body` is that part. */
export type Refusal = Fault & { readonly body?: unknown };

/** What a queue's handler is made of. */
export interface QueueHandlerOptions<T> {
  /** The name of the queue, under which a dead letter of it can be sent back. */
  readonly source: string | ((record: SQSRecord) => string);
  readonly deps: {
    readonly sources: Sources;
    readonly deadLetters: DeadLetterStore;
    readonly blobs: BlobStore;
    readonly messenger: Messenger;
  };
  readonly log: Log;
  /** Reads one message; throws CadreError for one that nobody could use. */
  readonly read: (record: SQSRecord) => T;
  /** The one use case. Answers with what it refused, by index; a throw means that the messages come again. */
  readonly handle: (
    items: readonly T[],
  ) => Promise<{ readonly refused?: ReadonlyMap<number, Refusal>; readonly summary: Record<string, unknown> }>;
}

async function bury<T>(
  options: QueueHandlerOptions<T>,
  letters: readonly { record: SQSRecord; fault: Refusal }[],
): Promise<void> {
  const { deps } = options;
  const at = new Date(deps.sources.now()).toISOString();
  const rows = await Promise.all(
    letters.map(async ({ record, fault: { body, ...fault } }): Promise<DeadLetterRow> => ({
      id: record.messageId,
      pool: defaultPool,
      source: sourceOf(options, record),
      at,
      ...fault,
      body: await storeText(
        deps,
        `dead-letters/${record.messageId}`,
        body === undefined ? record.body : JSON.stringify(body),
      ),
    })),
  );
  await deps.deadLetters.bury(rows);
  await deps.messenger.announce(
    rows.map(({ id, code, message, path }) => ({
      type: 'TaskRefused',
      data: { code, message, dead_letter_id: id, ...(path === undefined ? {} : { path }) },
      correlation_id: id,
      causation_id: id,
    })),
  );
}

/** Characters of a reason that a dead letter keeps. More: a hostile key of a megabyte would make the letter too large to be written. */
const reasonCharactersMax = 1_000;

/** The beginning of a text; a pair of surrogates that the cut parts would not be text any more. */
function shortened(text: string): string {
  return text.length <= reasonCharactersMax ? text : `${text.slice(0, reasonCharactersMax).toWellFormed()}…`;
}

function faultOf(thrown: unknown): Fault {
  // A reader that breaks on a message would break on it each time: the letter says so, and the other messages go on.
  const error = thrown instanceof CadreError ? thrown : new CadreError('internal', String(thrown));
  const more =
    error.faults.length > 1
      ? ` (and ${error.faults.length - 1} more: ${error.faults
          .slice(1, 6)
          .map(({ path }) => path ?? '')
          .join(', ')})`
      : '';
  return {
    code: error.code,
    message: shortened(`${inWords({ ...error.faults[0], message: error.message })}${more}`),
    ...(error.path === undefined ? {} : { path: shortened(error.path) }),
  };
}

function sourceOf<T>({ source }: QueueHandlerOptions<T>, record: SQSRecord): string {
  return typeof source === 'string' ? source : source(record);
}

/** What failed comes again in a moment: a FIFO group would stand still for the whole visibility time-out. */
async function hurry<T>(options: QueueHandlerOptions<T>, failures: readonly SQSRecord[]): Promise<void> {
  await Promise.all(
    [...Map.groupBy(failures, (record) => sourceOf(options, record))].map(([source, records]) =>
      options.deps.messenger.retrySoon(
        source,
        records.map(({ receiptHandle, attributes }) => ({
          receipt: receiptHandle,
          receives: Number(attributes.ApproximateReceiveCount),
        })),
      ),
    ),
  );
}

/**
 * The handler of a queue: reads each message, gives all to one use case, and answers with the messages that must come again. A message nobody can
 * use becomes a dead letter with its reason and never comes back. When a batch fails its messages are tried one by one, so that one poisonous message
 * holds up no other (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).
 */
export function queueHandler<T>(options: QueueHandlerOptions<T>): (event: SQSEvent) => Promise<SQSBatchResponse> {
  const { log, read, handle } = options;
  return async (event) => {
    const good: { record: SQSRecord; item: T }[] = [];
    const letters: { record: SQSRecord; fault: Refusal }[] = [];
    for (const record of event.Records) {
      try {
        good.push({ record, item: read(record) });
      } catch (error) {
        letters.push({ record, fault: faultOf(error) });
      }
    }
    const failures: SQSRecord[] = [];
    const summaries: Record<string, unknown>[] = [];
    const run = async (part: typeof good): Promise<void> => {
      const { refused, summary } = await handle(part.map(({ item }) => item));
      summaries.push(summary);
      for (const [index, fault] of refused ?? []) {
        const record = part[index]?.record;
        if (record !== undefined) letters.push({ record, fault });
      }
    };
    if (good.length > 0) {
      await run(good).catch(async (error: unknown) => {
        log.warn('a batch failed', { reason: String(error), messages: good.length });
        if (good.length === 1) return failures.push(...good.map(({ record }) => record));
        for (const one of good) await run([one]).catch(() => failures.push(one.record));
        return undefined;
      });
    }
    if (letters.length > 0) {
      await bury(options, letters).catch((error: unknown) => {
        // Only they come again: the messages beside them are done, and thrown out together they would all repeat.
        log.warn('dead letters could not be kept', { reason: String(error), messages: letters.length });
        failures.push(...letters.map(({ record }) => record));
      });
    }
    await hurry(options, failures);
    log.info('done', {
      messages: event.Records.length,
      refused: letters.length,
      failed: failures.length,
      ...summaries[0],
    });
    return { batchItemFailures: failures.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  };
}

/** Who sent a message: SQS tells the principal, so nobody can pretend in the payload. */
export function senderOf(record: SQSRecord): string {
  return record.attributes.SenderId;
}

/**
 * Whom a message speaks for: its sender, or somebody else (`claimed`) where the sender is the role that speaks for agents, `relayRoleId`. SQS tells a role as `<role id>:<session>`
 * (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html). Throws `forbidden` for anybody else.
 */
export function principalOf(record: SQSRecord, claimed: string | undefined, relayRoleId: string | undefined): string {
  const sender = senderOf(record);
  if (claimed === undefined || claimed === sender) return sender;
  if (relayRoleId !== undefined && sender.split(':')[0] === relayRoleId) return claimed;
  throw new CadreError('forbidden', 'only serve-agents may speak for another principal', { path: 'principal' });
}
