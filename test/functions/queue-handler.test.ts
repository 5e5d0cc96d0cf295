import type { SQSEvent } from 'aws-lambda';
import { describe, expect, it } from '@jest/globals';
import { createHandler } from '../../functions/accept-workflows/handler.ts';
import type { DeadLetterStore } from '../../src/distributor/ports.ts';
import { createWorkflowStage } from '../support/workflow-stage.ts';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

describe('a dead letter that cannot be kept', () => {
  it('makes its message come again, and not those beside it, which are done', async () => {
    const stage = createWorkflowStage();
    const deadLetters = { bury: () => Promise.reject(new Error('the table is busy')) } as unknown as DeadLetterStore;
    const definition = { name: 'x', nodes: [{ name: 'a', task_type: 'work' }] };
    const good = {
      id: 'e',
      'detail-type': 'WorkflowSubmitted',
      source: 'me',
      detail: { workflow_id: 'w', definition },
    };
    const Records = ['{"half": ', JSON.stringify(good)].map((body, index) => ({
      messageId: `m${index}`,
      receiptHandle: `r${index}`,
      attributes: { ApproximateReceiveCount: '1' },
      body,
    }));
    const answer = await createHandler({ ...stage.deps, deadLetters }, silent)({ Records } as SQSEvent);
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
    expect(await stage.deps.workflows.head('w')).toMatchObject({ workflow_id: 'w' });
  });
});
