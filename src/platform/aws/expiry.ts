import { retentionMs } from '../../contracts/limits.ts';

/** When a row that was finished at this time is removed by the table's TTL: epoch seconds, as DynamoDB wants them. */
export function expiryOf(finished_at: string): number {
  return Math.ceil((Date.parse(finished_at) + retentionMs) / 1_000);
}
