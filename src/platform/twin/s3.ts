import { createHash } from 'node:crypto';
import * as s3 from '@aws-sdk/client-s3';
import { awsError } from './aws-errors.ts';
import { compareText } from './expressions/values.ts';
import type { FakeClient, Wire } from './wire.ts';

interface StoredObject {
  readonly bytes: Uint8Array;
  readonly contentType: string | undefined;
  readonly metadata: Readonly<Record<string, string>> | undefined;
  readonly etag: string;
  readonly modified: Date;
}

/** A fake S3: buckets exist when they are made. */
export interface FakeS3 {
  client(wire: Wire): FakeClient;
  createBucket(name: string): void;
  /** Keys of a bucket in order, for oracles. */
  keys(bucket: string): string[];
}

/** S3's page of a listing. */
const listKeysMax = 1_000;

type Bucket = Map<string, StoredObject>;
type Operation = (bucket: Bucket, input: never, now: number) => object;

function entry<Input extends object>(
  command: new (input: Input) => { readonly input: Input },
  operation: (bucket: Bucket, input: Input, now: number) => object,
): [unknown, { readonly name: string; readonly run: Operation }] {
  return [command, { name: command.name.replace(/Command$/, ''), run: operation }];
}

const operations = new Map([
  entry(s3.PutObjectCommand, putObject),
  entry(s3.GetObjectCommand, (bucket, input) => {
    const { bytes, ...object } = requireObject(bucket, input.Key);
    const part = rangeOf(bytes, input.Range);
    return { ...describe(object, part.byteLength), Body: bodyOf(part) };
  }),
  entry(s3.HeadObjectCommand, (bucket, input) => {
    const object = bucket.get(input.Key ?? '');
    if (object === undefined) throw new s3.NotFound({ message: 'NotFound', $metadata: { httpStatusCode: 404 } });
    return describe(object, object.bytes.byteLength);
  }),
  entry(s3.DeleteObjectCommand, (bucket, input) => {
    bucket.delete(input.Key ?? '');
    return {};
  }),
  entry(s3.ListObjectsV2Command, listObjects),
]);

function putObject(bucket: Bucket, input: s3.PutObjectCommandInput, now: number): object {
  const key = input.Key ?? '';
  const known = bucket.get(key);
  if (
    (input.IfNoneMatch === '*' && known !== undefined) ||
    (input.IfMatch !== undefined && known?.etag !== input.IfMatch)
  ) {
    throw awsError('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412);
  }
  const body: unknown = input.Body ?? '';
  if (typeof body !== 'string' && !(body instanceof Uint8Array))
    throw new Error('The twin takes strings and bytes as an object, no streams');
  const bytes = typeof body === 'string' ? Buffer.from(body) : Uint8Array.from(body);
  const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
  bucket.set(key, { bytes, contentType: input.ContentType, metadata: input.Metadata, etag, modified: new Date(now) });
  return { ETag: etag };
}

function requireObject(bucket: Bucket, key: string | undefined): StoredObject {
  const object = bucket.get(key ?? '');
  if (object !== undefined) return object;
  throw new s3.NoSuchKey({ message: 'The specified key does not exist.', $metadata: { httpStatusCode: 404 } });
}

/** The bytes that a range names (`bytes=0-99`, both ends included); an end beyond the object's is the object's. */
function rangeOf(bytes: Uint8Array, range: string | undefined): Uint8Array {
  if (range === undefined) return bytes;
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
  if (from === undefined || to === undefined) throw new Error('The twin takes ranges with a beginning and an end');
  if (Number(from) >= bytes.byteLength) throw awsError('InvalidRange', 'The requested range is not satisfiable', 416);
  return bytes.subarray(Number(from), Number(to) + 1);
}

function describe(object: Omit<StoredObject, 'bytes'>, length: number): object {
  return {
    ContentLength: length,
    ETag: object.etag,
    LastModified: object.modified,
    ...(object.contentType === undefined ? {} : { ContentType: object.contentType }),
    ...(object.metadata === undefined ? {} : { Metadata: object.metadata }),
  };
}

/** The part of the SDK's stream that callers use. */
function bodyOf(bytes: Uint8Array): object {
  return {
    transformToString: (encoding?: BufferEncoding) => Promise.resolve(Buffer.from(bytes).toString(encoding ?? 'utf8')),
    transformToByteArray: () => Promise.resolve(Uint8Array.from(bytes)),
  };
}

function listObjects(bucket: Bucket, input: s3.ListObjectsV2CommandInput): object {
  const after = input.ContinuationToken ?? input.StartAfter ?? '';
  const max = Math.min(input.MaxKeys ?? listKeysMax, listKeysMax);
  const matching = [...bucket.entries()]
    .filter(([key]) => key.startsWith(input.Prefix ?? '') && compareText(key, after) > 0)
    // What has the delimiter behind the prefix S3 rolls up into common prefixes, which nobody here reads.
    .filter(([key]) => input.Delimiter === undefined || !key.slice(input.Prefix?.length ?? 0).includes(input.Delimiter))
    .sort(([a], [b]) => compareText(a, b));
  const page = matching.slice(0, max);
  const isTruncated = matching.length > page.length;
  return {
    Contents: page.map(([Key, object]) => ({
      Key,
      Size: object.bytes.byteLength,
      ETag: object.etag,
      LastModified: object.modified,
    })),
    KeyCount: page.length,
    IsTruncated: isTruncated,
    ...(isTruncated ? { NextContinuationToken: page.at(-1)?.[0] } : {}),
  };
}

/** An S3 with the given buckets. */
export function createFakeS3(wire: Wire, names: readonly string[] = []): FakeS3 {
  const buckets = new Map<string, Bucket>(names.map((name) => [name, new Map()]));
  return {
    client: (processWire) => ({
      send(command, options) {
        const operation = operations.get(command.constructor);
        if (operation === undefined) {
          return Promise.reject(awsError('UnknownOperationException', `The twin has no ${command.constructor.name}`));
        }
        const apply = (): object => {
          const { Bucket: name = '', Key: key = '' } = command.input as { Bucket?: string; Key?: string };
          const bucket = buckets.get(name);
          if (bucket === undefined) {
            throw new s3.NoSuchBucket({
              message: 'The specified bucket does not exist',
              $metadata: { httpStatusCode: 404 },
            });
          }
          wire.clock.record(`s3 ${operation.name} ${key}`);
          return operation.run(bucket, command.input as never, wire.clock.now());
        };
        return processWire.call('s3', operation.name, apply, options?.abortSignal);
      },
      destroy: () => undefined,
    }),
    createBucket: (name) => void buckets.set(name, buckets.get(name) ?? new Map<string, StoredObject>()),
    keys: (bucket) => [...(buckets.get(bucket)?.keys() ?? [])].sort(compareText),
  };
}
