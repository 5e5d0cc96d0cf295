import {
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs';
import { expect, it } from '@jest/globals';
import { AwsClient } from 'aws4fetch';
import type { AgentGrant } from '../../src/contracts/agent.ts';
import { createClient } from '../../src/sdk/client.ts';
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
});
