import { createHmac, timingSafeEqual } from 'node:crypto';
import { CadreError } from '../contracts/errors.ts';
import { signedText, webhookHeaders } from '../contracts/workflow/webhook.ts';

/** How old or how far ahead a webhook may be. Longer: somebody who has got hold of one can send it again for longer. */
const defaultToleranceMs = 5 * 60_000;

export interface VerifyWebhookOptions {
  /** The headers of the request, by their names in small letters. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The body as it came: JSON that was read and written again has another signature. */
  readonly body: string;
  /** Secrets (`whsec_…`) by the id of their key; during a change of the secret there are two. */
  readonly secrets: Readonly<Record<string, string>>;
  /** @default five minutes */
  readonly toleranceMs?: number;
  /** Epoch milliseconds. @default the machine's time */
  readonly now?: number;
}

/**
 * The id and the event of a webhook that a deployment of yours has sent within the tolerance. Throws CadreError `unauthenticated` for any other. Remember the ids for as long
 * as the tolerance, and do nothing for one that came before: that leaves nothing to replay.
 */
export function verifyWebhook({
  headers,
  body,
  secrets,
  toleranceMs = defaultToleranceMs,
  now = Date.now(),
}: VerifyWebhookOptions): {
  readonly id: string;
  readonly event: unknown;
} {
  const header = (name: keyof typeof webhookHeaders): string => {
    const value = headers[webhookHeaders[name]];
    if (typeof value === 'string') return value;
    throw new CadreError('unauthenticated', `the webhook has no ${webhookHeaders[name]}`);
  };
  const [id, timestamp, keyId] = [header('id'), header('timestamp'), header('keyId')];
  const secret = Object.hasOwn(secrets, keyId) ? secrets[keyId] : undefined;
  if (secret === undefined)
    throw new CadreError('unauthenticated', 'the webhook is signed with a key that is not known');
  const age = Math.abs(now - Number(timestamp) * 1_000);
  if (!(age <= toleranceMs)) throw new CadreError('unauthenticated', 'the webhook is too old, or of a time to come');
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const expected = createHmac('sha256', key)
    .update(signedText(id, timestamp, body))
    .digest();
  const given = header('signature')
    .split(' ')
    .flatMap((each) => (each.startsWith('v1,') ? [Buffer.from(each.slice(3), 'base64')] : []));
  if (!given.some((each) => each.length === expected.length && timingSafeEqual(each, expected)))
    throw new CadreError('unauthenticated', 'the signature of the webhook is wrong');
  return { id, event: JSON.parse(body) as unknown };
}
