import { createRandom } from '../../src/platform/twin/random.ts';
import { cachingContexts, type ContextCacheFigures } from '../../src/sdk/context-cache.ts';
import type { ContextCalls } from '../../src/sdk/context-calls.ts';
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
  /** Of so many reads one is followed by a write to a document, drawn as the reads are. */
  readonly readsPerWrite: number;
}

/** The memories of all processes together, after their agents have read this way. The documents are this repository's texts, most read ones first by chance. */
export async function readTogether(seed: string, reading: Reading): Promise<ContextCacheFigures> {
  const random = createRandom(seed);
  const texts = projectTexts();
  const versions = texts.map(() => 1);
  const order = texts.map((_, index) => ({ index, at: random.next() })).sort((one, other) => one.at - other.at);
  const rank = zipf(texts.length, reading.exponent);
  const anyRead = () => order[rank(random.next())]?.index ?? 0;
  const get = async ({ context_id, known_version }: { context_id: string; known_version?: number }) => {
    const index = Number(context_id);
    const { text = '' } = texts[index] ?? {};
    const head = {
      namespace: 'default',
      context_id,
      version: versions[index],
      bytes: text.length,
      hash: String(versions[index]),
    };
    return known_version === versions[index]
      ? { unchanged: true, head }
      : { unchanged: false, document: { ...head, data: text } };
  };
  // Only `get` is called, and of its answers only what the memory looks at.
  const calls = { get } as unknown as ContextCalls;
  const memories = Array.from({ length: reading.processes }, () => cachingContexts(calls, { now: () => 0 }, {}));
  let reads = 0;
  for (let round = 0; round < reading.readsPerAgent; round += 1) {
    for (let agent = 0; agent < reading.agents; agent += 1) {
      await memories[agent % reading.processes]?.contexts.get({ context_id: String(anyRead()) });
      reads += 1;
      if (reads % reading.readsPerWrite !== 0) continue;
      const written = anyRead();
      versions[written] = (versions[written] ?? 0) + 1;
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
  };
}
