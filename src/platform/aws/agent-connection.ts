import { SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';
import { agentQueues } from './agent-transport.ts';
import { objectsOnDemand } from './objects-on-demand.ts';

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
    s3: objectsOnDemand({ ...target, forcePathStyle: endpoint !== undefined }),
  };
}

/** The clients of an agent that is a Lambda function: region, credentials and endpoint come from its environment. */
export function connectFunction() {
  const local = process.env['AWS_ENDPOINT_URL'] !== undefined;
  return {
    sqs: agentQueues(new SQSClient({ useQueueUrlAsEndpoint: !local })),
    s3: objectsOnDemand({ forcePathStyle: local }),
  };
}
