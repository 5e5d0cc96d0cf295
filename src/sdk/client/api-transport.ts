import { AwsV4Signer } from 'aws4fetch';
import { errorCatalogue, type ErrorCode } from '../../contracts/error-catalogue.ts';
import { CadreError, type Fault } from '../../contracts/errors.ts';
import type { AgentClock } from '../clock.ts';
import type { Connection } from './connection.ts';

/** Tries of one call. Every command of the API may be repeated: its ids make the repeat harmless. */
const triesMax = 5;
const firstPauseMs = 200;

/** One call of the API. */
export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Begins with `/v1/`; its parts are encoded already. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

/** Calls the API and answers with the JSON of its answer; refusals become CadreError with a code of the catalogue. */
export type ApiTransport = (call: ApiCall) => Promise<unknown>;

/** A transport that signs (SigV4 or bearer token) and repeats what a busy service refused. */
export function apiTransport(
  connection: Connection,
  { clock, fetch }: { readonly clock: AgentClock; readonly fetch: typeof globalThis.fetch },
): ApiTransport {
  return async (call) => {
    for (let tries = 1; ; tries += 1) {
      let failure: CadreError;
      const request = await signed(connection, call);
      try {
        const response = await fetch(request);
        if (response.ok) return response.status === 204 ? undefined : await response.json();
        failure = await readProblem(response);
        // How long to wait for room in a queue is the caller's to say.
        if (failure.code === 'queue-full' || (response.status !== 429 && response.status < 502)) throw failure;
      } catch (error) {
        call.signal?.throwIfAborted();
        if (error instanceof CadreError) throw error;
        const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
        failure = new CadreError('unavailable', `${new URL(connection.apiUrl).origin} does not answer${cause}`, {
          cause: error,
        });
      }
      if (tries === triesMax) throw failure;
      await clock.sleep(firstPauseMs * 2 ** (tries - 1), call.signal);
    }
  };
}

async function signed(connection: Connection, call: ApiCall): Promise<Request> {
  const url = new URL(connection.apiUrl + call.path);
  for (const [key, value] of Object.entries(call.query ?? {})) {
    if (value !== undefined) url.searchParams.set(key, String(value));
  }
  const body = call.body === undefined ? null : JSON.stringify(call.body);
  const headers = new Headers({ accept: 'application/json' });
  if (body !== null) headers.set('content-type', 'application/json');
  if (call.idempotencyKey !== undefined) headers.set('idempotency-key', call.idempotencyKey);
  const signal = call.signal === undefined ? {} : { signal: call.signal };
  if (connection.token !== undefined) {
    headers.set('authorization', `Bearer ${await connection.token()}`);
    return new Request(url, { method: call.method, headers, body, ...signal });
  }
  const { accessKeyId, secretAccessKey, sessionToken } = await connection
    .credentials()
    .catch((cause: unknown): never => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new CadreError('unauthenticated', `no AWS credentials were found: ${reason}`, { cause });
    });
  const signer = new AwsV4Signer({
    method: call.method,
    url: url.href,
    headers,
    body,
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    service: 'execute-api',
    region: connection.region,
  });
  const request = await signer.sign();
  return new Request(request.url, { method: request.method, headers: request.headers, body, ...signal });
}

/** The problem details (RFC 9457) of a refusal; what is no problem document of ours is told by its status. */
async function readProblem(response: Response): Promise<CadreError> {
  const text = await response.text();
  try {
    const problem = JSON.parse(text) as { code?: unknown; detail?: unknown; errors?: unknown };
    if (typeof problem.code === 'string' && problem.code in errorCatalogue) {
      const code = problem.code as ErrorCode;
      const faults = Array.isArray(problem.errors) ? (problem.errors as Fault[]) : undefined;
      return new CadreError(code, typeof problem.detail === 'string' ? problem.detail : undefined, {
        ...(faults === undefined || faults.length === 0 ? {} : { faults }),
      });
    }
  } catch {
    // Not JSON: a gateway or a proxy answered.
  }
  const said = `the API answered ${response.status}${text === '' ? '' : `: ${text.slice(0, 200)}`}`;
  if (response.status === 401) return new CadreError('unauthenticated', said);
  if (response.status === 403) return new CadreError('forbidden', said);
  if (response.status === 404) return new CadreError('not-found', said);
  if (response.status === 413) return new CadreError('too-large', said);
  return new CadreError(response.status === 429 || response.status >= 500 ? 'unavailable' : 'internal', said);
}
