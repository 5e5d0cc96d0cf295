import { createHash } from 'node:crypto';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { CadreError } from '../../contracts/errors.ts';
import { blobBytesMax } from '../../contracts/limits.ts';
import type { BlobStore } from '../../distributor/ports.ts';

/** Large values in S3 (claim check). The key is made of the content, so that a repeat writes the same object and nobody can change it behind a reference. */
export function createBlobStore(s3: S3Client, bucket: string): BlobStore {
  return {
    put: async (owner, text) => {
      const bytes = Buffer.byteLength(text);
      if (bytes > blobBytesMax)
        throw new CadreError('too-large', `${bytes} bytes are more than the ${blobBytesMax} a value may have`);
      const key = `blobs/${owner.replaceAll(':', '/')}/${createHash('sha256').update(text).digest('hex')}`;
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: text, ContentType: 'application/json' }));
      return { key, bytes };
    },
    get: async (key) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      if (Body === undefined) throw new CadreError('not-found', `the stored value ${key} is empty`);
      return Body.transformToString();
    },
  };
}
