import type { SQSEvent } from 'aws-lambda';
import { CadreError, type Fault } from '../../src/contracts/errors.ts';
import { parseBody, parseWorkflowMessage, type Submitted } from '../../src/contracts/submission.ts';
import type { WorkflowSubmission } from '../../src/contracts/workflow.ts';
import type { DistributorDeps } from '../../src/distributor/ports.ts';
import { functionLog, type Log } from '../../src/platform/aws/log.ts';
import { queueHandler } from '../../src/platform/aws/queue-handler.ts';
import { awsRuntime } from '../../src/platform/aws/runtime.ts';
import type { WorkflowDeps } from '../../src/workflow/ports.ts';
import { submitWorkflow } from '../../src/workflow/usecases/submit-workflow.ts';

type Deps = WorkflowDeps & Pick<DistributorDeps, 'deadLetters'>;

/** Why a submission was refused, all faults in one message; undefined when it was accepted. Whatever else is thrown makes the message come again. */
async function accept(deps: Deps, submitted: Submitted<WorkflowSubmission>): Promise<Fault | undefined> {
  const { data, correlation_id, traceparent, via } = submitted;
  const trace = traceparent === undefined ? {} : { traceparent };
  try {
    const outcome = await submitWorkflow(deps, { submission: data, principal: via, correlation_id, ...trace });
    return outcome.ok ? undefined : outcome.error;
  } catch (error) {
    if (!(error instanceof CadreError)) throw error;
    const path = error.path === undefined ? {} : { path: error.path };
    return {
      code: error.code,
      message: error.faults
        .map(({ message }) => message)
        .join('; ')
        .slice(0, 4_096),
      ...path,
    };
  }
}

async function acceptAll(deps: Deps, messages: readonly Submitted<WorkflowSubmission>[]) {
  const faults = await Promise.all(messages.map((message) => accept(deps, message)));
  const refused = new Map(faults.flatMap((fault, index) => (fault === undefined ? [] : [[index, fault] as const])));
  return { refused, summary: { accepted: messages.length - refused.size } };
}

export function createHandler(deps: Deps, log: Log) {
  return queueHandler<Submitted<WorkflowSubmission>>({
    source: 'workflows',
    deps,
    log,
    read: (record) => parseWorkflowMessage(parseBody(record.body)),
    handle: (messages) => acceptAll(deps, messages),
  });
}

const log = functionLog('accept-workflows');
export const handler = (event: SQSEvent) => createHandler(awsRuntime(log), log)(event);
