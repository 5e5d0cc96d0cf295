import { packBody } from '../src/platform/aws/context/rows.ts';
import { type Bench, type Figure, percentile, rounded } from './figure.ts';
import { priceOf, prices, pricesDate, pricesRegion } from './prices.ts';
import { billOf, callsOf, perMillion } from './support/bill.ts';
import type { DocumentOperation } from './support/document-operation.ts';
import { type ContextStage, contextStage } from './support/context-stage.ts';
import { latencyMs } from '../src/simulator/aws-model.ts';
import { documentOperations, repeats as usual, textCharacters } from './support/document-operations.ts';
import { functionOverheadMs, slowestOfHundred } from './support/latencies.ts';
import { watcher } from './support/upkeep-operations.ts';
import { projectTexts } from './support/project-texts.ts';
import { type Reading, readTogether } from './support/shared-reading.ts';

const seed = 'context-1';
/** Milliseconds that no figure should pass at its 99th of a hundred. */
const aimsMs: Readonly<Record<string, number>> = { get: 30, put: 60 };

async function operationFigures(
  { name, repeats = usual, prepare, run }: DocumentOperation,
  stage: ContextStage,
): Promise<Figure[]> {
  // A client of its own for each call: what one has read does not help another here.
  if (prepare !== undefined) await stage.drive(prepare(stage.client().contexts));
  await stage.skip(60_000);
  stage.take();
  const times: number[] = [];
  for (let index = 0; index < repeats; index += 1) {
    const at = stage.now();
    await stage.drive(run(stage.client().contexts, index));
    times.push(stage.now() - at + functionOverheadMs);
  }
  const used = stage.take();
  const total = times.reduce((sum, ms) => sum + ms, 0);
  const bill = billOf(used, {
    invocations: { api: repeats },
    durationMs: { api: total - repeats * functionOverheadMs },
    logBytes: 0,
    eventSourceCalls: 0,
    eventSourceStandardRequests: 0,
    eventSourceFifoRequests: 0,
  });
  const { total: usd, by_service } = perMillion({ ...bill, http_api: priceOf('httpApi', repeats) }, repeats);
  const per = (count: number) => rounded(count / repeats, 2);
  const detail = {
    operation: name,
    calls: per(callsOf(used)),
    by_operation: Object.fromEntries(Object.entries(used.calls).map(([call, count]) => [call, per(count)])),
    read_units: per(used.readUnits),
    write_units: per(used.writeUnits),
  };
  const cost: Figure = {
    bench: 'context',
    metric: 'document_call_usd_per_million',
    value: usd,
    unit: 'USD/million calls',
    detail: {
      ...detail,
      by_service,
      documents_of_characters: textCharacters,
      prices: `${pricesRegion} list prices of ${pricesDate}, no free tier`,
      note: 'the API alone; what the index costs for each write is in the bench search',
    },
  };
  const time: Figure = {
    bench: 'context',
    metric: 'document_call_p99_ms',
    value: rounded(percentile(times, 0.99), 1),
    unit: 'ms/call',
    detail: {
      operation: name,
      p50_ms: rounded(percentile(times, 0.5), 1),
      ...(aimsMs[name] === undefined ? {} : { aim_ms: aimsMs[name] }),
      repeats,
      how: `modelled: waits by the table of latencies (DynamoDB ${latencyMs.dynamodb} ms, transactions and batches ${latencyMs['dynamodb:batch or transaction']}, EventBridge ${latencyMs.events}, S3 ${latencyMs.s3}), the slowest of a hundred calls ${slowestOfHundred} times that, and ${functionOverheadMs} ms of our own; a warm function, without the way from the caller to it`,
    },
  };
  return repeats < usual ? [cost] : [cost, time];
}

/** What the bodies of documents weigh with and without being packed, and with large ones in the bucket. */
async function storageFigure(): Promise<Figure> {
  const inBucket = { count: 0, bytes: 0 };
  const bodies = {
    bucket: 'bucket',
    objects: {
      putBytes: async (_bucket: string, _key: string, bytes: Uint8Array) =>
        void ((inBucket.count += 1), (inBucket.bytes += bytes.byteLength)),
    } as never,
  };
  let plain = 0;
  let rows = 0;
  let packed = 0;
  const texts = projectTexts();
  for (const { path, text } of texts) {
    const data = { title: path, text };
    plain += Buffer.byteLength(JSON.stringify(data));
    const { packed: bytes, body = '' } = await packBody(
      bodies,
      { key: { namespace: 'default', context_id: 'document' }, owner: '1' },
      JSON.stringify(data),
    );
    if (bytes instanceof Uint8Array) packed += 1;
    rows += bytes instanceof Uint8Array ? bytes.byteLength : Buffer.byteLength(body as string);
  }
  const rowUsd = (bytes: number) => ((prices.tableStorage.usd + prices.pointInTimeRecovery.usd) * bytes) / 1e9;
  const usd = rowUsd(rows) + (prices.s3Storage.usd * inBucket.bytes) / 1e9;
  return {
    bench: 'context',
    metric: 'storage_saved',
    value: rounded(1 - usd / rowUsd(plain), 3),
    unit: 'share of dollars',
    detail: {
      aim: 0.43,
      documents: texts.length,
      megabytes_plain: rounded(plain / 1e6),
      megabytes_in_rows: rounded(rows / 1e6),
      megabytes_in_bucket: rounded(inBucket.bytes / 1e6),
      packed,
      in_bucket: inBucket.count,
      bytes_saved: rounded(1 - (rows + inBucket.bytes) / plain, 3),
      how: 'each text of this repository (documentation, sources, tests) as one document; bodies above 4 KB are packed, packed ones above 128 KB lie in the bucket; dollars for a GB of rows with their backup, and of the bucket; heads and indexes are the same either way',
    },
  };
}

/** Eighty-seven agents of one project, each a process of its own, behind ten warm functions. */
const reading: Reading = {
  agents: 87,
  processes: 87,
  tasksPerAgent: 500,
  readsPerTask: 10,
  declaredPerTask: 0,
  exponent: 1.07,
  readsPerWrite: 1_000,
  caches: 10,
};

/** Nothing declared, half, most; what else matters. */
const readings: readonly Partial<Reading>[] = [
  {},
  { declaredPerTask: 5 },
  { declaredPerTask: 8 },
  { declaredPerTask: 8, readsPerWrite: 100 },
  { processes: 3 },
  { caches: 1 },
];

/** How often a handler's reads found their document in the process, and where the others found it. */
async function hitRateFigure(differently: Partial<Reading>): Promise<Figure> {
  const { reads, layers, first_reads, large_bodies } = await readTogether(seed, { ...reading, ...differently });
  const share = (count: number) => rounded(count / reads, 3);
  const { declared_kept, declared_sent, kept } = layers;
  return {
    bench: 'context',
    metric: 'cache_hit_rate',
    value: share(declared_kept + declared_sent + kept),
    unit: 'share of reads',
    detail: {
      aim: 0.95,
      ...reading,
      ...differently,
      reads,
      documents: projectTexts().length,
      found: Object.fromEntries(
        Object.entries(layers).map(([layer, count]: [string, number]) => [layer, share(count)]),
      ),
      first_reads: share(first_reads),
      cost_the_table_no_more_than_a_head: share(reads - large_bodies),
      how: 'a hit: when the handler reads a document, its process has it, from before or with the task; every read is as new as the table, by a strongly consistent look at the head. Processes and functions begin with nothing, the texts of this repository are read by their rank, and a write makes all copies worthless. Time stands still, so nothing expires',
    },
  };
}

async function* context(say: (line: string) => void): AsyncIterable<Figure> {
  const stage = contextStage(seed);
  await stage.register(watcher);
  for (const operation of documentOperations) {
    say(`context: ${operation.name}`);
    yield* await operationFigures(operation, stage);
  }
  say('context: 87 agents read');
  for (const differently of readings) yield await hitRateFigure(differently);
  yield await storageFigure();
}

export const contextBench: Bench = {
  about: 'operations on documents: calls, units, dollars, modelled time; storage of real text',
  run: context,
};
