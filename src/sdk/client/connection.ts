import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { CadreError } from '../../contracts/errors.ts';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** How to reach a deployment. Everything may be left out: see `discoverConnection` for where it is looked for then. */
export interface ConnectionOptions {
  readonly apiUrl?: string;
  readonly region?: string;
  /** The endpoint of a local cloud for SQS and S3. @default none: the real services of the region */
  readonly endpoint?: string;
  /** Credentials that sign the calls. @default the AWS provider chain (environment, profiles, SSO, container, instance) */
  readonly credentials?: AwsCredentials | (() => Promise<AwsCredentials>);
  /** A bearer token instead of a signature, where the deployment has a JWT authorizer. */
  readonly token?: string | (() => Promise<string>);
}

/** A deployment that was found. */
export interface Connection {
  readonly apiUrl: string;
  readonly region: string;
  readonly endpoint?: string;
  readonly credentials: () => Promise<AwsCredentials>;
  readonly token?: () => Promise<string>;
}

/** What a deployment leaves behind in `.local/outputs.json`; other keys are its own business. */
const outputs = z.object({
  apiUrl: z.string(),
  region: z.string().optional(),
  endpoint: z.string().optional(),
  accessKeyId: z.string().optional(),
  secretAccessKey: z.string().optional(),
});
type Outputs = z.infer<typeof outputs>;

/** The local cloud accepts any credentials; it takes a 12-digit access key as the account. */
const localCredentials: AwsCredentials = { accessKeyId: '000000000000', secretAccessKey: 'local' };
const defaultRegion = 'us-east-1';

/** The outputs of a local cloud: of the current folder, else of the project this file belongs to; CADRE_LOCAL_DIR names another one. */
function readOutputs(): Outputs | undefined {
  const elsewhere = process.env['CADRE_LOCAL_DIR'];
  const project = join(import.meta.dirname, '..', '..', '..');
  const folders = elsewhere === undefined ? [join(process.cwd(), '.local'), join(project, '.local')] : [elsewhere];
  for (const folder of folders) {
    try {
      const parsed = outputs.safeParse(JSON.parse(readFileSync(join(folder, 'outputs.json'), 'utf8')));
      if (parsed.success) return parsed.data;
    } catch {
      continue;
    }
  }
  return undefined;
}

/**
 * Finds the deployment: the options given, then CADRE_API_URL, then the outputs of the last `cadre up`. Outputs also tell region, endpoint and
 * credentials of their deployment; otherwise AWS_REGION, AWS_ENDPOINT_URL and the provider chain do.
 * Throws CadreError `not-deployed` when there is none.
 */
export function discoverConnection(
  options: ConnectionOptions = {},
  env: Readonly<Record<string, string | undefined>> = process.env,
  local: () => Outputs | undefined = readOutputs,
): Connection {
  const named = options.apiUrl ?? env['CADRE_API_URL'];
  const outputsThere = local();
  // Outputs count for the deployment that they describe, also when that one is named.
  const found = named === undefined || named === outputsThere?.apiUrl ? outputsThere : undefined;
  const apiUrl = named ?? found?.apiUrl;
  if (apiUrl === undefined) throw new CadreError('not-deployed');
  const endpoint = options.endpoint ?? found?.endpoint ?? env['AWS_ENDPOINT_URL'];
  const { credentials, token } = options;
  return {
    apiUrl: apiUrl.replace(/\/+$/, ''),
    region: options.region ?? found?.region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? defaultRegion,
    ...(endpoint === undefined ? {} : { endpoint }),
    credentials:
      typeof credentials === 'function'
        ? credentials
        : async () => credentials ?? findCredentials(env, endpoint, found),
    ...(token === undefined ? {} : { token: typeof token === 'function' ? token : async () => token }),
  };
}

async function findCredentials(
  env: Readonly<Record<string, string | undefined>>,
  endpoint: string | undefined,
  found: Outputs | undefined,
): Promise<AwsCredentials> {
  if (found?.accessKeyId !== undefined && found.secretAccessKey !== undefined) {
    return { accessKeyId: found.accessKeyId, secretAccessKey: found.secretAccessKey };
  }
  // A deployment of the local cloud never gets the caller's real keys.
  if (found?.endpoint !== undefined) return localCredentials;
  const accessKeyId = env['AWS_ACCESS_KEY_ID'];
  const secretAccessKey = env['AWS_SECRET_ACCESS_KEY'];
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    const sessionToken = env['AWS_SESSION_TOKEN'];
    return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  }
  if (endpoint !== undefined) return localCredentials;
  // Loaded late: the provider chain takes longer to load than most commands take to run.
  const { callerCredentials } = await import('../../platform/aws/caller-credentials.ts');
  return callerCredentials();
}
