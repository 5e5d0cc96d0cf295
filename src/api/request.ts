import type { Context } from 'hono';
import type * as z from 'zod';
import { CadreError, type Outcome } from '../contracts/errors.ts';
import { parse, parseJson } from '../contracts/parse.ts';

/** What every request knows once it has passed the border. */
export interface ApiEnv {
  readonly Variables: {
    /** From the authorizer, never from the payload. */
    readonly principal: string;
    readonly groups: readonly string[];
    readonly correlation_id: string;
    readonly traceparent: string | undefined;
  };
}
export type ApiContext = Context<ApiEnv>;

/** The body of a request, parsed at the border. An absent body is an empty object. */
export async function readBody<S extends z.ZodType>(c: ApiContext, schema: S): Promise<z.output<S>> {
  const text = await c.req.text();
  return parseJson(schema, text === '' ? '{}' : text);
}

/** The query of a request. A key given twice is refused, as any unknown one. */
export function readQuery<S extends z.ZodType>(c: ApiContext, schema: S): z.output<S> {
  const query = Object.entries(c.req.queries()).map(([key, values]) => [key, values.length === 1 ? values[0] : values]);
  return parse(schema, Object.fromEntries(query));
}

/** A parameter of the path. */
export function readParam<S extends z.ZodType>(c: ApiContext, name: string, schema: S): z.output<S> {
  return parse(schema, c.req.param(name), [name]);
}

/** The value of an outcome; a refusal becomes the answer. */
export function accepted<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  const { code, message, path } = outcome.error;
  throw new CadreError(code, message, path === undefined ? {} : { path });
}

/** The thing, or the answer that nothing has this id. */
export function found<T>(value: T | undefined, what: string, id: string): T {
  if (value === undefined) throw new CadreError('not-found', `no ${what} has the id ${id}`, { path: 'id' });
  return value;
}
