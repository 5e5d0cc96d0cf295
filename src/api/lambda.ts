import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Hono } from 'hono';
import { groupsFrom, principalFrom } from './principal.ts';
import type { ApiEnv } from './request.ts';
import type { ApiOptions } from './shell.ts';

/** What the app is told of a request beside the request itself. */
export interface LambdaBindings {
  readonly requestContext: APIGatewayProxyEventV2['requestContext'];
}

/** Answers an event of API Gateway (HTTP API, payload 2.0) with the app. */
export async function answerEvent(
  app: Hono<ApiEnv>,
  event: APIGatewayProxyEventV2,
): Promise<APIGatewayProxyStructuredResultV2> {
  const { requestContext, rawPath, rawQueryString, headers, body, isBase64Encoded } = event;
  const query = rawQueryString === '' ? '' : `?${rawQueryString}`;
  // The host says nothing to the app, and a local cloud's domain name need not be a valid one.
  const request = new Request(`https://api${rawPath}${query}`, {
    method: requestContext.http.method,
    headers: Object.entries(headers).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, value]],
    ),
    ...(body === undefined ? {} : { body: isBase64Encoded ? Buffer.from(body, 'base64') : body }),
  });
  const bindings: LambdaBindings = { requestContext };
  const response = await app.fetch(request, bindings);
  return {
    statusCode: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.text(),
  };
}

/** Where an app says what it answered, and what it failed at. */
interface RequestLog {
  info(message: string, details: Record<string, unknown>): void;
  error(message: string, details: Record<string, unknown>): void;
}

/** The handler of a function with an app, one line of log for each request. CADRE_TRUST_LOCAL=1 is set for local deployments only. */
export function apiHandler(make: (options: ApiOptions) => Hono<ApiEnv>, log: RequestLog) {
  const trustLocal = process.env['CADRE_TRUST_LOCAL'] === '1';
  const app = make({
    principalOf: (_request, bindings) => principalFrom((bindings as LambdaBindings).requestContext, { trustLocal }),
    groupsOf: (_request, bindings) => (trustLocal ? [] : groupsFrom((bindings as LambdaBindings).requestContext)),
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
