import type { SQSEvent } from 'aws-lambda';
import { CadreError, type Fault } from '../../src/contracts/errors.ts';
import { parseBody, parseWorkflowMessage, type WorkflowMessage } from '../../src/contracts/submission.ts';
import type { DistributorDeps } from '../../src/distributor/ports.ts';
import { functionLog, type Log } from '../../src/platform/aws/log.ts';
import { queueHandler } from '../../src/platform/aws/queue-handler.ts';
import { awsRuntime } from '../../src/platform/aws/runtime.ts';
import type { WorkflowDeps } from '../../src/workflow/ports.ts';

/** A message, and how often it came by now. */
type Received = WorkflowMessage & { readonly receives: number };

/** Deliveries before an event for a workflow that is not there is refused: it may have overtaken the submission. */
const overtakenMax = 4;

type Deps = WorkflowDeps & Pick<DistributorDeps, 'deadLetters'>;

/** Each kind of message loads what it needs: one checks definitions, the other advances graphs. */
async function take(deps: Deps, { data, id, correlation_id, traceparent, via: principal }: Received) {
  if ('name' in data) {
    const { signalWorkflow } = await import('../../src/workflow/usecases/signal-workflow.ts');
    return signalWorkflow(deps, { signal: { ...data, id: data.id ?? id }, principal });
  }
  const trace = traceparent === undefined ? {} : { traceparent };
  const { submitWorkflow } = await import('../../src/workflow/usecases/submit-workflow.ts');
  return submitWorkflow(deps, { submission: data, principal, correlation_id, ...trace });
}

/** Why a message was refused, all faults in one message; undefined when it was accepted. Whatever else is thrown makes the message come again. */
async function accept(deps: Deps, message: Received): Promise<Fault | undefined> {
  try {
    const outcome = await take(deps, message);
    if (outcome.ok) return undefined;
    const { code, message: reason } = outcome.error;
    // Too many others were faster, or it was itself: a later delivery may get through.
    const isEarly = code === 'not-found' && message.receives < overtakenMax;
    if (code === 'version-conflict' || isEarly) throw new Error(reason);
    return outcome.error;
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

async function acceptAll(deps: Deps, messages: readonly Received[]) {
  const faults = await Promise.all(messages.map((message) => accept(deps, message)));
  const refused = new Map(faults.flatMap((fault, index) => (fault === undefined ? [] : [[index, fault] as const])));
  return { refused, summary: { accepted: messages.length - refused.size } };
}

export function createHandler(deps: Deps, log: Log) {
  return queueHandler<Received>({
    source: 'workflows',
    deps,
    log,
    read: ({ body, attributes }) => ({
      ...parseWorkflowMessage(parseBody(body)),
      receives: Number(attributes.ApproximateReceiveCount),
    }),
    handle: (messages) => acceptAll(deps, messages),
  });
}

const log = functionLog('accept-workflows');
export const handler = (event: SQSEvent) => createHandler(awsRuntime(log), log)(event);
