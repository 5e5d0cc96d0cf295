import type { Objects } from './objects.ts';
import type { S3ClientConfig } from '@aws-sdk/client-s3';

/** S3 on demand: most functions and agents never see a large value, and its client takes as long to load as everything else together. */
export function objectsOnDemand(config: S3ClientConfig): Objects {
  let loading: Promise<Objects> | undefined;
  const load = async () => {
    const [{ S3Client }, { s3Objects }] = await Promise.all([import('@aws-sdk/client-s3'), import('./objects.ts')]);
    return s3Objects(new S3Client(config));
  };
  const objects = () => (loading ??= load());
  return {
    get: async (bucket, key) => (await objects()).get(bucket, key),
    put: async (bucket, key, text) => (await objects()).put(bucket, key, text),
    getBytes: async (...args) => (await objects()).getBytes(...args),
    putBytes: async (...args) => (await objects()).putBytes(...args),
    remove: async (bucket, key) => (await objects()).remove(bucket, key),
    list: async (bucket, prefix) => (await objects()).list(bucket, prefix),
  };
}
