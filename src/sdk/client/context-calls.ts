import type { ContextAnswer, ContextOperationName, ContextRequest } from '../../contracts/context/operations.ts';
import type { ApiTransport } from './api-transport.ts';

/** Operations that change documents: each gets an id, so that a repeat after a lost answer changes nothing. */
const changes = [
  'create',
  'put',
  'delete',
  'erase',
  'hold',
  'release',
  'patch',
  'append',
  'restore',
  'fork',
  'transaction',
  'lock',
] as const satisfies readonly ContextOperationName[];

/** The operations on documents, under the names that the API has for them. */
export type ContextCalls = {
  readonly [N in ContextOperationName]: (request: ContextRequest<N>) => Promise<ContextAnswer<N>>;
};

/** Documents through the API. `random` makes the ids of changes that are given none. */
export function contextCalls(call: ApiTransport, clock: { now(): number }, random: () => number): ContextCalls {
  const operationId = () => `op-${clock.now().toString(36)}-${random().toString(36).slice(2, 12)}`;
  const send = async (name: ContextOperationName, request: object) => {
    const isChange = changes.some((change) => change === name);
    const body = isChange ? { operation_id: operationId(), ...request } : request;
    return (await call({ method: 'POST', path: `/v1/contexts/${name}`, body })) as never;
  };
  const names = Object.keys(contextOperationNames) as ContextOperationName[];
  return Object.fromEntries(
    names.map((name) => [name, (request: object) => send(name, request)]),
  ) as unknown as ContextCalls;
}

/** Spelt out, because the table of operations with its schemas is the API's, and too large for a client. */
const contextOperationNames: Readonly<Record<ContextOperationName, true>> = {
  create: true,
  get: true,
  put: true,
  patch: true,
  append: true,
  sync: true,
  delete: true,
  erase: true,
  hold: true,
  release: true,
  lock: true,
  renew: true,
  unlock: true,
  locks: true,
  define: true,
  type: true,
  types: true,
  export: true,
  forget: true,
  certificates: true,
  restore: true,
  fork: true,
  snapshot: true,
  snapshots: true,
  rewind: true,
  discard: true,
  history: true,
  assemble: true,
  search: true,
  index: true,
  reindex: true,
  conflicts: true,
  diff: true,
  batch: true,
  list: true,
  relations: true,
  record: true,
  lineage: true,
  changes: true,
  watch: true,
  transaction: true,
  policy: true,
  guard: true,
  audit: true,
};
