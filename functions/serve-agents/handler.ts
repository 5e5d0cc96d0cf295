import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { createAgentApp } from '../../src/api/agent-app.ts';
import { apiHandler } from '../../src/api/lambda.ts';
import { functionLog } from '../../src/platform/aws/log.ts';
import { awsRuntime } from '../../src/platform/aws/runtime.ts';

const log = functionLog('serve-agents');
let ready: ReturnType<typeof apiHandler> | undefined;

/** What agents do that have nothing but HTTP, behind the same API Gateway. */
export const handler = (event: APIGatewayProxyEventV2) =>
  (ready ??= apiHandler((options) => createAgentApp(awsRuntime(log), options), log))(event);
