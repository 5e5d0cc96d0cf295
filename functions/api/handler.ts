import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { createApp } from '../../src/api/app.ts';
import { apiHandler } from '../../src/api/lambda.ts';
import { functionLog } from '../../src/platform/aws/log.ts';
import { createQueueSizes } from '../../src/platform/aws/distributor/queue-sizes.ts';
import { awsClients, awsRuntime } from '../../src/platform/aws/runtime.ts';

const log = functionLog('api');
let ready: ReturnType<typeof apiHandler> | undefined;

/** The HTTP API behind API Gateway: one app on one function, one line of log for each request. */
export const handler = (event: APIGatewayProxyEventV2) => {
  if (ready === undefined) {
    const runtime = awsRuntime(log);
    const queueSizes = createQueueSizes(awsClients().sqs, runtime.queues);
    ready = apiHandler((options) => createApp({ ...runtime, queueSizes }, options), log);
  }
  return ready(event);
};
