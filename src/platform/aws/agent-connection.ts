import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';
import type { agentBlobs } from './agent-blobs.ts';
import { agentQueues } from './agent-transport.ts';

/** S3 on demand: most agents never see a large value, and its client takes longer to load than the rest of the agent. */
function blobsOnDemand(config: S3ClientConfig) {
  let loading: Promise<ReturnType<typeof agentBlobs>> | undefined;
  const load = async () => {
    const [{ S3Client }, blobs] = await Promise.all([import('@aws-sdk/client-s3'), import('./agent-blobs.ts')]);
    return blobs.agentBlobs(new S3Client(config));
  };
  const blobs = () => (loading ??= load());
  return {
    get: async (bucket: string, key: string) => (await blobs()).get(bucket, key),
    put: async (bucket: string, key: string, text: string) => (await blobs()).put(bucket, key, text),
  };
}

/** The clients of an agent process. An endpoint (a local cloud) also needs path-style buckets, since it has no wildcard names. */
export function connectAgent(options: {
  readonly region: string;
  readonly credentials: NonNullable<SQSClientConfig['credentials']>;
  readonly endpoint?: string;
}) {
  const { endpoint, ...shared } = options;
  const target = endpoint === undefined ? shared : { ...shared, endpoint };
  // A local cloud writes queue URLs with its own host name, which need not be the one that reaches it.
  return {
    sqs: agentQueues(new SQSClient({ ...target, useQueueUrlAsEndpoint: endpoint === undefined })),
    s3: blobsOnDemand({ ...target, forcePathStyle: endpoint !== undefined }),
  };
}

/** The clients of an agent that is a Lambda function: region, credentials and endpoint come from its environment. */
export function connectFunction() {
  const local = process.env['AWS_ENDPOINT_URL'] !== undefined;
  return {
    sqs: agentQueues(new SQSClient({ useQueueUrlAsEndpoint: !local })),
    s3: blobsOnDemand({ forcePathStyle: local }),
  };
}
