import type { S3ClientConfig } from '@aws-sdk/client-s3';

/** Texts and bytes in a bucket. */
export interface Objects {
  get(bucket: string, key: string): Promise<string>;
  put(bucket: string, key: string, text: string): Promise<void>;
  /** All bytes, or those from the first offset up to the second. */
  getBytes(bucket: string, key: string, from?: number, to?: number): Promise<Uint8Array>;
  /** `cold`: in the cheapest class that answers at once. */
  putBytes(bucket: string, key: string, bytes: Uint8Array, cold?: boolean): Promise<void>;
  /** Removes an object; one that is not there is removed already. */
  remove(bucket: string, key: string): Promise<void>;
  /** The objects directly under a prefix that ends in `/`, and when each was written (epoch milliseconds). */
  list(bucket: string, prefix: string): Promise<readonly { readonly key: string; readonly written_at: number }[]>;
}

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
