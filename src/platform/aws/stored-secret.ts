import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';

/** How long a secret is kept in memory. Longer: a new one takes longer to be used. */
const keptMs = 5 * 60_000;
/** Time for one look at the store, of which there are two. More: whoever waits for the secret does so for longer where the store cannot be reached. */
const lookMsMax = 500;

/** A secret, and which of its versions it is. */
export interface StoredSecret {
  readonly value: string;
  readonly version: string;
}

const client = () =>
  new SSMClient({ maxAttempts: 2, requestHandler: { connectionTimeout: lookMsMax, requestTimeout: lookMsMax } });

/** The secret in a SecureString of the Parameter Store, looked up again after five minutes. */
export function storedSecret(
  name: string,
  now: () => number,
  ssm: Pick<SSMClient, 'send'> = client(),
): () => Promise<StoredSecret> {
  let known: { readonly secret: StoredSecret; readonly at: number } | undefined;
  return async () => {
    if (known !== undefined && now() - known.at < keptMs) return known.secret;
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
    const secret = { value: Parameter?.Value ?? '', version: String(Parameter?.Version ?? '') };
    known = { secret, at: now() };
    return secret;
  };
}
