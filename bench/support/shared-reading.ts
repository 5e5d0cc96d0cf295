import { createRandom } from '../../src/platform/twin/random.ts';
import { uncompressedBytesMax } from '../../src/contracts/limits.ts';
import { headOf, type StoredVersion } from '../../src/context/core/version.ts';
import type { ContextDeps, DocumentStore } from '../../src/context/ports.ts';
import { getDocument } from '../../src/context/usecases/documents/get-document.ts';
import { cachedDocuments } from '../../src/platform/cache/cached-documents.ts';
import { versionMemory } from '../../src/platform/cache/version-memory.ts';
import { cachingContexts, type ContextCacheFigures } from '../../src/sdk/contexts/context-cache.ts';
import type { ContextCalls } from '../../src/sdk/client/context-calls.ts';
import { projectTexts } from './project-texts.ts';
import { zipf } from './synthetic-text.ts';

/** How agents read what they share. */
export interface Reading {
  readonly agents: number;
  /** The agents of one process have one client, and so one memory. */
  readonly processes: number;
  readonly readsPerAgent: number;
  /** Zipf's exponent: the share of the document of rank r is proportional to 1/r^s. */
  readonly exponent: number;
  /** Caches behind the API: 1 is one that all functions share, more are the memories of so many warm functions; 0: there is none. */
  readonly caches: number;
  /** Of so many reads one is followed by a write to a document, drawn as the reads are. */
  readonly readsPerWrite: number;
}

/** What the memories of all processes have saved, and what the table was still asked for. */
export interface ReadingFigures extends ContextCacheFigures {
  /** Reads for which the table gave a body that costs more than a look at its head: more than a read unit, or an object. */
  readonly large_bodies: number;
  /** Reads of documents whose bodies are that large. */
  readonly reads_of_large: number;
  /** Reads of documents that their process had never read: no memory can answer them. */
  readonly first_reads: number;
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
  const read = { large: 0 };
  const isLarge = (index: number) => (documents[index]?.bytes ?? 0) > uncompressedBytesMax;
  const store = {
    namespace: async () => undefined,
    heads: async (keys: readonly { context_id: string }[]) =>
      keys.map(({ context_id }) => documents[Number(context_id)]).map((version) => version && headOf(version)),
    latest: async ({ context_id }: { context_id: string }) => {
      if (isLarge(Number(context_id))) read.large += 1;
      return documents[Number(context_id)];
    },
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
  return { store, read, isLarge, next, size: documents.length };
}

/** All processes together, after their agents have read this way. The documents are this repository's texts, most read ones first by chance. */
export async function readTogether(seed: string, reading: Reading): Promise<ReadingFigures> {
  const random = createRandom(seed);
  const { store, read, isLarge, next, size } = textStore();
  const order = Array.from({ length: size }, (_, index) => ({ index, at: random.next() })).sort((a, b) => a.at - b.at);
  const rank = zipf(size, reading.exponent);
  const anyRead = () => order[rank(random.next())]?.index ?? 0;
  // Which function answers is drawn apart: what is read stays the same.
  const balancer = random.fork('functions');
  const functions = Array.from({ length: Math.max(1, reading.caches) }, () =>
    reading.caches === 0
      ? store
      : cachedDocuments(
          store,
          versionMemory(() => 1),
        ),
  );
  const anyFunction = () => functions[Math.floor(balancer.next() * functions.length)] ?? store;
  const get: ContextCalls['get'] = async ({ context_id, known_version }) => {
    const deps = { documents: anyFunction(), sources: { now: () => 1 } } as unknown as ContextDeps;
    const caller = { principal: 'bench', correlation_id: 'bench' };
    return getDocument(deps, caller, { namespace: room, context_id, known_version });
  };
  // Only `get` is called.
  const calls = { get } as unknown as ContextCalls;
  const memories = Array.from({ length: reading.processes }, () => cachingContexts(calls, { now: () => 0 }, {}));
  let reads = 0;
  let reads_of_large = 0;
  const seen = new Set<number>();
  for (let round = 0; round < reading.readsPerAgent; round += 1) {
    for (let agent = 0; agent < reading.agents; agent += 1) {
      const index = anyRead();
      const process = agent % reading.processes;
      seen.add(process * size + index);
      await memories[process]?.contexts.get({ context_id: String(index) });
      reads += 1;
      if (isLarge(index)) reads_of_large += 1;
      if (reads % reading.readsPerWrite !== 0) continue;
      const change = next(anyRead());
      if (change !== undefined) await anyFunction().commit([change]);
    }
  }
  const all = memories.map(({ cache }) => cache.figures());
  const sum = (name: keyof ContextCacheFigures) => all.reduce((total, figures) => total + figures[name], 0);
  return {
    reads: sum('reads'),
    hits: sum('hits'),
    head_checks: sum('head_checks'),
    bytes_saved: sum('bytes_saved'),
    versions: sum('versions'),
    bytes: sum('bytes'),
    large_bodies: read.large,
    reads_of_large,
    first_reads: seen.size,
  };
}
