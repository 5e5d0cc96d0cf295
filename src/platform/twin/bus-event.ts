import type { PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { textBytes } from './expressions/values.ts';
import type { Random } from './random.ts';
import { twinAccount, twinRegion } from './sqs.ts';

/** What the time of an entry counts for in its size. */
const timeBytes = 14;

/** An event as targets get it. */
export interface BusEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: unknown;
}

/** An event as it comes onto a bus now. */
export function newEvent(
  nowMs: number,
  random: Random,
  content: Pick<BusEvent, 'source' | 'detail-type' | 'detail' | 'resources'>,
): BusEvent {
  return {
    version: '0',
    id: random.hex(32),
    'detail-type': content['detail-type'],
    source: content.source,
    account: twinAccount,
    time: `${new Date(nowMs).toISOString().slice(0, 19)}Z`,
    region: twinRegion,
    resources: content.resources,
    detail: content.detail,
  };
}

/** What an entry counts for against the limit (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html). */
export function entryBytes(entry: PutEventsRequestEntry): number {
  let bytes = entry.Time === undefined ? 0 : timeBytes;
  for (const text of [entry.Source, entry.DetailType, entry.Detail, ...(entry.Resources ?? [])])
    bytes += textBytes(text ?? '');
  return bytes;
}

/** Why an entry is refused, as its part of the answer; undefined when it is accepted. */
export function problemOf(entry: PutEventsRequestEntry): object | undefined {
  if (entry.Source === undefined || entry.Source === '') {
    return {
      ErrorCode: 'InvalidArgument',
      ErrorMessage: 'Parameter Source is not valid. Reason: Source is a required argument.',
    };
  }
  if (entry.DetailType === undefined || entry.DetailType === '') {
    return {
      ErrorCode: 'InvalidArgument',
      ErrorMessage: 'Parameter DetailType is not valid. Reason: DetailType is a required argument.',
    };
  }
  try {
    const detail: unknown = JSON.parse(entry.Detail ?? '');
    if (typeof detail === 'object' && detail !== null && !Array.isArray(detail)) return undefined;
  } catch {
    // Falls through to the refusal: anything but a JSON object is malformed.
  }
  return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
}
