import type { ContextAnswer } from '../../contracts/context/operations.ts';
import type { ContextDocument } from '../../contracts/context/context.ts';
import { jsonBytes } from '../../contracts/context/data.ts';
import type { Json } from '../../contracts/json.ts';
import { documentBatchMax } from '../../contracts/limits.ts';
import type { ContextCalls } from '../client/context-calls.ts';
import { DocumentMemory, type DocumentName } from './document-memory.ts';

/** How documents that were read are kept. */
export interface ContextCacheOptions {
  /** Bytes of documents to keep, the ones used last; 0 keeps none. @default 32 MB */
  readonly bytes?: number;
  /** So long a document is given again without asking whether it is still the latest. @default 0: it is always asked, which reads only the head */
  readonly freshMs?: number;
}

/** What the memory of a client has saved. */
export interface ContextCacheFigures {
  /** Whole documents that were asked for, by `get` and `batch`. */
  readonly reads: number;
  /** Of these, how many were given from memory, */
  readonly hits: number;
  /** and of those, for how many the server was asked whether they are the latest. */
  readonly head_checks: number;
  /** Bytes of data that were not sent again. */
  readonly bytes_saved: number;
  /** Versions that are kept now, and their bytes. */
  readonly versions: number;
  readonly bytes: number;
}

/** The memory of a client: what it has read of documents. Versions never change, so one that is kept is right for ever; what may change is which one is the latest. */
export interface ContextCache {
  /** Reads documents ahead, 100 a call, so that `get` finds them. Those that are not there, or not for the caller, are left out. */
  preload(context_ids: readonly string[], namespace?: string): Promise<void>;
  /** Is told that a document has this version: of an older one the server is asked at once, however fresh it is. */
  heard(document: DocumentName & { readonly version: number }): void;
  figures(): ContextCacheFigures;
}

const bytesDefault = 32 * 1024 * 1024;

type BatchItem = ContextAnswer<'batch'>['items'][number];

/** Counts what was asked for, and what of it was in memory. */
class Tally {
  readonly figures = { reads: 0, hits: 0, head_checks: 0, bytes_saved: 0 };

  hit(document: ContextDocument): ContextDocument {
    this.figures.hits += 1;
    this.figures.bytes_saved += document.bytes ?? jsonBytes(document.data);
    return document;
  }

  /** A hit after a question. */
  checked(document: ContextDocument): ContextDocument {
    this.figures.head_checks += 1;
    return this.hit(document);
  }
}

/** A `get` that looks into the memory first. */
function rememberingGet(calls: ContextCalls, memory: DocumentMemory, tally: Tally): ContextCalls['get'] {
  const fetched: ContextCalls['get'] = async (request) => {
    const answer = await calls.get(request);
    if (!answer.unchanged) memory.keep(answer.document, request.version === undefined);
    return answer;
  };
  return async (request) => {
    // A part is not the document, and who names a version in hand has a memory of its own.
    if (request.pointer !== undefined || request.known_version !== undefined) return calls.get(request);
    tally.figures.reads += 1;
    if (request.version !== undefined) {
      const document = memory.kept(request, request.version);
      return document === undefined ? fetched(request) : { unchanged: false, document: tally.hit(document) };
    }
    const known = memory.latest(request);
    if (known === undefined) return fetched(request);
    const { document, isFresh } = known;
    if (isFresh) return { unchanged: false, document: tally.hit(document) };
    const answer = await fetched({ ...request, known_version: document.version });
    if (!answer.unchanged) return answer;
    // Who may see more or less of the document than before has to read it again.
    return memory.confirm(document, answer)
      ? { unchanged: false, document: tally.checked(document) }
      : fetched(request);
  };
}

/** A `batch` that looks into the memory first, and has only those documents sent that it does not have. */
function rememberingBatch(calls: ContextCalls, memory: DocumentMemory, tally: Tally): ContextCalls['batch'] {
  const fetched: ContextCalls['batch'] = async (request) => {
    const answer = await calls.batch(request);
    for (const item of answer.items) if (item.ok) memory.keep(item.value, true);
    return answer;
  };
  return async (request) => {
    if (request.known_versions !== undefined) return fetched(request);
    const ids = [...new Set(request.context_ids)];
    tally.figures.reads += ids.length;
    const found = new Map<string, BatchItem>();
    const known = new Map<string, ContextDocument>();
    for (const context_id of ids) {
      const { document, isFresh } = memory.latest({ ...request, context_id }) ?? {};
      if (document === undefined) continue;
      if (isFresh === true) found.set(context_id, { ok: true, value: tally.hit(document) });
      else known.set(context_id, document);
    }
    const ask = async (inHand: ReadonlyMap<string, ContextDocument>): Promise<void> => {
      const context_ids = ids.filter((context_id) => !found.has(context_id));
      if (context_ids.length === 0) return;
      const versions = [...inHand.values()].map(({ context_id, version }): [string, number] => [context_id, version]);
      const known_versions = versions.length === 0 ? {} : { known_versions: Object.fromEntries(versions) };
      const { items, unchanged = [] } = await fetched({ ...request, context_ids, ...known_versions });
      const notSent = new Set(unchanged.map(({ head }) => head.context_id));
      const others = context_ids.filter((context_id) => !notSent.has(context_id));
      for (const [at, item] of items.entries()) found.set(others[at] ?? '', item);
      for (const each of unchanged) {
        const document = inHand.get(each.head.context_id);
        if (document !== undefined && memory.confirm(document, each))
          found.set(document.context_id, { ok: true, value: tally.checked(document) });
      }
    };
    await ask(known);
    // For those of which the caller may see more or less than before.
    await ask(new Map());
    return { items: request.context_ids.flatMap((context_id) => found.get(context_id) ?? []) };
  };
}

/** The operations after which the memory knows what is the latest, or that it does not know any more. */
function noting(calls: ContextCalls, memory: DocumentMemory): Partial<ContextCalls> {
  const forgetting =
    <R extends DocumentName, A>(change: (request: R) => Promise<A>) =>
    async (request: R): Promise<A> => {
      try {
        return await change(request);
      } finally {
        memory.forget(request);
      }
    };
  const writing =
    <R extends DocumentName & { readonly data: Json }>(change: (request: R) => Promise<ContextAnswer<'put'>>) =>
    async (request: R): Promise<ContextAnswer<'put'>> => {
      const answer = await forgetting(change)(request);
      if (answer.outcome === 'written') memory.written(answer.head, request.data);
      return answer;
    };
  return {
    create: writing(calls.create),
    put: writing(calls.put),
    patch: forgetting(calls.patch),
    append: forgetting(calls.append),
    sync: forgetting(calls.sync),
    delete: forgetting(calls.delete),
    restore: forgetting(calls.restore),
    erase: forgetting(calls.erase),
    changes: async (request) => {
      const answer = await calls.changes(request);
      for (const { context_id, version } of answer.items)
        memory.heard({ namespace: request.namespace, context_id, version });
      return answer;
    },
  };
}

/** Puts a memory in front of the calls. What they answer is the same as without it; documents are copies, so that a change of one reaches nobody else. */
export function cachingContexts(
  calls: ContextCalls,
  clock: { now(): number },
  { bytes = bytesDefault, freshMs = 0 }: ContextCacheOptions,
): { readonly contexts: ContextCalls; readonly cache: ContextCache } {
  const memory = new DocumentMemory(clock, { bytes, freshMs });
  const tally = new Tally();
  const reads = { get: rememberingGet(calls, memory, tally), batch: rememberingBatch(calls, memory, tally) };
  const contexts = { ...calls, ...noting(calls, memory), ...reads };
  return {
    contexts,
    cache: {
      async preload(context_ids, namespace) {
        const room = namespace === undefined ? {} : { namespace };
        for (let first = 0; first < context_ids.length; first += documentBatchMax) {
          const part = context_ids.slice(first, first + documentBatchMax);
          await contexts.batch({ ...room, context_ids: part });
        }
      },
      heard: (document) => {
        memory.heard(document);
      },
      figures: () => ({ ...tally.figures, ...memory.size() }),
    },
  };
}
