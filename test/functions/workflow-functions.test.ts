import type { SQSEvent } from 'aws-lambda';
import { describe, expect, it } from '@jest/globals';
import { createHandler as createAccept } from '../../functions/accept-workflows/handler.ts';
import { createHandler as createBegin } from '../../functions/begin-workflow/handler.ts';
import { createHandler as createFinish } from '../../functions/finish-workflow/handler.ts';
import type { DeadLetterRow } from '../../src/contracts/rows.ts';
import type { DeadLetterStore } from '../../src/distributor/ports.ts';
import { createWorkflowStage } from '../support/workflow-stage.ts';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

function createFunctions() {
  const stage = createWorkflowStage();
  const buried: DeadLetterRow[] = [];
  const deadLetters = { bury: async (rows: readonly DeadLetterRow[]) => void buried.push(...rows) } as DeadLetterStore;
  return {
    stage,
    buried,
    accept: createAccept({ ...stage.deps, deadLetters }, silent),
    begin: createBegin(stage.deps, silent),
    finish: createFinish(stage.deps, silent),
  };
}

function eventOf(...details: unknown[]): SQSEvent {
  const records = details.map((detail, index) => ({
    messageId: `m${index}`,
    receiptHandle: `r${index}`,
    attributes: { ApproximateReceiveCount: '1' },
    body:
      typeof detail === 'string'
        ? detail
        : JSON.stringify({ id: `e${index}`, 'detail-type': 'WorkflowSubmitted', source: 'me', detail }),
  }));
  // Only what the handler reads: SQS adds much more.
  return { Records: records } as SQSEvent;
}

const submission = (workflow_id: string, more: object = {}) => ({
  workflow_id,
  definition: { name: 'x', nodes: [{ name: 'a', task_type: 'work', ...more }] },
});

function signalled(detail: object, receives = 1): SQSEvent {
  const body = JSON.stringify({ id: 'bus-1', 'detail-type': 'WorkflowSignalled', source: 'shop', detail });
  const attributes = { ApproximateReceiveCount: String(receives) };
  return { Records: [{ messageId: 'm', receiptHandle: 'r', attributes, body }] } as unknown as SQSEvent;
}

describe('the functions of the workflow', () => {
  it('accept, begin and finish a workflow that came over the bus', async () => {
    const { stage, accept, begin, finish, buried } = createFunctions();
    expect(await accept(eventOf(submission('w')))).toEqual({ batchItemFailures: [] });
    stage.executions.set('t', 'waiting');
    await begin({ workflow_id: 'w', task_token: 't' });
    await stage.run('w', 'a');
    expect(await finish({ workflow_id: 'w' })).toMatchObject({ status: 'Completed', makespan_ms: 0 });
    expect(stage.announced.map(({ type }) => type)).toEqual(['WorkflowStarted', 'WorkflowFinished']);
    expect(buried).toEqual([]);
  });

  it('give an event that came over the bus to the workflow, once, and wait a while for one that is not there yet', async () => {
    const { stage, accept, buried } = createFunctions();
    const paid = { workflow_id: 'w', name: 'paid', data: 40 };
    expect(await accept(signalled(paid))).toEqual({ batchItemFailures: [{ itemIdentifier: 'm' }] });
    const nodes = [{ kind: 'event' as const, name: 'answer', events: [{ name: 'paid' }] }];
    await stage.begin('w', {
      name: 'x',
      nodes: [...nodes, { name: 'ship', task_type: 'work', depends_on: ['answer'] }],
    });
    await accept(signalled(paid, 2));
    await accept(signalled(paid, 3));
    expect(await stage.rowOf('w', 'ship')).toMatchObject({ status: 'Queued' });
    expect(await stage.deps.workflows.head('w')).toMatchObject({ signals: [] });
    expect(buried).toEqual([]);
    await accept(signalled({ ...paid, workflow_id: 'none' }, 4));
    expect(buried).toMatchObject([{ code: 'not-found' }]);
  });

  it('bring an event without a workflow to all that wait for its key, and bury one that nobody could find', async () => {
    const { stage, accept, buried } = createFunctions();
    const nodes = [{ kind: 'event' as const, name: 'answer', events: [{ name: 'paid', key: 'input' }] }];
    await stage.begin('w', { name: 'x', nodes }, '7');
    await accept(signalled({ name: 'paid', key: '7', data: 40 }));
    expect(await stage.deps.workflows.head('w')).toMatchObject({ status: 'Completed' });
    expect(buried).toEqual([]);
    await accept(signalled({ name: 'paid', data: 40 }));
    await accept(signalled({ name: 'paid', workflow_id: 'w', ttl_ms: 600_000 }));
    expect(buried).toMatchObject([
      { code: 'invalid-input', path: 'detail.workflow_id' },
      { code: 'invalid-input', path: 'detail.ttl_ms' },
    ]);
  });

  it('bury what nobody can use with all its faults, and hold up nothing else', async () => {
    const { stage, accept, buried } = createFunctions();
    const cyclic = submission('cyclic', { depends_on: ['a', 'b'] });
    const answer = await accept(
      eventOf(cyclic, 'no json', { ...submission('odd'), colour: 'red' }, submission('good')),
    );
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(buried.map(({ id, code }) => [id, code]).sort()).toEqual([
      ['m0', 'unknown-dependency'],
      ['m1', 'invalid-json'],
      ['m2', 'invalid-input'],
    ]);
    expect(buried.find(({ id }) => id === 'm0')?.message).toContain('a → a');
    expect(buried.find(({ id }) => id === 'm2')?.path).toBe('detail.colour');
    expect(stage.started).toEqual(['good']);
  });

  it('let a message come again when its execution could not be started', async () => {
    const { stage, accept } = createFunctions();
    const failing = createAccept(
      {
        ...stage.deps,
        executions: { ...stage.deps.executions, start: () => Promise.reject(new Error('throttled')) },
        deadLetters: {} as DeadLetterStore,
      },
      silent,
    );
    expect(await failing(eventOf(submission('w')))).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
    expect(await accept(eventOf(submission('w')))).toEqual({ batchItemFailures: [] });
    expect(stage.started).toEqual(['w']);
  });

  it('stop a run that has lasted as long as one may, and say why; one that has ended stays as it is', async () => {
    const { stage, accept, finish } = createFunctions();
    await accept(eventOf(submission('w'), submission('done')));
    await stage.run('done', 'a');
    expect(await finish({ workflow_id: 'w', overdue: true })).toMatchObject({ status: 'Failed' });
    const reason = 'run-too-long: it had not ended 90 days after its execution began';
    expect(await stage.deps.workflows.head('w')).toMatchObject({ cancel_reason: reason });
    expect((await stage.rowOf('w', 'a')).status).toBe('Cancelled');
    expect(await finish({ workflow_id: 'w', overdue: true })).toMatchObject({ status: 'Failed' });
    expect(await finish({ workflow_id: 'done', overdue: true })).toMatchObject({ status: 'Completed' });
  });

  it('refuse events that no state machine of ours sends', async () => {
    const { begin, finish } = createFunctions();
    await expect(begin({ workflow_id: 'w' })).rejects.toMatchObject({ code: 'invalid-input', path: 'task_token' });
    await expect(finish({ workflow_id: 'w', x: 1 })).rejects.toMatchObject({ path: 'x' });
    await expect(finish({ workflow_id: 'unknown' })).rejects.toMatchObject({ code: 'not-found' });
  });
});
