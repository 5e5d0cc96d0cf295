import { cachingOpener } from '../../../context/core/search/range-cache.ts';
import type { IndexDeps } from '../../../context/index-ports.ts';
import { createEmbedders } from './embedders.ts';
import { createIndexStore } from './index-store.ts';
import type { Clients, Deployment } from '../deployment.ts';
import { createSegmentStore } from './segment-store.ts';

/** Memory for what questions have read. More: a function of a gigabyte has no room for merging. */
const cacheBytesMax = 256 * 1024 * 1024;

/** The index of a deployment: rows in the documents' table, segments in the bucket. */
export function createIndexAdapters(
  clients: Clients,
  deployment: Deployment,
  sources: IndexDeps['sources'],
): IndexDeps {
  const embedders = createEmbedders(deployment.embeddingModel);
  const segments = createSegmentStore(clients.objects, deployment.bucket);
  return {
    sources,
    index: createIndexStore({ client: clients.dynamodb, table: deployment.contextTable }, embedders.model),
    segments,
    open: cachingOpener((key, from, to) => segments.read(key, from, to), cacheBytesMax),
    embedders,
  };
}
