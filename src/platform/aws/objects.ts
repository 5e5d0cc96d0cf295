import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';

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

/** Objects in S3. Any client with `send` will do: the twin's has the same shape. */
export function s3Objects(client: Pick<S3Client, 'send'>): Objects {
  return {
    async get(bucket, key) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      if (Body === undefined) throw new Error(`the object ${key} has no body`);
      return Body.transformToString();
    },

    async put(bucket, key, text) {
      await client.send(
        new PutObjectCommand({ Bucket: bucket, Key: key, Body: text, ContentType: 'application/json' }),
      );
    },

    async getBytes(bucket, key, from, to) {
      const { Body } = await client.send(
        new GetObjectCommand({
          Bucket: bucket,
          Key: key,
          ...(from === undefined || to === undefined ? {} : { Range: `bytes=${from}-${to - 1}` }),
        }),
      );
      if (Body === undefined) throw new Error(`the object ${key} has no body`);
      const bytes = await Body.transformToByteArray();
      // Node's client answers with a Buffer, whose slices share its memory.
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },

    async putBytes(bucket, key, bytes, cold = false) {
      await client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: bytes,
          ContentType: 'application/octet-stream',
          ...(cold ? { StorageClass: 'GLACIER_IR' } : {}),
        }),
      );
    },

    async remove(bucket, key) {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },

    async list(bucket, prefix) {
      const found: { readonly key: string; readonly written_at: number }[] = [];
      let token: string | undefined;
      do {
        const page: ListObjectsV2CommandOutput = await client.send(
          new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, Delimiter: '/', ContinuationToken: token }),
        );
        for (const { Key: key = '', LastModified } of page.Contents ?? [])
          found.push({ key, written_at: LastModified?.getTime() ?? 0 });
        token = page.NextContinuationToken;
      } while (token !== undefined);
      return found;
    },
  };
}
