import type { SegmentStore } from '../../../context/index-ports.ts';
import type { Objects } from '../objects.ts';

/** Segments as objects of a bucket, read by byte ranges. */
export function createSegmentStore(objects: Objects, bucket: string): SegmentStore {
  return {
    put: (key, bytes) => objects.putBytes(bucket, key, bytes),
    read: async (key, from, to) => (from === to ? new Uint8Array() : objects.getBytes(bucket, key, from, to)),
    remove: (key) => objects.remove(bucket, key),
    list: (prefix) => objects.list(bucket, prefix),
  };
}
