import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Hono } from 'hono';
import type { ApiEnv } from './request.ts';

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
