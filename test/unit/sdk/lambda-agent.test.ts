import { describe, expect, it } from '@jest/globals';
import type { SQSEvent } from 'aws-lambda';
import { lambdaAgent } from '../../../src/sdk/agent/lambda-agent.ts';
import { agentStage, assign, cancel, grant } from '../../support/agent-stage.ts';

const event = (...bodies: unknown[]) =>
  ({
    Records: bodies.map((body, index) => ({
      messageId: `m${index}`,
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })),
  }) as SQSEvent;

describe('an agent that is a Lambda function', () => {
  it('runs the attempts of a batch and sends their results before it acknowledges them', async () => {
    const stage = agentStage();
    const handler = lambdaAgent({ grant, deps: stage.deps, handler: (task) => task.payload });
    const answer = await handler(event(assign('t1'), assign('t2'), cancel('t3'), '{oops'));
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(stage.results().map(({ task_id, outcome }) => [task_id, outcome])).toEqual([
      ['t1', 'completed'],
      ['t2', 'completed'],
    ]);
  });

  it('asks for the repeat of what it could not report', async () => {
    const stage = agentStage();
    const sqs = { ...stage.deps.sqs, send: async () => [0] };
    const handler = lambdaAgent({ grant, deps: { ...stage.deps, sqs }, handler: () => 1 });
    expect(await handler(event(assign('t1')))).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
  });
});
