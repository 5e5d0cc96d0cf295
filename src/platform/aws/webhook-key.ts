import { createHmac } from 'node:crypto';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { CadreError } from '../../contracts/errors.ts';
import type { SigningKey } from '../../workflow/usecases/send-webhook.ts';

/** How long a secret is kept in memory. Longer: a new one takes longer to be used. */
const keptMs = 5 * 60_000;
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

/** The secret in a SecureString of the Parameter Store; the version of the parameter is the id of the key. */
export function storedKey(
  name: string,
  now: () => number,
  ssm: Pick<SSMClient, 'send'> = new SSMClient({}),
): () => Promise<SigningKey> {
  let known: { readonly key: SigningKey; readonly at: number } | undefined;
  return async () => {
    if (known !== undefined && now() - known.at < keptMs) return known.key;
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
    known = { key: signingKey(String(Parameter?.Version ?? ''), Parameter?.Value ?? ''), at: now() };
    return known.key;
  };
}
