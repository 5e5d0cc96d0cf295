import { createRandom } from '../../src/platform/twin/random.ts';
import { uncompressedBytesMax } from '../../src/contracts/limits.ts';
import { headOf, type StoredVersion } from '../../src/context/core/version.ts';
import type { ContextDeps, DocumentStore } from '../../src/context/ports.ts';
import { getDocument } from '../../src/context/usecases/documents/get-document.ts';
import { getDocuments } from '../../src/context/usecases/documents/read-documents.ts';
import { cachedDocuments } from '../../src/platform/cache/cached-documents.ts';
import { versionMemory } from '../../src/platform/cache/version-memory.ts';
import { cachingContexts } from '../../src/sdk/contexts/context-cache.ts';
import { readDeclared } from '../../src/sdk/contexts/declared-reads.ts';
import type { ContextCalls } from '../../src/sdk/client/context-calls.ts';
import { projectTexts } from './project-texts.ts';
import { zipf } from './synthetic-text.ts';

/** How agents read what they share. */
export interface Reading {
  readonly agents: number;
  /** The agents of one process have one client, and so one memory. */
  readonly processes: number;
  readonly tasksPerAgent: number;
  /** Different documents that the handler of a task reads. */
  readonly readsPerTask: number;
  /** So many of them the task declares: its agent reads those ahead, in one call. */
  readonly declaredPerTask: number;
  /** Zipf's exponent: the share of the document of rank r is proportional to 1/r^s. */
  readonly exponent: number;
  /** Caches behind the API: 1 is one that all functions share, more are the memories of so many warm functions. */
  readonly caches: number;
  /** Of so many reads one is followed by a write to a document, drawn as the reads are. */
  readonly readsPerWrite: number;
}

/** Where the reads of handlers found their documents, each by one of these: the first three in their process, before they asked. */
export interface Layers {
  /** Given with the task, and in the memory of the process from before: only the head was read. */
  declared_kept: number;
  /** Given with the task, sent with all that it declared in one call. */
  declared_sent: number;
  /** In the memory of the process: only the head was read. */
  kept: number;
  /** Sent by a function that had the body in its cache: only the head was read. */
  cached: number;
  /** Sent by a function which read a body from the table that costs no more than its head: one read unit. */
  small_body: number;
  /** Sent by a function which read a larger one. */
  large_body: number;
}

/** What came of it. */
export interface ReadingFigures {
  readonly reads: number;
  readonly layers: Layers;
  /** Reads of documents that their process had never had: no memory can answer them, a declaration can. */
  readonly first_reads: number;
  /** Bodies that cost more than their head and that the table gave, for tasks' declared reads too. */
  readonly large_bodies: number;
}

const at = '2026-11-23T10:00:00.000Z';
const room = 'default';

/** The repository's texts as stored documents, and what was read of them: only what reading and writing them needs. */
function textStore() {
  const documents: StoredVersion[] = projectTexts().map(({ text }, index) => ({
    ...{ namespace: room, context_id: String(index), context_type: 'knowledge', version: 1, created_version: 1 },
    ...{ created_at: at, updated_at: at, created_by: 'bench', updated_by: 'bench', tags: [], relations: [] },
    ...{ bytes: Buffer.byteLength(text), hash: '1', kind: 'create', base_version: 0, operation_id: '1', data: text },
  }));
  /** What bodies the table has given since somebody looked. */
  const given: StoredVersion[] = [];
  const latest = async ({ context_id }: { context_id: string }) => {
    const version = documents[Number(context_id)];
    if (version !== undefined) given.push(version);
    return version;
  };
  const store = {
    namespace: async () => undefined,
    heads: async (keys: readonly { context_id: string }[]) =>
      keys.map(({ context_id }) => documents[Number(context_id)]).map((version) => version && headOf(version)),
    latest,
    latestOf: async (keys: readonly { context_id: string }[]) => Promise.all(keys.map(latest)),
    commit: async ([commit]: readonly { next: StoredVersion }[]) => {
      if (commit !== undefined) documents[Number(commit.next.context_id)] = commit.next;
      return [];
    },
  } as unknown as DocumentStore;
  const next = (index: number): { previous: StoredVersion; next: StoredVersion } | undefined => {
    const previous = documents[index];
    return (
      previous && { previous, next: { ...previous, version: previous.version + 1, hash: String(previous.version + 1) } }
    );
  };
  return { store, given, next, size: documents.length };
}

/** The API over functions that each have a cache, and one of which answers each call. `bodies` counts those that were sent. */
function apiOver(functions: readonly DocumentStore[], anyIndex: () => number) {
  const sent = { bodies: 0 };
  const deps = () => ({ documents: functions[anyIndex()], sources: { now: () => 1 } }) as unknown as ContextDeps;
  const caller = { principal: 'bench', correlation_id: 'bench' };
  const get: ContextCalls['get'] = ({ context_id, known_version }) =>
    getDocument(deps(), caller, { namespace: room, context_id, known_version });
  const batch: ContextCalls['batch'] = async ({ context_ids, known_versions }) => {
    const answer = await getDocuments(deps(), caller, { namespace: room, context_ids, known_versions });
    sent.bodies += answer.items.length;
    return answer;
  };
  // Nothing else is called.
  return { sent, calls: { get, batch } as unknown as ContextCalls };
}

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** All processes together, after their agents have done their tasks. The documents are this repository's texts, most read ones first by chance. */
export async function readTogether(seed: string, reading: Reading): Promise<ReadingFigures> {
  const random = createRandom(seed);
  const { store, given, next, size } = textStore();
  const order = Array.from({ length: size }, (_, index) => ({ index, at: random.next() })).sort((a, b) => a.at - b.at);
  const rank = zipf(size, reading.exponent);
  const anyDocument = () => order[rank(random.next())]?.index ?? 0;
  // Which function answers is drawn apart: what is read stays the same.
  const balancer = random.fork('functions');
  const anyFunction = () => Math.floor(balancer.next() * reading.caches);
  const functions = Array.from({ length: reading.caches }, () =>
    cachedDocuments(
      store,
      versionMemory(() => 1),
    ),
  );
  const { calls, sent } = apiOver(functions, anyFunction);
  const memories = Array.from({ length: reading.processes }, () => cachingContexts(calls, { now: () => 0 }, {}));
  const layers = { declared_kept: 0, declared_sent: 0, kept: 0, cached: 0, small_body: 0, large_body: 0 };
  const had = memories.map(() => new Set<number>());
  const isLarge = ({ bytes }: StoredVersion) => bytes > uncompressedBytesMax;
  let [reads, first_reads, large_bodies] = [0, 0, 0];
  const work = async (process: number, wanted: readonly number[]): Promise<void> => {
    const { contexts, cache } = memories[process] ?? cachingContexts(calls, { now: () => 0 }, {});
    for (const index of wanted) if (!had[process]?.has(index)) first_reads += 1;
    const declared = wanted.slice(0, reading.declaredPerTask).map((index) => ({ context_id: String(index) }));
    sent.bodies = 0;
    given.length = 0;
    if (declared.length > 0) await readDeclared(contexts, declared, silent);
    layers.declared_sent += sent.bodies;
    layers.declared_kept += declared.length - sent.bodies;
    large_bodies += given.filter(isLarge).length;
    for (const index of wanted.slice(declared.length)) {
      given.length = 0;
      const { hits } = cache.figures();
      await contexts.get({ context_id: String(index) });
      const [body] = given;
      if (cache.figures().hits > hits) layers.kept += 1;
      else if (body === undefined) layers.cached += 1;
      else layers[isLarge(body) ? 'large_body' : 'small_body'] += 1;
    }
    for (const index of wanted) had[process]?.add(index);
  };
  for (let round = 0; round < reading.tasksPerAgent; round += 1) {
    for (let agent = 0; agent < reading.agents; agent += 1) {
      const wanted = new Set<number>();
      while (wanted.size < reading.readsPerTask) wanted.add(anyDocument());
      await work(agent % reading.processes, [...wanted]);
      const before = Math.floor(reads / reading.readsPerWrite);
      reads += wanted.size;
      if (Math.floor(reads / reading.readsPerWrite) === before) continue;
      const change = next(anyDocument());
      if (change !== undefined) await functions[anyFunction()]?.commit([change]);
    }
  }
  return { reads, layers, first_reads, large_bodies: large_bodies + layers.large_body };
}
