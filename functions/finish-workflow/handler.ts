import * as z from 'zod';
import { userId } from '../../src/contracts/ids.ts';
import { parse } from '../../src/contracts/parse.ts';
import { functionLog, type Log } from '../../src/platform/aws/log.ts';
import { awsRuntime } from '../../src/platform/aws/runtime.ts';
import type { WorkflowDeps } from '../../src/workflow/ports.ts';
import { finishWorkflow, type FinishedWorkflow } from '../../src/workflow/usecases/advance/finish-workflow.ts';

/** `overdue`: the run has lasted as long as one may, and is stopped first. */
const finishRequest = z.strictObject({ workflow_id: userId, overdue: z.literal(true).optional() });

/** Called by the last states of the machine; its answer is what the execution shows. */
export function createHandler(deps: WorkflowDeps, log: Log) {
  return async (event: unknown): Promise<FinishedWorkflow> => {
    const { workflow_id, overdue } = parse(finishRequest, event);
    if (overdue === true) {
      // On demand: hardly any run lasts so long, and a stop needs the whole of the graph.
      const { stopOverdue } = await import('../../src/workflow/usecases/steer/stop-overdue.ts');
      await stopOverdue(deps, workflow_id);
    }
    const finished = await finishWorkflow(deps, workflow_id);
    log.info('done', { ...finished });
    return finished;
  };
}

const log = functionLog('finish-workflow');
export const handler = (event: unknown) => createHandler(awsRuntime(log), log)(event);
