import { retentionMs, runMsMax } from '../../contracts/limits.ts';

/** When a row that was finished at this time is removed by the table's TTL: epoch seconds, as DynamoDB wants them. */
export function expiryOf(finished_at: string): number {
  return Math.ceil((Date.parse(finished_at) + retentionMs) / 1_000);
}

/** The same for a row that its workflow may ask for until its own end: it outlives the longest run. */
export function expiryInRun(finished_at: string): number {
  return expiryOf(finished_at) + runMsMax / 1_000;
}
