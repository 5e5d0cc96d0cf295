import { createHmac } from 'node:crypto';
import { CadreError } from '../../../contracts/errors.ts';
import type { SigningKey } from '../../../workflow/usecases/approvals/send-webhook.ts';
import type { StoredSecret } from '../stored-secret.ts';

/** Bytes of a secret, as https://www.standardwebhooks.com wants them. */
const secretBytesMin = 24;

/** The key of a secret `whsec_<base64>`. Throws `invalid-input` for one that is too short; it is never told. */
export function signingKey(id: string, secret: string): SigningKey {
  const bytes = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  if (!secret.startsWith('whsec_') || bytes.length < secretBytesMin)
    throw new CadreError(
      'invalid-input',
      `the webhook's secret is not whsec_ and base64 of ${secretBytesMin} bytes or more`,
    );
  return { id, sign: (text) => createHmac('sha256', bytes).update(text).digest('base64') };
}

/** The key of a stored secret, whose version is the id of the key. */
export function storedKey(secret: () => Promise<StoredSecret>): () => Promise<SigningKey> {
  return async () => {
    const { version, value } = await secret();
    return signingKey(version, value);
  };
}
