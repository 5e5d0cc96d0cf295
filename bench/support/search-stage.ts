import { createHash } from 'node:crypto';
import { hashedEmbedder } from '../../src/context/core/search/hashed-embedding.ts';
import { cachingOpener } from '../../src/context/core/search/range-cache.ts';
import type { IndexDeps } from '../../src/context/index-ports.ts';
import { compactIndex } from '../../src/context/usecases/search/compact-index.ts';
import { indexEntries } from '../../src/context/usecases/search/index-entries.ts';
import { createIndexStore } from '../../src/platform/aws/context/index-store.ts';
import { createMeter, type Usage } from '../../src/platform/aws/meter.ts';
import { s3Objects } from '../../src/platform/aws/objects.ts';
import { createSegmentStore } from '../../src/platform/aws/context/segment-store.ts';
import { createTwinCloud } from '../../src/platform/twin/twin-cloud.ts';
import { flushedEntries } from '../../src/context/core/search/compaction.ts';
import { latencyMs } from '../../src/simulator/aws-model.ts';
import { withLatency } from './latencies.ts';

export const namespace = 'default';
/** Documents that are indexed at once while a large index is made: one by one, as events bring them, would take this bench hours. */
const batch = 25;
/** Memory of a warm function that questions may fill with ranges. */
export const cacheBytes = 256 * 1024 * 1024;

/** What S3 sends a second on one connection, for ranges that are longer than a first byte: an assumption, as the latencies are. */
export const s3BytesPerMs = 80_000;

/** What was used since the last `take`. */
export interface Used extends Usage {
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** An index on the twin's table and bucket, metered; its calls take the modelled time. */
export interface SearchStage {
  readonly deps: IndexDeps;
  /** The vectors of what was written, for whoever takes them out. */
  readonly embedded: Float32Array[];
  /** The same index for a function that has read nothing yet. */
  cold(): IndexDeps;
  drive<T>(work: Promise<T>): Promise<T>;
  now(): number;
  take(): Used;
  /** Indexes texts, so many at once (1: as the indexer does, which is told of each change by an event), with compactions when they are due. Ids are `doc/<number>`. */
  write(texts: readonly string[], first: number, atOnce?: number): Promise<void>;
}

export function searchStage(): SearchStage {
  const table = 'context';
  const cloud = createTwinCloud({ tables: [{ name: table, pk: 'pk', sk: 'sk', indexes: [] }], buckets: ['bucket'] });
  const meter = createMeter();
  const slow = withLatency(cloud.clients, () => cloud.clock);
  const s3 = meter.wrap(slow.s3, 's3');
  const objects = createSegmentStore(s3Objects(s3), 'bucket');
  let bytesRead = 0;
  let bytesWritten = 0;
  const segments: IndexDeps['segments'] = {
    ...objects,
    put: (key, bytes) => {
      bytesWritten += bytes.length;
      return objects.put(key, bytes);
    },
    read: async (key, from, to) => {
      bytesRead += to - from;
      await cloud.clock.sleep((to - from) / s3BytesPerMs);
      return objects.read(key, from, to);
    },
  };
  const cold = (): IndexDeps => ({
    sources: { now: () => cloud.clock.now(), hash: (text) => createHash('sha256').update(text).digest('hex') },
    index: createIndexStore({ client: meter.wrap(slow.dynamodb, 'dynamodb'), table }, hashedEmbedder.model),
    segments,
    open: cachingOpener((key, from, to) => segments.read(key, from, to), cacheBytes),
    embedders: { model: hashedEmbedder.model, of: () => hashedEmbedder },
  });
  const deps = cold();
  const embedded: Float32Array[] = [];
  const embedder = {
    ...hashedEmbedder,
    embed: async (texts: readonly string[]) => {
      const vectors = await hashedEmbedder.embed(texts);
      embedded.push(...vectors);
      return vectors;
    },
  };
  const writing = { ...deps, embedders: { model: embedder.model, of: () => embedder } };
  return {
    deps,
    embedded,
    cold,
    drive: (work) => cloud.clock.drive(work),
    now: () => cloud.clock.now(),
    take() {
      const used = { ...meter.snapshot(), bytesRead, bytesWritten };
      meter.reset();
      [bytesRead, bytesWritten] = [0, 0];
      return used;
    },
    async write(texts, first, atOnce = batch) {
      for (let at = 0; at < texts.length; at += atOnce) {
        const changes = texts.slice(at, at + atOnce).map((text, index) => ({
          id: `doc/${first + at + index}`,
          version: 1,
          updated_at: cloud.clock.now(),
          text,
          labels: ['type:knowledge', `path:doc/`],
        }));
        const { state } = await indexEntries(writing, namespace, changes);
        if (state.waiting >= flushedEntries) while ((await compactIndex(deps, namespace)).more);
        await cloud.clock.sleep(latencyMs.sqs);
      }
    },
  };
}
