import { describe, expect, it } from '@jest/globals';
import {
  DescribeExecutionCommand,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { createTwinCloud } from '../../../../src/platform/twin/twin-cloud.ts';

const callback = {
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
  Arguments: {
    FunctionName: '${Begin}',
    Payload: {
      token: '{% $states.context.Task.Token %}',
      name: '{% $states.context.Execution.Name %}',
      id: '{% $states.input.id %}',
    },
  },
};

function open(states: Record<string, object>, StartAt: string) {
  const twin = createTwinCloud({ seed: 1 });
  const begun: { token: string; name: string; id: number }[] = [];
  twin.addFunction('begin', () => (event: { token: string; name: string; id: number }) => void begun.push(event));
  const definition = { QueryLanguage: 'JSONata', StartAt, States: states };
  const arn = twin.stepFunctions.createStateMachine('machine', definition, { Begin: 'begin' });
  const { sfn } = twin.clients;
  const start = (input: object = {}, name = 'run') =>
    sfn.send(new StartExecutionCommand({ stateMachineArn: arn, name, input: JSON.stringify(input) }));
  const state = () => twin.stepFunctions.executions()[0]!;
  return { twin, sfn, arn, begun, start, state };
}

describe('a state machine', () => {
  it('waits for its token, chooses by the result, and keeps variables', async () => {
    const { twin, sfn, begun, start, state } = open(
      {
        Run: { ...callback, Assign: { id: '{% $states.input.id %}' }, Output: '{% $states.result %}', Next: 'Outcome' },
        Outcome: {
          Type: 'Choice',
          Choices: [{ Condition: "{% $states.input.status = 'ok' %}", Next: 'Good' }],
          Default: 'Bad',
        },
        Good: { Type: 'Succeed', Output: { id: '{% $id %}', twice: '{% $id * 2 %}' } },
        Bad: { Type: 'Fail', Error: 'Bad', Cause: '{% $states.input.status %}' },
      },
      'Run',
    );
    await start({ id: 21 });
    await twin.clock.run();
    expect(begun).toEqual([{ token: expect.any(String), name: 'run', id: 21 }]);
    expect(state().status).toBe('RUNNING');
    await sfn.send(new SendTaskSuccessCommand({ taskToken: begun[0]!.token, output: '{"status":"ok"}' }));
    await twin.clock.run();
    expect(state()).toMatchObject({
      status: 'SUCCEEDED',
      output: '{"id":21,"twice":42}',
      states: ['Run', 'Outcome', 'Good'],
    });
    await expect(
      sfn.send(new SendTaskSuccessCommand({ taskToken: begun[0]!.token, output: '{}' })),
    ).rejects.toMatchObject({ name: 'TaskTimedOut' });
    await expect(sfn.send(new SendTaskSuccessCommand({ taskToken: 'x', output: '{}' }))).rejects.toMatchObject({
      name: 'InvalidToken',
    });
  });

  it('catches a failure by its name and hands on its cause', async () => {
    const { twin, sfn, begun, start, state } = open(
      {
        Run: {
          ...callback,
          End: true,
          Catch: [{ ErrorEquals: ['Mine'], Output: '{% $states.errorOutput.Cause %}', Next: 'Caught' }],
        },
        Caught: { Type: 'Pass', End: true },
      },
      'Run',
    );
    await start({ id: 1 });
    await twin.clock.run();
    await sfn.send(new SendTaskFailureCommand({ taskToken: begun[0]!.token, error: 'Mine', cause: 'because' }));
    await twin.clock.run();
    expect(state()).toMatchObject({ status: 'SUCCEEDED', output: '"because"' });
  });

  it('retries by error name with backoff, then fails with it', async () => {
    const { twin, start, state } = open(
      {
        Run: {
          Type: 'Task',
          Resource: 'arn:aws:states:::lambda:invoke',
          Arguments: { FunctionName: 'bad' },
          Retry: [{ ErrorEquals: ['RetryableError'], IntervalSeconds: 1, BackoffRate: 2, MaxAttempts: 2 }],
          End: true,
        },
      },
      'Run',
    );
    const at: number[] = [];
    twin.addFunction('bad', () => () => {
      at.push(twin.clock.now());
      throw Object.assign(new Error('again'), { name: 'RetryableError' });
    });
    await start();
    await twin.clock.run();
    expect(at.map((time) => time - at[0]!)).toEqual([0, 1_000, 3_000]);
    expect(state()).toMatchObject({ status: 'FAILED', error: 'RetryableError' });
  });

  it('times out a task, waits in virtual time, and stops when told', async () => {
    const { twin, sfn, start, state } = open(
      {
        Sleep: { Type: 'Wait', Seconds: '{% $states.input.seconds %}', Next: 'Run' },
        Run: { ...callback, TimeoutSeconds: 5, End: true },
      },
      'Sleep',
    );
    const startedAt = twin.clock.now();
    await start({ id: 1, seconds: 10 });
    await twin.clock.run();
    expect(state()).toMatchObject({ status: 'FAILED', error: 'States.Timeout', stoppedAt: startedAt + 15_000 });
    const { executionArn } = await start({ id: 1, seconds: 10 }, 'second');
    await sfn.send(new StopExecutionCommand({ executionArn }));
    await twin.clock.run();
    expect((await sfn.send(new DescribeExecutionCommand({ executionArn }))).status).toBe('ABORTED');
  });

  it('has one execution for a name', async () => {
    const { twin, start } = open({ Only: { Type: 'Wait', Seconds: 1, End: true } }, 'Only');
    const first = await start({ a: 1 });
    expect((await start({ a: 1 })).executionArn).toBe(first.executionArn);
    await expect(start({ a: 2 })).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
    await twin.clock.run();
    await expect(start({ a: 1 })).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
  });

  it('fails on an expression that gives nothing, and refuses definitions it cannot follow', async () => {
    const { twin, start, state } = open(
      { Only: { Type: 'Pass', Output: '{% $states.input.absent %}', End: true } },
      'Only',
    );
    await start();
    await twin.clock.run();
    expect(state()).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
    const make = (definition: object) => () => twin.stepFunctions.createStateMachine('other', definition);
    expect(make({ QueryLanguage: 'JSONata', StartAt: 'A', States: { A: { Type: 'Pass', Next: 'B' } } })).toThrow(
      'leads to no state: B',
    );
    expect(make({ QueryLanguage: 'JSONata', StartAt: 'A', States: { A: { Type: 'Map', End: true } } })).toThrow(
      'does not interpret Map',
    );
    expect(make({ StartAt: 'A', States: {} })).toThrow('JSONata mode only');
  });
});
