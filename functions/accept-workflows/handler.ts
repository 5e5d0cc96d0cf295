import type { SQSEvent } from 'aws-lambda';
import { CadreError, type Fault, type Outcome } from '../../src/contracts/errors.ts';
import type { SignalledEvent } from '../../src/contracts/workflow/signal.ts';
import { defaultEventTtlMs } from '../../src/contracts/limits.ts';
import { parseBody, parseWorkflowMessage, type WorkflowMessage } from '../../src/contracts/distributor/submission.ts';
import type { WorkflowSubmission } from '../../src/contracts/workflow/workflow.ts';
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

type Settled = PromiseSettledResult<Outcome<unknown>>;

/** A message with what it carries, told apart: each kind loads what it needs, one checks definitions, the other advances graphs. */
interface Carrying<T> {
  readonly message: Received;
  readonly data: T;
}

async function signal(deps: Deps, signals: readonly Carrying<SignalledEvent>[]): Promise<readonly Settled[]> {
  if (signals.length === 0) return [];
  const { signalWorkflow } = await import('../../src/workflow/usecases/events/signal-workflow.ts');
  const { publishEvent } = await import('../../src/workflow/usecases/events/publish-event.ts');
  return Promise.allSettled(
    signals.map(({ message: { id, via }, data: { workflow_id, key, ttl_ms = defaultEventTtlMs, ...data } }) => {
      const event = { ...data, id: data.id ?? id };
      // Without a workflow it has a key, or it would have been refused.
      if (workflow_id === undefined)
        return publishEvent(deps, { event: { ...event, key: key ?? '', ttl_ms }, principal: via });
      const more = key === undefined ? {} : { key };
      return signalWorkflow(deps, { signal: { ...event, ...more, workflow_id }, principal: via });
    }),
  );
}

async function submit(deps: Deps, workflows: readonly Carrying<WorkflowSubmission>[]): Promise<readonly Settled[]> {
  if (workflows.length === 0) return [];
  const { submitWorkflows } = await import('../../src/workflow/usecases/submit/submit-workflow.ts');
  return submitWorkflows(
    deps,
    workflows.map(({ message: { correlation_id, traceparent, via }, data }) => ({
      submission: data,
      principal: via,
      correlation_id,
      ...(traceparent === undefined ? {} : { traceparent }),
    })),
  );
}

/** Why a message was refused, all faults in one message; undefined when it was accepted. Whatever else is thrown makes the message come again. */
function faultOf({ receives }: Received, settled: Settled | undefined): Fault | undefined {
  if (settled?.status !== 'fulfilled') {
    const error: unknown = settled?.reason;
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
  if (settled.value.ok) return undefined;
  const { code, message } = settled.value.error;
  // Too many others were faster, or it was itself: a later delivery may get through.
  const isEarly = code === 'not-found' && receives < overtakenMax;
  if (code === 'version-conflict' || isEarly) throw new Error(message);
  return settled.value.error;
}

async function acceptAll(deps: Deps, messages: readonly Received[]) {
  const workflows: Carrying<WorkflowSubmission>[] = [];
  const signals: Carrying<SignalledEvent>[] = [];
  for (const message of messages) {
    const { data } = message;
    if ('name' in data) signals.push({ message, data });
    else workflows.push({ message, data });
  }
  // Workflows first: an event may be for one that came with it.
  const settled = [...(await submit(deps, workflows)), ...(await signal(deps, signals))];
  const carrying = [...workflows, ...signals];
  const refused = new Map<number, Fault>();
  for (const [at, { message }] of carrying.entries()) {
    const fault = faultOf(message, settled[at]);
    if (fault !== undefined) refused.set(messages.indexOf(message), fault);
  }
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
