import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { ContextAnswer, ContextRequest } from '../../contracts/context/operations.ts';
import { defaultNamespace, type ContextDocument, type ContextHead } from '../../contracts/context/context.ts';
import { canonicalJson, type Json } from '../../contracts/json.ts';
import { documentBatchMax } from '../../contracts/limits.ts';
import type { ContextCalls } from '../client/context-calls.ts';

/** How documents that were read are kept. */
export interface ContextCacheOptions {
  /** Bytes of documents to keep, the ones used last; 0 keeps none. @default 32 MB */
  readonly bytes?: number;
  /** So long a document is given again without asking whether it is still the latest. @default 0: it is always asked, which reads only the head */
  readonly freshMs?: number;
}

/** What the memory of a client has saved. */
export interface ContextCacheFigures {
  /** Whole documents that were asked for by `get`. */
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
/** Documents whose latest version is remembered. More: the memory that no bound of bytes covers grows. */
const headsMax = 10_000;

/** Which document. */
interface DocumentName {
  /** @default `default` */
  readonly namespace?: string | undefined;
  readonly context_id: string;
}

/** The same as text: neither part has a space. */
const nameOf = ({ namespace = defaultNamespace, context_id }: DocumentName) => `${namespace} ${context_id}`;

/** What is kept of documents, and which version of each was the latest when. */
class DocumentMemory {
  readonly counts = { reads: 0, hits: 0, head_checks: 0, bytes_saved: 0 };
  readonly latest = new LRUCache<string, { readonly version: number; readonly checkedAt: number }>({ max: headsMax });
  // As text: it is as small as what was sent, and parsing it makes the copy.
  readonly versions: LRUCache<string, string>;
  readonly #clock: { now(): number };
  readonly #bytes: number;

  constructor(clock: { now(): number }, bytes: number) {
    this.versions = new LRUCache({ maxSize: Math.max(1, bytes), sizeCalculation: (text) => text.length });
    this.#clock = clock;
    this.#bytes = bytes;
  }

  kept(name: string, version: number): ContextDocument | undefined {
    const text = this.versions.get(`${name} ${version}`);
    return text === undefined ? undefined : (JSON.parse(text) as ContextDocument);
  }

  keep(document: ContextDocument, isLatest: boolean): void {
    // A registered type may get a newer schema, and then the same version reads differently.
    if (document.schema_version !== undefined) return;
    const name = nameOf(document);
    if (this.#bytes > 0) this.versions.set(`${name} ${document.version}`, JSON.stringify(document));
    // Answers may overtake each other, and an older one is not the latest any more.
    if (isLatest && document.version >= (this.latest.get(name)?.version ?? 0)) this.checked(name, document.version);
  }

  checked(name: string, version: number): void {
    this.latest.set(name, { version, checkedAt: this.#clock.now() });
  }

  /** Forgets which version is the latest, when it knew of an older one only. */
  heard(document: DocumentName & { readonly version: number }): void {
    const name = nameOf(document);
    if ((this.latest.get(name)?.version ?? document.version) < document.version) this.latest.delete(name);
  }

  /** Keeps what was written here, when the server says that just this is what it stored. */
  written(head: ContextHead, data: Json): void {
    const isOurs = createHash('sha256').update(canonicalJson(data)).digest('hex') === head.hash;
    if (isOurs) this.keep({ ...head, data }, true);
  }

  hit(document: ContextDocument): ContextAnswer<'get'> {
    this.counts.hits += 1;
    this.counts.bytes_saved += document.bytes;
    return { unchanged: false, document };
  }
}

/** A `get` that looks into the memory first. */
function remembering(calls: ContextCalls, memory: DocumentMemory, clock: { now(): number }, freshMs: number) {
  const fetched = async (request: ContextRequest<'get'>): Promise<ContextAnswer<'get'>> => {
    const answer = await calls.get(request);
    if (!answer.unchanged) memory.keep(answer.document, request.version === undefined);
    return answer;
  };
  return async (request: ContextRequest<'get'>): Promise<ContextAnswer<'get'>> => {
    // A part is not the document, and who names a version in hand has a memory of its own.
    if (request.pointer !== undefined || request.known_version !== undefined) return calls.get(request);
    memory.counts.reads += 1;
    const name = nameOf(request);
    if (request.version !== undefined) {
      const document = memory.kept(name, request.version);
      return document === undefined ? fetched(request) : memory.hit(document);
    }
    const known = memory.latest.get(name);
    const document = known && memory.kept(name, known.version);
    if (known === undefined || document === undefined) return fetched(request);
    const isOver = document.expires_at !== undefined && Date.parse(document.expires_at) <= clock.now();
    if (clock.now() - known.checkedAt < freshMs && !isOver) return memory.hit(document);
    const answer = await calls.get({ ...request, known_version: known.version });
    if (!answer.unchanged) {
      memory.keep(answer.document, true);
      return answer;
    }
    // Who may see more or less of the document than before has to read it again.
    const isSame = answer.head.hash === document.hash && String(answer.masked) === String(document.masked);
    if (!isSame) return fetched(request);
    memory.checked(name, known.version);
    memory.counts.head_checks += 1;
    return memory.hit(document);
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
        memory.latest.delete(nameOf(request));
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
    batch: async (request) => {
      const answer = await calls.batch(request);
      for (const item of answer.items) if (item.ok) memory.keep(item.value, true);
      return answer;
    },
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
  const memory = new DocumentMemory(clock, bytes);
  const get = remembering(calls, memory, clock, freshMs);
  const contexts = { ...calls, ...noting(calls, memory), get };
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
      figures: () => ({ ...memory.counts, versions: memory.versions.size, bytes: memory.versions.calculatedSize }),
    },
  };
}
