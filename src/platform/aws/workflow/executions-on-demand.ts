import type { StepFunctions } from './executions.ts';
import type { SFNClient, SFNClientConfig } from '@aws-sdk/client-sfn';
import type { Executions } from '../../../workflow/ports.ts';

/** Step Functions on demand: most requests start and end no execution, and its client would make each cold start of the API longer. */
export function stepFunctionsOnDemand(config: SFNClientConfig): StepFunctions {
  let loading: Promise<SFNClient> | undefined;
  const load = async () => new (await import('@aws-sdk/client-sfn')).SFNClient(config);
  const send = async (command: Parameters<SFNClient['send']>[0]) => (await (loading ??= load())).send(command);
  return { send: send as SFNClient['send'] };
}

/** The executions, loaded when one is first started or ended. */
export function executionsOnDemand(client: StepFunctions, stateMachineArn: string): Executions {
  let loading: Promise<Executions> | undefined;
  const load = async () => (await import('./executions.ts')).createExecutions(client, stateMachineArn);
  const executions = () => (loading ??= load());
  return {
    start: async (...args) => (await executions()).start(...args),
    complete: async (...args) => (await executions()).complete(...args),
  };
}
