import * as z from 'zod';
import { userId } from '../../src/contracts/ids.ts';
import { parse } from '../../src/contracts/parse.ts';
import { functionLog, type Log } from '../../src/platform/aws/log.ts';
import { awsRuntime } from '../../src/platform/aws/runtime.ts';
import type { WorkflowDeps } from '../../src/workflow/ports.ts';
import { finishWorkflow, type FinishedWorkflow } from '../../src/workflow/usecases/advance/finish-workflow.ts';

const finishRequest = z.strictObject({ workflow_id: userId });

/** Called by the state machine's Finish state; its answer decides the outcome of the execution. */
export function createHandler(deps: WorkflowDeps, log: Log) {
  return async (event: unknown): Promise<FinishedWorkflow> => {
    const { workflow_id } = parse(finishRequest, event);
    const finished = await finishWorkflow(deps, workflow_id);
    log.info('done', { ...finished });
    return finished;
  };
}

const log = functionLog('finish-workflow');
export const handler = (event: unknown) => createHandler(awsRuntime(log), log)(event);
