import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { createApp } from '../../src/api/app.ts';
import { answerEvent, type LambdaBindings } from '../../src/api/lambda.ts';
import type { ApiDeps } from '../../src/api/ports.ts';
import { groupsFrom, principalFrom } from '../../src/api/principal.ts';
import { functionLog, type Log } from '../../src/platform/aws/log.ts';
import { createQueueSizes } from '../../src/platform/aws/queue-sizes.ts';
import { awsClients, awsRuntime } from '../../src/platform/aws/runtime.ts';

/** The HTTP API behind API Gateway: one app on one function, one line of log for each request. */
export function createHandler(deps: ApiDeps, log: Log, { trustLocal }: { readonly trustLocal: boolean }) {
  const app = createApp(deps, {
    principalOf: (_request, env) => principalFrom((env as LambdaBindings).requestContext, { trustLocal }),
    groupsOf: (_request, env) => (trustLocal ? [] : groupsFrom((env as LambdaBindings).requestContext)),
    onFault: (error, correlation_id) =>
      log.error('a request failed', {
        correlation_id,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
  });
  return async (event: APIGatewayProxyEventV2) => {
    const answer = await answerEvent(app, event);
    const request = `${event.requestContext.http.method} ${event.rawPath}`;
    log.info('answered', { request, status: answer.statusCode });
    return answer;
  };
}

const log = functionLog('api');
let ready: ReturnType<typeof createHandler> | undefined;

export const handler = (event: APIGatewayProxyEventV2) => {
  if (ready === undefined) {
    const runtime = awsRuntime(log);
    const queueSizes = createQueueSizes(awsClients().sqs, runtime.queues);
    ready = createHandler({ ...runtime, queueSizes }, log, { trustLocal: process.env['CADRE_TRUST_LOCAL'] === '1' });
  }
  return ready(event);
};
