import { describe, expect, it } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { createApp } from '../../../src/api/app.ts';
import { apiHandler } from '../../../src/api/lambda.ts';
import { memoryDeps } from '../../support/memory-deps.ts';

const event = (over: Partial<APIGatewayProxyEventV2> = {}) =>
  ({
    rawPath: '/v1/tasks',
    rawQueryString: '',
    headers: { 'content-type': 'application/json' },
    isBase64Encoded: false,
    requestContext: {
      accountId: '000000000000',
      domainName: 'x.execute-api.127.0.0.1',
      http: { method: 'GET' },
      authorizer: { iam: { userId: 'AIDA1' } },
    },
    ...over,
  }) as unknown as APIGatewayProxyEventV2;

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const task = { task_id: 't1', task_type: 'demo', priority: 'low', required_capabilities: [], payload: 'ü' };

describe('the function of the API', () => {
  it('answers events of API Gateway, plain and base64', async () => {
    const { deps, tasks } = memoryDeps();
    const handler = apiHandler((options) => createApp(deps, options), quiet);
    const body = Buffer.from(JSON.stringify(task)).toString('base64');
    const http = { ...event().requestContext, http: { method: 'POST' } } as APIGatewayProxyEventV2['requestContext'];
    const posted = await handler(event({ requestContext: http, body, isBase64Encoded: true }));
    expect(posted.statusCode).toBe(202);
    expect(tasks.get('t1')).toMatchObject({ submitted_by: 'AIDA1', payload: { text: '"ü"' } });
    const listed = await handler(event({ rawQueryString: 'limit=1' }));
    expect(JSON.parse(listed.body ?? '')).toMatchObject({ items: [{ task_id: 't1' }] });
  });

  it('refuses a caller whom the authorizer does not know', async () => {
    const { deps } = memoryDeps();
    const handler = apiHandler((options) => createApp(deps, options), quiet);
    const { authorizer: _none, ...nobody } = event().requestContext as unknown as Record<string, unknown>;
    const answer = await handler(event({ requestContext: nobody as never }));
    expect(answer.statusCode).toBe(401);
    expect(answer.headers?.['content-type']).toBe('application/problem+json');
  });
});
