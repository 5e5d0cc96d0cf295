import { describe, expect, it } from '@jest/globals';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { createTwinCloud } from '../../../../src/platform/twin/twin-cloud.ts';

const Bucket = 'bucket';

describe('the object store', () => {
  it('gives back what was put, as text and as bytes, until it is deleted', async () => {
    const { s3 } = createTwinCloud({ buckets: [Bucket] }).clients;
    await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'héllo', ContentType: 'text/plain' }));
    const { Body, ContentLength } = await s3.send(new GetObjectCommand({ Bucket, Key: 'a' }));
    expect(ContentLength).toBe(6);
    expect(await Body?.transformToString()).toBe('héllo');
    expect((await Body?.transformToByteArray())?.byteLength).toBe(6);
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'a' }))).ContentType).toBe('text/plain');
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    await expect(s3.send(new GetObjectCommand({ Bucket, Key: 'a' }))).rejects.toMatchObject({ name: 'NoSuchKey' });
    await expect(s3.send(new HeadObjectCommand({ Bucket, Key: 'a' }))).rejects.toMatchObject({ name: 'NotFound' });
    await expect(s3.send(new GetObjectCommand({ Bucket: 'none', Key: 'a' }))).rejects.toMatchObject({
      name: 'NoSuchBucket',
    });
  });

  it('gives a range of bytes, both ends included, up to the end of the object', async () => {
    const { s3 } = createTwinCloud({ buckets: [Bucket] }).clients;
    await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'hello' }));
    const read = async (Range: string) =>
      (await s3.send(new GetObjectCommand({ Bucket, Key: 'a', Range }))).Body?.transformToString();
    expect(await read('bytes=1-3')).toBe('ell');
    expect(await read('bytes=3-99')).toBe('lo');
    await expect(read('bytes=5-6')).rejects.toMatchObject({ name: 'InvalidRange' });
  });

  it('lists by prefix, page by page, and honours If-None-Match', async () => {
    const { s3 } = createTwinCloud({ buckets: [Bucket] }).clients;
    for (const Key of ['p/2', 'p/1', 'q/1']) await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
    const first = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'p/', MaxKeys: 1 }));
    const second = await s3.send(
      new ListObjectsV2Command({ Bucket, Prefix: 'p/', ContinuationToken: first.NextContinuationToken }),
    );
    expect([first, second].map(({ Contents }) => Contents?.map(({ Key }) => Key))).toEqual([['p/1'], ['p/2']]);
    expect(second.IsTruncated).toBe(false);
    await expect(
      s3.send(new PutObjectCommand({ Bucket, Key: 'p/1', Body: '', IfNoneMatch: '*' })),
    ).rejects.toMatchObject({ name: 'PreconditionFailed' });
  });
});
