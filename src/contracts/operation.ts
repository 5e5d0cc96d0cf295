import type * as z from 'zod';

/** One operation of the API: the app serves it and the OpenAPI document describes it. */
export interface Operation {
  readonly id: string;
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** With `:name` for parameters. */
  readonly path: string;
  readonly tag:
    | 'tasks'
    | 'workflows'
    | 'approvals'
    | 'schedules'
    | 'agents'
    | 'policies'
    | 'queues'
    | 'contexts'
    | 'dead-letters'
    | 'system';
  readonly summary: string;
  readonly params?: Readonly<Record<string, z.ZodType>>;
  readonly query?: z.ZodObject;
  /** What headers of its own it knows, with what they say. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: z.ZodType;
  readonly status: 200 | 201 | 202 | 204;
  readonly answer?: z.ZodType;
}
