import { createHash } from 'node:crypto';
import { hashedEmbedder } from '../../../../src/context/core/search/hashed-embedding.ts';
import { cachingOpener } from '../../../../src/context/core/search/range-cache.ts';
import type { IndexDeps } from '../../../../src/context/index-ports.ts';
import { createIndexStore } from '../../../../src/platform/aws/context/index-store.ts';
import { s3Objects } from '../../../../src/platform/aws/objects.ts';
import { createSegmentStore } from '../../../../src/platform/aws/context/segment-store.ts';
import { createTwinCloud } from '../../../../src/platform/twin/twin-cloud.ts';

/** An index on the twin's table and bucket. */
export function indexStage() {
  const cloud = createTwinCloud({
    tables: [{ name: 'context', pk: 'pk', sk: 'sk', indexes: [] }],
    buckets: ['bucket'],
  });
  const segments = createSegmentStore(s3Objects(cloud.clients.s3), 'bucket');
  const deps: IndexDeps = {
    sources: {
      now: () => cloud.clock.now(),
      hash: (text) => createHash('sha256').update(text).digest('hex'),
    },
    index: createIndexStore({ client: cloud.clients.dynamodb, table: 'context' }, hashedEmbedder.model),
    segments,
    open: cachingOpener((key, from, to) => segments.read(key, from, to), 1 << 24),
    embedders: { model: hashedEmbedder.model, of: () => hashedEmbedder },
  };
  return { cloud, deps, drive: <T>(work: Promise<T>) => cloud.clock.drive(work), keys: () => cloud.s3.keys('bucket') };
}
