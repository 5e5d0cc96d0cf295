import { CadreError } from '../../../contracts/errors.ts';
import { type ApprovalNewsEvent, signedText, webhookHeaders } from '../../../contracts/workflow/webhook.ts';

/** A version of the secret that signs. */
export interface SigningKey {
  readonly id: string;
  /** HMAC-SHA256 in base64. */
  sign(text: string): string;
}

export interface WebhookDeps {
  now(): number;
  sleep(ms: number): Promise<void>;
  /** Whole numbers in [0, 1), for the jitter of pauses. */
  random(): number;
  key(): Promise<SigningKey>;
  /** Posts to the receiver; answers with the status. Rejected when it cannot be reached, or must not be. */
  post(headers: Readonly<Record<string, string>>, body: string): Promise<number>;
}

/** Pauses between the attempts of one invocation (ms), with jitter; Lambda makes two more invocations, a minute and then two minutes later. */
const pausesMs = [1_000, 4_000] as const;
/** Answers of a receiver that may be others a moment later. */
const passing = new Set([408, 425, 429]);

/**
 * Tells a receiver what happened to an approval, signed anew for each attempt with the time of it. Throws `unavailable` when nobody took it: the event then comes again, and at last
 * is a dead letter.
 */
export async function sendWebhook(deps: WebhookDeps, event: ApprovalNewsEvent): Promise<void> {
  const { metadata, data } = event.detail;
  const body = JSON.stringify({ type: event['detail-type'], metadata, data });
  let reason = '';
  for (const pauseMs of [...pausesMs, undefined]) {
    const timestamp = String(Math.floor(deps.now() / 1_000));
    const key = await deps.key();
    const headers = {
      'content-type': 'application/json',
      [webhookHeaders.id]: metadata.id,
      [webhookHeaders.timestamp]: timestamp,
      [webhookHeaders.keyId]: key.id,
      [webhookHeaders.signature]: `v1,${key.sign(signedText(metadata.id, timestamp, body))}`,
    };
    const answer = await deps.post(headers, body).catch((error: unknown) => String(error));
    if (typeof answer === 'number' && answer >= 200 && answer < 300) return;
    reason = typeof answer === 'number' ? `it answered ${answer}` : answer;
    // A redirect is not followed: it could lead anywhere.
    const isFinal = typeof answer === 'number' && answer < 500 && !passing.has(answer);
    if (isFinal || pauseMs === undefined) break;
    await deps.sleep(pauseMs * (0.5 + deps.random()));
  }
  throw new CadreError('unavailable', `the webhook ${metadata.id} was not taken: ${reason}`);
}
