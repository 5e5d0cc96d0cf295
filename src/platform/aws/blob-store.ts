import { hash } from 'node:crypto';
import { blobKey } from '../../contracts/distributor/task.ts';
import { CadreError } from '../../contracts/errors.ts';
import { blobBytesMax } from '../../contracts/limits.ts';
import type { BlobStore } from '../../distributor/ports.ts';
import type { Objects } from './objects.ts';

/** Large values in S3 (claim check). */
export function createBlobStore(objects: Objects, bucket: string): BlobStore {
  return {
    put: async (owner, text) => {
      const bytes = Buffer.byteLength(text);
      if (bytes > blobBytesMax)
        throw new CadreError('too-large', `${bytes} bytes are more than the ${blobBytesMax} a value may have`);
      const key = blobKey(owner, hash('sha256', text));
      await objects.put(bucket, key, text);
      return { key, bytes };
    },
    get: (key) => objects.get(bucket, key),
  };
}
