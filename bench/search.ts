import { functionSpecs } from '../infra/functions.ts';
import { hashedEmbedding } from '../src/context/core/search/hashed-embedding.ts';
import { type IndexAnswer, searchIndex, type SearchMode } from '../src/context/usecases/search/search-index.ts';
import { type Bench, type Figure, percentile, rounded } from './figure.ts';
import { prices } from './prices.ts';
import { exactSearch, type ExactSearch, type Nearest } from './support/exact-search.ts';
import { threadCpuMs } from './support/handler-clock.ts';
import { latencyMs } from '../src/simulator/aws-model.ts';
import {
  cacheBytes,
  namespace,
  s3BytesPerMs,
  searchStage,
  type SearchStage,
  type Used,
} from './support/search-stage.ts';
import { syntheticText, syntheticTexts } from './support/synthetic-text.ts';

const defaultSizes = [1_000, 10_000];
const seed = 'search-1';
const questions = 50;
const hits = 10;
/** What the bus takes to bring an event to a function, mostly: an assumption. */
const busMs = 500;
/** Memory of the function that indexes. */
const indexerGb = functionSpecs['index-contexts'].memoryMb / 1024;
/** Documents made at once; only their vectors and the questions' words are kept. */
const portion = 1_000;

interface Built {
  readonly stage: SearchStage;
  readonly exact: ExactSearch;
  readonly asked: readonly string[];
  readonly used: Used;
  readonly cpuMs: number;
}

async function build(documents: number, say: (line: string) => void): Promise<Built> {
  const stage = searchStage();
  const texts = syntheticTexts(seed);
  const asked = Array.from({ length: questions }, () => texts.question());
  const exact = exactSearch(asked, hits);
  let cpuMs = 0;
  for (let first = 0; first < documents; first += portion) {
    const part = Array.from({ length: Math.min(portion, documents - first) }, () => texts.next());
    const start = threadCpuMs();
    await stage.drive(stage.write(part, first));
    cpuMs += threadCpuMs() - start;
    exact.add(part, stage.embedded.splice(0));
    if ((first + portion) % 50_000 === 0) say(`search: ${first + portion} of ${documents} documents are indexed`);
  }
  return { stage, exact, asked, used: stage.take(), cpuMs };
}

function share(found: readonly string[], expected: Nearest): number {
  return expected.size === 0 ? 1 : found.filter((id) => expected.has(id)).length / expected.size;
}

interface Asked {
  readonly answers: readonly IndexAnswer[];
  readonly modelledMs: readonly number[];
  readonly cpuMs: readonly number[];
  readonly used: Used;
}

async function ask({ stage, asked }: Built, mode: SearchMode, isCold: boolean): Promise<Asked> {
  const answers: IndexAnswer[] = [];
  const modelledMs: number[] = [];
  const cpuMs: number[] = [];
  const warm = stage.cold();
  const run = (deps: typeof warm, text: string) =>
    stage.drive(
      deps.index
        .load(namespace)
        .then((index) => searchIndex(deps, index, { text, mode, filter: { labels: [] }, limit: hits })),
    );
  if (!isCold) for (const text of asked) await run(warm, text);
  stage.take();
  for (const text of asked) {
    const [at, start] = [stage.now(), threadCpuMs()];
    answers.push(await run(isCold ? stage.cold() : warm, text));
    cpuMs.push(threadCpuMs() - start);
    modelledMs.push(stage.now() - at);
  }
  return { answers, modelledMs, cpuMs, used: stage.take() };
}

function timeFigure(documents: number, mode: SearchMode, temperature: 'cold' | 'warm', run: Asked): Figure {
  const total = run.modelledMs.map((ms, at) => ms + (run.cpuMs[at] ?? 0));
  const each = (sum: number) => rounded(sum / questions, 1);
  return {
    bench: 'search',
    metric: `${mode}_${temperature}_p50_ms`,
    value: rounded(percentile(total, 0.5), 1),
    unit: 'ms/question',
    detail: {
      documents,
      questions,
      p99_ms: rounded(percentile(total, 0.99), 1),
      cpu_p50_ms: rounded(percentile(run.cpuMs, 0.5), 1),
      waiting_p50_ms: rounded(percentile(run.modelledMs, 0.5), 1),
      s3_gets: each(run.used.s3Gets),
      kilobytes_read: each(run.used.bytesRead / 1000),
      read_units: each(run.used.readUnits),
      usd_per_million: rounded(
        (run.used.s3Gets * (prices.s3Get.usd / prices.s3Get.per) +
          run.used.readUnits * (prices.readUnit.usd / prices.readUnit.per)) *
          (1_000_000 / questions),
      ),
      how: `CPU of this thread, fakes included, plus waiting by the modelled latencies (S3 ${latencyMs.s3} ms and ${s3BytesPerMs / 1000} MB/s, DynamoDB ${latencyMs.dynamodb} ms); ${temperature === 'cold' ? 'nothing read before' : `the same questions a second time, memory of ${cacheBytes / 1024 / 1024} MB`}; the answer's documents are not read`,
    },
  };
}

/** Dollars of what an index was asked for. */
function usdOf(used: Used): number {
  const write = used.writeUnits * (prices.writeUnit.usd / prices.writeUnit.per);
  const read = used.readUnits * (prices.readUnit.usd / prices.readUnit.per);
  const put = used.s3Puts * (prices.s3Put.usd / prices.s3Put.per);
  return write + read + put + used.s3Gets * (prices.s3Get.usd / prices.s3Get.per);
}

/** What the index costs for each of a thousand more writes that come one by one, as the bus brings them. */
async function singleWritesFigure(documents: number, { stage }: Built): Promise<Figure> {
  const texts = syntheticTexts(`${seed} one by one`);
  const more = Array.from({ length: portion }, () => texts.next());
  stage.take();
  const at = stage.now();
  await stage.drive(stage.write(more, documents, 1));
  const used = stage.take();
  const milliseconds = (stage.now() - at) / portion;
  const gigabyteSeconds = (milliseconds / 1000) * indexerGb;
  const lambda = prices.lambdaRequest.usd / prices.lambdaRequest.per + gigabyteSeconds * prices.lambdaArmGbSecond.usd;
  return {
    bench: 'search',
    metric: 'index_usd_per_million_single_writes',
    value: rounded((usdOf(used) / portion) * 1_000_000),
    unit: 'USD/million documents',
    detail: {
      documents,
      writes: portion,
      write_units_per_document: rounded(used.writeUnits / portion, 3),
      read_units_per_document: rounded(used.readUnits / portion, 3),
      s3_puts_per_document: rounded(used.s3Puts / portion, 5),
      s3_gets_per_document: rounded(used.s3Gets / portion, 5),
      modelled_ms_per_document: rounded(milliseconds, 1),
      lambda_usd_per_million: rounded(lambda * 1_000_000),
      how: `one event each, in a row, flushes and merges among them; the reading of the document (a unit or more) and the event are not in it; Lambda: an invocation each, ${rounded(indexerGb)} GB for as long as its calls take by the table`,
    },
  };
}

function writeFigures(documents: number, { used, cpuMs }: Built, segments: number): Figure[] {
  return [
    {
      bench: 'search',
      metric: 'index_usd_per_million_writes',
      value: rounded((usdOf(used) / documents) * 1_000_000),
      unit: 'USD/million documents',
      detail: {
        documents,
        segments,
        write_units_per_document: rounded(used.writeUnits / documents, 3),
        read_units_per_document: rounded(used.readUnits / documents, 3),
        s3_puts_per_document: rounded(used.s3Puts / documents, 5),
        s3_gets_per_document: rounded(used.s3Gets / documents, 5),
        bytes_written_per_document: rounded(used.bytesWritten / documents, 0),
        cpu_ms_per_document: rounded(cpuMs / documents, 3),
        how: 'written 25 at once; rows of recent documents, their removal, segments and merges; CPU is of tokens, the offline embedding, clustering and merging, fakes included; Lambda is not in the dollars',
      },
    },
  ];
}

async function* measure(documents: number, say: (line: string) => void): AsyncIterable<Figure> {
  const startedAt = performance.now();
  say(`search: indexing ${documents} documents`);
  const built = await build(documents, say);
  const { manifest } = await built.stage.drive(built.stage.deps.index.load(namespace));
  yield* writeFigures(documents, built, manifest.segments.length);
  const ranked = new Map<SearchMode, Asked>();
  for (const mode of ['text', 'vector', 'hybrid'] as const) {
    say(`search: ${questions} questions by ${mode} to ${documents} documents`);
    const cold = await ask(built, mode, true);
    ranked.set(mode, cold);
    yield timeFigure(documents, mode, 'cold', cold);
    yield timeFigure(documents, mode, 'warm', await ask(built, mode, false));
  }
  say('search: looking at everything exactly');
  const { asked, exact } = built;
  const mean = (values: readonly number[]) => rounded(values.reduce((sum, value) => sum + value, 0) / values.length, 3);
  const idsOf = (mode: SearchMode, by: 'text' | 'vector', at: number) =>
    (ranked.get(mode)?.answers[at]?.[by]?.candidates ?? []).map(({ id }) => id);
  const nearest = exact.byLikeness(asked.map(hashedEmbedding));
  yield {
    bench: 'search',
    metric: 'vector_recall_at_10',
    value: mean(nearest.exact.map((expected, at) => share(idsOf('vector', 'vector', at), expected))),
    unit: 'share',
    detail: {
      documents,
      questions,
      corpus: { ...syntheticText, seed },
      all_vectors_in_bytes: mean(
        nearest.exact.map((expected, at) => share([...(nearest.inBytes[at] ?? [])], expected)),
      ),
      how: 'against the dot products of all vectors in single precision; all_vectors_in_bytes is the same with every vector looked at in its one-byte form: sketches of all vectors and the bytes of the best can come to no more',
    },
  };
  yield {
    bench: 'search',
    metric: 'text_overlap_at_10',
    value: mean(asked.map((question, at) => share(idsOf('text', 'text', at), exact.byWords(question)))),
    unit: 'share',
    detail: {
      documents,
      questions,
      how: 'the same ten as BM25 with exact lengths over all documents; ties fall either way',
    },
  };
  yield await freshnessFigure(documents, built);
  yield await singleWritesFigure(documents + 1, built);
  yield runFigure(documents, startedAt);
}

/** How long one more write takes until a question finds it, while the index has so many documents. */
async function freshnessFigure(documents: number, { stage }: Built): Promise<Figure> {
  const at = stage.now();
  await stage.drive(stage.write(['freshlywritten'], documents));
  const writtenMs = stage.now() - at;
  const index = await stage.drive(stage.deps.index.load(namespace));
  const question = { text: 'freshlywritten', mode: 'text' as const, filter: { labels: [] }, limit: 1 };
  const answer = await stage.drive(searchIndex(stage.deps, index, question));
  if (answer.text?.candidates[0]?.id !== `doc/${documents}`) throw new Error('a write is not found after its indexing');
  return {
    bench: 'search',
    metric: 'found_after_write_ms',
    value: rounded(busMs + latencyMs.events + latencyMs.dynamodb + writtenMs, 1),
    unit: 'ms',
    detail: {
      documents,
      aim_ms: 2_000,
      how: `the event (${latencyMs.events} ms), its way through the bus to a function (${busMs} ms, an assumption), the document read (${latencyMs.dynamodb} ms), the entry written (modelled calls: ${rounded(writtenMs, 1)} ms); asked afterwards, and found`,
    },
  };
}

function runFigure(documents: number, startedAt: number): Figure {
  return {
    bench: 'search',
    metric: 'memory_peak_gb',
    value: rounded(process.resourceUsage().maxRSS / 1024 / 1024),
    unit: 'GB',
    detail: {
      documents,
      seconds: rounded((performance.now() - startedAt) / 1000, 0),
      cpu_seconds: rounded((process.cpuUsage().user + process.cpuUsage().system) / 1e6, 0),
      how: 'of this process so far, with the bucket, the table and every exact vector in its memory',
    },
  };
}

async function* search(say: (line: string) => void, sizes: readonly number[]): AsyncIterable<Figure> {
  for (const documents of sizes.length === 0 ? defaultSizes : sizes) yield* measure(documents, say);
}

export const searchBench: Bench = {
  about: 'search by words and by likeness: time, bytes, recall, cost of writing (sizes: documents)',
  run: search,
};
