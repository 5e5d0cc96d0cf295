import { handle, type LambdaContext, type LambdaEvent } from 'hono/aws-lambda';
import { createApp } from '../../src/api/app.ts';
import type { ApiDeps } from '../../src/api/ports.ts';
import { principalFrom, type CallerContext } from '../../src/api/principal.ts';
import { functionLog, type Log } from '../../src/platform/aws/log.ts';
import { createQueueSizes } from '../../src/platform/aws/queue-sizes.ts';
import { awsClients, awsRuntime } from '../../src/platform/aws/runtime.ts';

/** The HTTP API behind API Gateway (payload 2.0): one app on one function, one line of log for each request. */
export function createHandler(deps: ApiDeps, log: Log, { trustLocal }: { readonly trustLocal: boolean }) {
  const answer = handle(
    createApp(deps, {
      principalOf: (_request, env) =>
        principalFrom((env as { readonly event?: { readonly requestContext?: CallerContext } }).event?.requestContext, {
          trustLocal,
        }),
      onFault: (error, correlation_id) => log.error('a request failed', { correlation_id, error: String(error) }),
    }),
  );
  return async (event: LambdaEvent, context: LambdaContext) => {
    const answered = await answer(event, context);
    const { rawPath = '' } = event as { readonly rawPath?: string };
    log.info('answered', { path: rawPath, status: answered.statusCode });
    return answered;
  };
}

const log = functionLog('api');
let ready: ReturnType<typeof createHandler> | undefined;

export const handler = (event: LambdaEvent, context: LambdaContext) => {
  if (ready === undefined) {
    const runtime = awsRuntime(log);
    const queueSizes = createQueueSizes(awsClients().sqs, runtime.queues);
    ready = createHandler({ ...runtime, queueSizes }, log, { trustLocal: process.env['CADRE_TRUST_LOCAL'] === '1' });
  }
  return ready(event, context);
};
