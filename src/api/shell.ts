import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { bodyBytesMax } from '../contracts/api.ts';
import { CadreError } from '../contracts/errors.ts';
import type { Sources } from '../distributor/ports.ts';
import { problemResponse, toProblem } from './problem.ts';
import type { ApiEnv } from './request.ts';

/** How the app meets its surroundings. */
export interface ApiOptions {
  /** The caller as the authorizer knows it; undefined refuses the request with `unauthenticated`. `env` is what the adapter passes on. */
  readonly principalOf: (request: Request, env: unknown) => string | undefined;
  /** The groups that the authorizer has proved the caller to be in. @default none */
  readonly groupsOf?: (request: Request, env: unknown) => readonly string[];
  /** Hears of faults that are ours (status 500). */
  readonly onFault?: (error: unknown, correlation_id: string) => void;
}

const traceparentPattern = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const idempotencyKeyCharactersMax = 256;

/** An app without routes: who calls and in which story, the limits of a request, and refusals as problem details. */
export function createShell(sources: Sources, options: ApiOptions): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  app.use(async (c, next) => {
    const principal = options.principalOf(c.req.raw, c.env);
    const key = c.req.header('idempotency-key');
    const fresh = c.req.header('x-correlation-id') ?? sources.id();
    const story = key === undefined ? fresh : sources.hash(`${principal ?? ''} ${key}`).slice(0, 32);
    c.set('correlation_id', story.slice(0, 128));
    if (principal === undefined) throw new CadreError('unauthenticated');
    if (key !== undefined && key.length > idempotencyKeyCharactersMax) {
      throw new CadreError(
        'invalid-input',
        `the Idempotency-Key has more than ${idempotencyKeyCharactersMax} characters`,
      );
    }
    const traceparent = c.req.header('traceparent');
    c.set('principal', principal);
    c.set('groups', options.groupsOf?.(c.req.raw, c.env) ?? []);
    c.set('traceparent', traceparent !== undefined && traceparentPattern.test(traceparent) ? traceparent : undefined);
    await next();
    c.header('x-correlation-id', c.get('correlation_id'));
  });
  app.use(
    bodyLimit({
      maxSize: bodyBytesMax,
      onError: () => {
        throw new CadreError('too-large', `a request may have ${bodyBytesMax} bytes`);
      },
    }),
  );
  app.notFound((c) => {
    const error = new CadreError('not-found', `there is no ${c.req.method} ${c.req.path}; see /v1/openapi.json`);
    return problemResponse(toProblem(error, c.req.path, c.get('correlation_id')));
  });
  app.onError((error, c) => {
    const correlation_id = c.get('correlation_id');
    const problem = toProblem(error, c.req.path, correlation_id);
    if (problem.code === 'internal') options.onFault?.(error, correlation_id);
    return problemResponse(problem);
  });
  return app;
}
