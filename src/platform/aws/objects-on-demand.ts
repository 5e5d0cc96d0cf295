import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { Objects } from './objects.ts';
import { onDemand } from './on-demand.ts';

/** S3 on demand: most functions and agents never see a large value, and its client takes as long to load as everything else together. */
export function objectsOnDemand(config: S3ClientConfig): Objects {
  const load = async () => {
    const [{ S3Client }, { s3Objects }] = await Promise.all([import('@aws-sdk/client-s3'), import('./objects.ts')]);
    return s3Objects(new S3Client(config));
  };
  return onDemand(load, { get: true, put: true, getBytes: true, putBytes: true, remove: true, list: true });
}
