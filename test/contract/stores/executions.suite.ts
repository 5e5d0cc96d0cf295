import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { createExecutions } from '../../../src/platform/aws/workflow/executions.ts';
import type { Clients } from '../../../src/platform/aws/deployment.ts';
import { DescribeExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { eventually } from '../../support/deployed-clients.ts';

/** The least that waits like a workflow: it puts its token on a queue and ends when somebody answers. */
export const waitingMachine = {
  QueryLanguage: 'JSONata',
  StartAt: 'Run',
  States: {
    Run: {
      Type: 'Task',
      Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
      Arguments: {
        QueueUrl: '${QueueUrl}',
        MessageBody: {
          workflow_id: '{% $states.input.workflow_id %}',
          task_token: '{% $states.context.Task.Token %}',
        },
      },
      End: true,
    },
  },
};

/** A cloud with that machine. */
export interface Machine {
  readonly sfn: Clients['sfn'];
  readonly stateMachineArn: string;
  /** The bodies which the machine sent since the last call. */
  sent(): Promise<readonly string[]>;
}

/** What every Executions promises. */
export function executionsSuite(machineOf: () => Machine): void {
  const unique = () => `w-${randomUUID()}`;
  const tokens = new Map<string, string[]>();
  /** The tokens that executions of this workflow wait for, when there are so many. */
  const tokensOf = (id: string, count: number) =>
    eventually(
      `${count} tokens of ${id}`,
      async () => {
        for (const body of await machineOf().sent()) {
          const { workflow_id, task_token } = JSON.parse(body) as { workflow_id: string; task_token: string };
          tokens.set(workflow_id, [...(tokens.get(workflow_id) ?? []), task_token]);
        }
        return tokens.get(id) ?? [];
      },
      (found) => found.length >= count,
    );
  const executions = () => createExecutions(machineOf().sfn, machineOf().stateMachineArn);
  const arnOf = (name: string) => `${machineOf().stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
  const ended = (name: string, wanted: string) =>
    eventually(
      `${name} is ${wanted}`,
      async () => {
        await machineOf().sent();
        return machineOf().sfn.send(new DescribeExecutionCommand({ executionArn: arnOf(name) }));
      },
      ({ status }) => status === wanted,
    );

  describe('executions', () => {
    it('start one for a workflow, however often they are asked', async () => {
      const id = unique();
      await executions().start(id);
      await executions().start(id);
      await tokensOf(id, 1);
      await executions().start(id);
      expect(await tokensOf(id, 1)).toHaveLength(1);
    });

    it('end the waiting of one once, with what it is told', async () => {
      const id = unique();
      await executions().start(id);
      const [token = ''] = await tokensOf(id, 1);
      const end = { workflow_id: id, status: 'Completed' };
      expect(await executions().complete(token, end)).toBe(true);
      expect(JSON.parse((await ended(id, 'SUCCEEDED')).output ?? '')).toEqual(end);
      expect(await executions().complete(token, end)).toBe(false);
    });

    it('start another after one that succeeded, as a redrive asks for', async () => {
      const id = unique();
      await executions().start(id);
      const [token = ''] = await tokensOf(id, 1);
      await executions().complete(token, { workflow_id: id, status: 'Partially Complete' });
      await ended(id, 'SUCCEEDED');
      await executions().start(id);
      expect(new Set(await tokensOf(id, 2)).size).toBe(2);
    });

    it('fail one whose workflow has failed', async () => {
      const id = unique();
      await executions().start(id);
      const [token = ''] = await tokensOf(id, 1);
      expect(await executions().complete(token, { workflow_id: id, status: 'Failed' })).toBe(true);
      expect((await ended(id, 'FAILED')).error).toBe('WorkflowFailed');
    });

    it('do not know a token that nobody gave', async () => {
      expect(await executions().complete('nobody', { workflow_id: 'w', status: 'Completed' })).toBe(false);
    });

    it('start another in the place of one that died', async () => {
      const id = unique();
      await executions().start(id);
      await tokensOf(id, 1);
      await machineOf().sfn.send(new StopExecutionCommand({ executionArn: arnOf(id) }));
      await ended(id, 'ABORTED');
      await executions().start(id);
      expect(new Set(await tokensOf(id, 2)).size).toBe(2);
      expect((await ended(`${id}.1`, 'RUNNING')).name).toBe(`${id}.1`);
    });

    it('take ids that are longer than a name may be, and tell them apart', async () => {
      const long = `${unique()}${'x'.repeat(80)}`;
      await executions().start(`${long}-a`);
      await executions().start(`${long}-b`);
      await executions().start(`${long}-a`);
      expect(await tokensOf(`${long}-a`, 1)).toHaveLength(1);
      expect(await tokensOf(`${long}-b`, 1)).toHaveLength(1);
    });
  });
}
