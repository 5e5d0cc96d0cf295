import type { ContextRequest } from '../../contracts/context/operations.ts';
import { defaultNamespace } from '../../contracts/context/names.ts';
import { lineageReadsMax } from '../../contracts/limits.ts';
import type { ContextCalls } from '../client/context-calls.ts';

/** Versions that one attempt remembers it has read. More: an attempt that reads everything would tell of it for longer than it worked. */
const readsMax = 1_000;

/** Documents in the hands of one task. */
export interface TracedContexts {
  /** The same operations: changes carry the task as their origin, and what is read is remembered. */
  readonly contexts: ContextCalls;
  /** Tells which versions were read since the last time. */
  flush(): Promise<void>;
}

/** Follows which versions a task reads and writes, for lineage. */
export function tracedContexts(calls: ContextCalls, task_id: string): TracedContexts {
  const [workflow_id, node] = task_id.split(':', 2);
  const origin = { task_id, ...(node === undefined || workflow_id === undefined ? {} : { workflow_id }) };
  const read = new Map<string, { namespace: string; context_id: string; version: number }>();
  const note = (namespace: string | undefined, { context_id, version }: { context_id: string; version: number }) => {
    const entry = { namespace: namespace ?? defaultNamespace, context_id, version };
    if (read.size < readsMax) read.set(JSON.stringify(entry), entry);
  };
  const from =
    <R extends object, A>(change: (request: R) => Promise<A>) =>
    (request: R): Promise<A> =>
      change({ origin, ...request });
  const contexts: ContextCalls = {
    ...calls,
    create: from(calls.create),
    put: from(calls.put),
    patch: from(calls.patch),
    append: from(calls.append),
    sync: from(calls.sync),
    delete: from(calls.delete),
    restore: from(calls.restore),
    transaction: from(calls.transaction),
    get: async (request) => {
      const answer = await calls.get(request);
      note(request.namespace, answer.unchanged ? answer.head : answer.document);
      return answer;
    },
    fork: async (request: ContextRequest<'fork'>) => {
      const answer = await calls.fork({ origin, ...request });
      if (request.version !== undefined) note(request.namespace, { ...request, version: request.version });
      return answer;
    },
    batch: async (request) => {
      const answer = await calls.batch(request);
      for (const item of answer.items) if (item.ok) note(request.namespace, item.value);
      for (const { head } of answer.unchanged ?? []) note(request.namespace, head);
      return answer;
    },
    assemble: async (request) => {
      const answer = await calls.assemble(request);
      for (const piece of answer.pieces) note(request.namespace, piece);
      return answer;
    },
  };
  return {
    contexts,
    async flush() {
      const all = [...read.values()];
      read.clear();
      for (const [namespace, own] of Map.groupBy(all, (entry) => entry.namespace)) {
        for (let first = 0; first < own.length; first += lineageReadsMax) {
          const reads = own
            .slice(first, first + lineageReadsMax)
            .map(({ context_id, version }) => ({ context_id, version }));
          await calls.record({ namespace, task_id, reads });
        }
      }
    },
  };
}
