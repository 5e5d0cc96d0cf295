import * as z from 'zod';
import { approvalEvents, eventData, metadata } from '../events.ts';

/** Headers of a webhook, as https://www.standardwebhooks.com names them; the key id says which version of the secret signed it. */
export const webhookHeaders = {
  id: 'webhook-id',
  timestamp: 'webhook-timestamp',
  signature: 'webhook-signature',
  keyId: 'webhook-key-id',
} as const;

/** What a webhook tells, as the bus tells it; the keys around these are AWS's. */
export const approvalNewsEvent = z.object({
  'detail-type': z.enum(approvalEvents),
  detail: z.object({ metadata, data: eventData.ApprovalRequested }),
});
export type ApprovalNewsEvent = z.output<typeof approvalNewsEvent>;

/** What is signed: who changes the id or the time changes the signature. */
export function signedText(id: string, timestamp: string, body: string): string {
  return `${id}.${timestamp}.${body}`;
}
