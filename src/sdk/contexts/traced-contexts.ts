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
  /** Tells which versions were read since the last time. Answers with how many more were read than it remembers. */
  flush(): Promise<{ readonly dropped: number }>;
}

/** A version of a document. */
interface DocumentVersion {
  readonly context_id: string;
  readonly version: number;
}
type Read = DocumentVersion & { readonly namespace: string };

/** A memory of versions that were read, each once, up to `readsMax`. */
function rememberedReads() {
  const read = new Map<string, Read>();
  let dropped = 0;
  return {
    note(namespace: string = defaultNamespace, { context_id, version }: DocumentVersion): void {
      const entry = { namespace, context_id, version };
      const name = JSON.stringify(entry);
      if (read.size < readsMax || read.has(name)) read.set(name, entry);
      else dropped += 1;
    },
    /** What was read, and how much more there was; forgets it. */
    take(): { readonly reads: readonly Read[]; readonly dropped: number } {
      const taken = { reads: [...read.values()], dropped };
      read.clear();
      dropped = 0;
      return taken;
    },
  };
}

/** Follows which versions a task reads and writes, for lineage. */
export function tracedContexts(calls: ContextCalls, task_id: string): TracedContexts {
  const [workflow_id, node] = task_id.split(':', 2);
  const origin = { task_id, ...(node === undefined || workflow_id === undefined ? {} : { workflow_id }) };
  const remembered = rememberedReads();
  const note = (namespace: string | undefined, version: DocumentVersion) => {
    remembered.note(namespace, version);
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
    diff: async (request: ContextRequest<'diff'>) => {
      const answer = await calls.diff(request);
      for (const version of [answer.from, answer.to])
        note(request.namespace, { context_id: request.context_id, version });
      return answer;
    },
    search: async (request: ContextRequest<'search'>) => {
      const answer = await calls.search(request);
      for (const hit of answer.items) note(request.namespace, hit);
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
      const { reads: all, dropped } = remembered.take();
      for (const [namespace, own] of Map.groupBy(all, (entry) => entry.namespace)) {
        for (let first = 0; first < own.length; first += lineageReadsMax) {
          const reads = own
            .slice(first, first + lineageReadsMax)
            .map(({ context_id, version }) => ({ context_id, version }));
          await calls.record({ namespace, task_id, reads });
        }
      }
      return { dropped };
    },
  };
}
