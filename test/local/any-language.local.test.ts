import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import {
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs';
import { expect, it } from '@jest/globals';
import { AwsClient } from 'aws4fetch';
import type { AgentGrant } from '../../src/contracts/distributor/agent.ts';
import { createClient } from '../../src/sdk/client/client.ts';
import { describeDeployed } from '../support/local-cloud.ts';
import { blocksOf } from '../support/pages.ts';

/** The messages of a kind that docs/agents.md prints, in their order. */
function printed(schema: string): readonly string[] {
  return blocksOf('docs/agents.md')
    .filter(({ mark }) => mark === `schema: ${schema}`)
    .map(({ text }) => text);
}

await describeDeployed('an agent made of the messages that docs/agents.md prints', ({ cloud, outputs }) => {
  const keys = { accessKeyId: cloud.account, secretAccessKey: 'local' };
  const connection = { region: cloud.region, endpoint: cloud.endpoint, credentials: keys };
  const client = createClient({ ...connection, apiUrl: outputs.apiUrl });
  const http = new AwsClient({ ...keys, region: cloud.region, service: 'execute-api' });
  const sqs = new SQSClient({ ...connection, useQueueUrlAsEndpoint: false });

  async function receive(inbox: string): Promise<Message> {
    for (let looks = 0; looks < 10; looks += 1) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: inbox, WaitTimeSeconds: 2 }));
      const [message] = Messages;
      if (message === undefined) continue;
      await sqs.send(new DeleteMessageCommand({ QueueUrl: inbox, ReceiptHandle: message.ReceiptHandle }));
      return message;
    }
    throw new Error('nothing came into the inbox');
  }

  it('registers, receives, is heard of, reports, and leaves', async () => {
    const [registration] = printed('agent-registration');
    const answer = await http.fetch(`${outputs.apiUrl}/v1/agents`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: registration ?? '',
    });
    expect(answer.status).toBe(201);
    const grant = (await answer.json()) as AgentGrant;
    const task = { task_id: 'sum-1', task_type: 'sum', priority: 'high' as const, required_capabilities: ['sum'] };
    await client.submit({ ...task, payload: [1, 2, 3] });

    const { Body = '' } = await receive(grant.inbox_url);
    const [assignment = '{}'] = printed('inbox-message');
    const { until: _until, ...told } = JSON.parse(assignment) as Record<string, unknown>;
    expect(JSON.parse(Body)).toMatchObject(told);

    const [heartbeat] = printed('heartbeat');
    await sqs.send(new SendMessageCommand({ QueueUrl: grant.heartbeats_url, MessageBody: heartbeat }));
    const [result] = printed('result-batch');
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: grant.results_url,
        MessageBody: result,
        MessageGroupId: 'agent:py-1',
        MessageDeduplicationId: 'sum-1-1',
      }),
    );
    expect(await client.waitTask('sum-1')).toMatchObject({ status: 'Completed', output: 6, assigned_agent: 'py-1' });
    const left = await http.fetch(`${outputs.apiUrl}/v1/agents/py-1`, { method: 'DELETE' });
    expect(left.status).toBe(204);
  });

  it('works in Python with nothing but HTTP', async () => {
    const script = join(import.meta.dirname, '../../examples/agents/over-http.py');
    // The local cloud wants to see a token and looks at none.
    const env = { ...process.env, CADRE_API_URL: outputs.apiUrl, CADRE_TOKEN: 'any', AGENT_ID: 'py-http-1' };
    const agent = spawn('python3', [script, '2'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(agent, 'exit');
    try {
      await Promise.race([once(agent.stdout, 'data'), ended]);
      expect(agent.exitCode).toBe(null);
      const task = { task_type: 'sum', priority: 'high' as const, required_capabilities: ['sum'] };
      const large = Array.from({ length: 40_000 }, () => 1);
      await client.submitAll([
        { ...task, task_id: 'http-sum-1', payload: large },
        { ...task, task_id: 'http-sum-2', payload: 'no numbers' },
      ]);
      const done = { assigned_agent: 'py-http-1', attempt: 1, late_results: 0 };
      expect(await client.waitTask('http-sum-1')).toMatchObject({ ...done, status: 'Completed', output: 40_000 });
      expect(await client.waitTask('http-sum-2')).toMatchObject({ ...done, error: { code: 'no-numbers' } });
      expect(await ended).toEqual([0, null]);
    } finally {
      agent.kill();
    }
    const path = `${outputs.apiUrl}/v1/agents/py-http-1`;
    expect((await http.fetch(path, { method: 'DELETE' })).status).toBe(204);
    expect((await http.fetch(`${path}/inbox`, { method: 'POST', body: '{"wait_seconds":0}' })).status).toBe(404);
  });
});
