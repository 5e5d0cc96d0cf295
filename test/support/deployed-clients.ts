import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createClient } from '../../src/sdk/client/client.ts';
import type { Deployed } from './local-cloud.ts';

const pollMs = 100;
const awaitedMsMax = 45_000;

/** Answers with the first value of `look` that is wanted; throws with the last one seen when none came. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T> | T,
  wanted: (value: T) => boolean,
  withinMs = awaitedMsMax,
) {
  const giveUpAt = performance.now() + withinMs;
  for (;;) {
    const value = await look();
    if (wanted(value)) return value;
    if (performance.now() > giveUpAt) throw new Error(`waited in vain: ${what}; last seen ${JSON.stringify(value)}`);
    await sleep(pollMs);
  }
}

/** A log that says nothing: what the tests provoke on purpose would hide what they find. */
export const quietLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Clients of the services and of the API of the deployed system, for tests that look behind it. */
export function deployedClients({ cloud, outputs }: Deployed) {
  const credentials = { accessKeyId: cloud.account, secretAccessKey: 'local' };
  const shared = { endpoint: cloud.endpoint, region: cloud.region, credentials };
  const connection = { ...shared, apiUrl: outputs.apiUrl };
  return {
    connection,
    api: createClient(connection),
    dynamodb: DynamoDBDocumentClient.from(new DynamoDBClient(shared)),
    sqs: new SQSClient({ ...shared, useQueueUrlAsEndpoint: false, md5: false }),
    bus: new EventBridgeClient(shared),
    sfn: new SFNClient(shared),
    s3: new S3Client({ ...shared, forcePathStyle: true }),
  };
}
