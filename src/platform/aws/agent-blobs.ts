import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';

/** Large payloads and outputs of an agent, on S3. */
export function agentBlobs(client: Pick<S3Client, 'send'>) {
  return {
    async get(bucket: string, key: string): Promise<string> {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      if (Body === undefined) throw new Error(`the object ${key} has no body`);
      return Body.transformToString();
    },

    async put(bucket: string, key: string, text: string): Promise<void> {
      await client.send(
        new PutObjectCommand({ Bucket: bucket, Key: key, Body: text, ContentType: 'application/json' }),
      );
    },
  };
}
