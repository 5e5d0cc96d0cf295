import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';
import { agentBlobs, agentQueues } from './agent-transport.ts';

/** The clients of an agent process. An endpoint (a local cloud) also needs path-style buckets, since it has no wildcard names. */
export function connectAgent(options: {
  readonly region: string;
  readonly credentials: NonNullable<SQSClientConfig['credentials']>;
  readonly endpoint?: string;
}) {
  const { endpoint, ...shared } = options;
  const target = endpoint === undefined ? shared : { ...shared, endpoint };
  return {
    sqs: agentQueues(new SQSClient(target)),
    s3: agentBlobs(new S3Client({ ...target, forcePathStyle: endpoint !== undefined })),
  };
}

/** The clients of an agent that is a Lambda function: region, credentials and endpoint come from its environment. */
export function connectFunction() {
  return {
    sqs: agentQueues(new SQSClient()),
    s3: agentBlobs(new S3Client({ forcePathStyle: process.env['AWS_ENDPOINT_URL'] !== undefined })),
  };
}
