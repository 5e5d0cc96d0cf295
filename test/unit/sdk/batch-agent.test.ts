import { describe, expect, it } from '@jest/globals';
import type { SQSEvent } from 'aws-lambda';
import type { Assignment } from '../../../src/contracts/messages.ts';
import { createAgent } from '../../../src/sdk/agent/create-agent.ts';
import { RetryableError, TerminalError } from '../../../src/sdk/errors.ts';
import type { BatchHandler } from '../../../src/sdk/agent/handler.ts';
import { lambdaAgent } from '../../../src/sdk/agent/lambda-agent.ts';
import { agentStage, assign, cancel, grant, sleeper, startAgent } from '../../support/agent-stage.ts';

const together = (...tasks: Assignment[]) => ({ kind: 'batch', tasks });

/** An agent of one slot that takes batches; answers with the ids that each call of its handler was given. */
async function batching(handler: BatchHandler = (batch) => batch.map(({ task }) => task.payload)) {
  const stage = agentStage();
  const calls: string[][] = [];
  const agent = createAgent({
    ...{ id: 'agent-1', type: 'demo', capabilities: [], deps: stage.deps },
    batch: { tasks_max: 5, wait_ms: 1_000 },
    handler: async (batch) => {
      calls.push(batch.map(({ task }) => task.task_id));
      return handler(batch);
    },
  });
  await stage.clock.drive(agent.start());
  return { stage, agent, calls };
}

const ends = (stage: ReturnType<typeof agentStage>) =>
  stage
    .results()
    .map(({ task_id, outcome, error, output }) => [task_id, outcome, error?.code ?? output])
    .sort();

describe('an agent that takes batches', () => {
  it('registers so, and runs a batch in one call with a result for each task', async () => {
    const { stage, calls } = await batching();
    expect(stage.registrations).toMatchObject([{ capacity: 1, batch: { tasks_max: 5, wait_ms: 1_000 } }]);
    stage.deliver(together(assign('t1', { payload: 1 }), assign('t2', { payload: 2 })), assign('t3', { payload: 3 }));
    await stage.pass(1_000);
    expect(calls).toEqual([['t1', 't2'], ['t3']]);
    expect(ends(stage)).toEqual([
      ['t1', 'completed', 1],
      ['t2', 'completed', 2],
      ['t3', 'completed', 3],
    ]);
  });

  it('reports each task as it ended: an error among the outputs fails that one alone', async () => {
    const { stage } = await batching((batch) =>
      batch.map(({ task }) =>
        task.task_id === 't2' ? new TerminalError({ code: 'unreadable', message: 'no text' }) : 'ok',
      ),
    );
    stage.deliver(together(assign('t1'), assign('t2'), assign('t3')));
    await stage.pass(1_000);
    expect(ends(stage)).toEqual([
      ['t1', 'completed', 'ok'],
      ['t2', 'failed', 'unreadable'],
      ['t3', 'completed', 'ok'],
    ]);
  });

  it('fails all of a batch whose handler throws or returns too few outputs', async () => {
    const { stage } = await batching((batch) => {
      if (batch.length > 1) throw new RetryableError({ code: 'busy', message: 'later' });
      return [];
    });
    stage.deliver(together(assign('t1'), assign('t2')), together(assign('t3')));
    await stage.pass(1_000);
    expect(ends(stage)).toEqual([
      ['t1', 'failed', 'busy'],
      ['t2', 'failed', 'busy'],
      ['t3', 'failed', 'invalid-output'],
    ]);
  });

  it('lets the others go on when one of them is cancelled, whose signal is aborted alone', async () => {
    const aborted: string[] = [];
    const { stage } = await batching(async (batch) => {
      for (const { task, context } of batch) context.signal.onabort = () => aborted.push(task.task_id);
      await stage.deps.clock.sleep(5_000);
      return batch.map(() => 'done');
    });
    stage.deliver(together(assign('t1'), assign('t2')));
    await stage.pass(1_000);
    stage.deliver(cancel('t1'));
    await stage.pass(10_000);
    expect(aborted).toEqual(['t1']);
    expect(ends(stage)).toEqual([['t2', 'completed', 'done']]);
  });

  it('does not wait for a task whose payload cannot be read', async () => {
    const { stage, calls } = await batching();
    const { payload: _payload, ...large } = assign('t1', { payload_ref: { key: 'gone', bytes: 70_000 } });
    stage.deliver(together(large, assign('t2', { payload: 2 })), together(large));
    await stage.pass(1_000);
    expect(calls).toEqual([['t2']]);
    expect(ends(stage)).toMatchObject([
      ['t1', 'failed', expect.any(String)],
      ['t2', 'completed', 2],
    ]);
  });

  it('runs no more batches at once than it has slots, and gives back what has not begun when it stops', async () => {
    const { stage, agent, calls } = await batching(async (batch) => {
      await stage.deps.clock.sleep(60_000);
      return batch.map(() => 'late');
    });
    stage.deliver(together(assign('t1'), assign('t2')), together(assign('t3'), assign('t4')));
    await stage.pass(1_000);
    stage.deliver(cancel('t4'));
    await stage.pass(1_000);
    void agent.stop({ graceMs: 1_000 });
    await stage.pass(5_000);
    expect(calls).toEqual([['t1', 't2']]);
    expect(ends(stage).map(([id, outcome]) => [id, outcome])).toEqual([
      ['t1', 'released'],
      ['t2', 'released'],
      ['t3', 'released'],
    ]);
  });

  it('is no trap for one that takes none: it runs the tasks one by one', async () => {
    const stage = agentStage();
    await startAgent(sleeper(1_000, stage), 1, stage);
    stage.deliver(together(assign('t1'), assign('t2')));
    await stage.pass(1_500);
    expect(stage.results()).toMatchObject([{ task_id: 't1' }]);
    await stage.pass(1_000);
    expect(stage.results()).toMatchObject([{ task_id: 't1' }, { task_id: 't2' }]);
  });

  it('may be a Lambda function', async () => {
    const stage = agentStage();
    const sizes: number[] = [];
    const handler = lambdaAgent({
      ...{ grant, deps: stage.deps },
      batch: true,
      handler: (batch) => {
        sizes.push(batch.length);
        return batch.map(({ task }) => task.payload);
      },
    });
    const body = JSON.stringify(together(assign('t1', { payload: 1 }), assign('t2', { payload: 2 })));
    const answer = await handler({ Records: [{ messageId: 'm1', body }] } as SQSEvent);
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(sizes).toEqual([2]);
    expect(ends(stage)).toEqual([
      ['t1', 'completed', 1],
      ['t2', 'completed', 2],
    ]);
  });
});
