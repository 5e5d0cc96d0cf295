import * as z from 'zod';
import { timestamp, userId } from '../../src/contracts/ids.ts';
import { parse } from '../../src/contracts/parse.ts';
import { functionLog, type Log } from '../../src/platform/aws/log.ts';
import { awsRuntime } from '../../src/platform/aws/runtime.ts';
import type { WorkflowDeps } from '../../src/workflow/ports.ts';
import { beginWorkflow } from '../../src/workflow/usecases/submit/begin-workflow.ts';

const beginRequest = z.strictObject({
  workflow_id: userId,
  task_token: z.string().min(1).max(2_048),
  /** Absent in executions that began before the state machine told it. */
  execution: z.strictObject({ started_at: timestamp, retries: z.int().min(0) }).optional(),
});

/** Called by the state machine's Run state, which then waits for its token. */
export function createHandler(deps: WorkflowDeps, log: Log) {
  return async (event: unknown): Promise<void> => {
    const { execution, ...request } = parse(beginRequest, event);
    await beginWorkflow(deps, { ...request, ...(execution === undefined ? {} : { execution }) });
    log.info('done', { workflow_id: request.workflow_id });
  };
}

const log = functionLog('begin-workflow');
export const handler = (event: unknown) => createHandler(awsRuntime(log), log)(event);
