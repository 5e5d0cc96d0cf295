import { createHash } from 'node:crypto';
import {
  DescribeExecutionCommand,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { Executions } from '../../../workflow/ports.ts';

/** What executions need of the client of Step Functions. */
export type StepFunctions = Pick<SFNClient, 'send'>;

/** Characters of an execution's name (https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html). */
const nameCharactersMax = 80;
/** Executions that may be started for one workflow, one after the other. More: a broken state machine is started for ever; fewer: redrives go unseen sooner. */
const executionsMax = 10;

const unknownToken = new Set(['TaskDoesNotExist', 'TaskTimedOut', 'InvalidToken']);

/** The name of the n-th execution of a workflow: the id itself where it fits, so that people find it. */
function nameOf(workflow_id: string, execution: number): string {
  const suffix = execution === 0 ? '' : `.${execution}`;
  if (workflow_id.length + suffix.length <= nameCharactersMax) return `${workflow_id}${suffix}`;
  const hash = createHash('sha256').update(workflow_id).digest('hex').slice(0, 32);
  return `${workflow_id.slice(0, nameCharactersMax - 34 - suffix.length)}.${hash}${suffix}`;
}

/** Workflow executions in Step Functions. */
export function createExecutions(client: StepFunctions, stateMachineArn: string): Executions {
  const isRunning = async (name: string): Promise<boolean> => {
    const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    const { status } = await client.send(new DescribeExecutionCommand({ executionArn }));
    return status === 'RUNNING';
  };
  return {
    start: async (workflow_id) => {
      for (let execution = 0; execution < executionsMax; execution += 1) {
        const name = nameOf(workflow_id, execution);
        try {
          await client.send(
            new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify({ workflow_id }) }),
          );
          return;
        } catch (error) {
          if (!(error instanceof Error && error.name === 'ExecutionAlreadyExists')) throw error;
          // A name is taken for 90 days: after an execution that is over, for a redrive or because it died, comes the next number.
          if (await isRunning(name)) return;
        }
      }
    },
    complete: async (taskToken, output) => {
      try {
        const end = JSON.stringify(output);
        // The machine's Run state catches this error: an execution fails with its workflow.
        if (output.status === 'Failed')
          await client.send(new SendTaskFailureCommand({ taskToken, error: 'WorkflowFailed', cause: end }));
        else await client.send(new SendTaskSuccessCommand({ taskToken, output: end }));
        return true;
      } catch (error) {
        if (error instanceof Error && unknownToken.has(error.name)) return false;
        throw error;
      }
    },
  };
}
