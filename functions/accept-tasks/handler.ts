import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { parseBody, parseTaskMessage, type Submitted } from '../../src/contracts/distributor/submission.ts';
import type { Task } from '../../src/contracts/distributor/task.ts';
import { acceptSubmissions } from '../../src/distributor/usecases/submit/accept-tasks.ts';
import type { DistributorDeps } from '../../src/distributor/ports.ts';
import { functionLog, type Log } from '../../src/platform/aws/log.ts';
import { queueHandler, type Refusal, senderOf } from '../../src/platform/aws/queue-handler.ts';
import { awsRuntime } from '../../src/platform/aws/runtime.ts';

type Message = Submitted<readonly Task[]> & { readonly principal: string };

/** `arn:…:cadre-tasks-high` came from the queue `tasks-high`. */
function sourceOf(record: SQSRecord): string {
  return `tasks-${/tasks-(critical|high|medium|low)/i.exec(record.eventSourceARN)?.[1]?.toLowerCase() ?? 'medium'}`;
}

function read(record: SQSRecord): Message {
  const submitted = parseTaskMessage(parseBody(record.body), record.messageId);
  // An event's sender is the bus itself: the account and source that put it there say more.
  return { ...submitted, principal: submitted.via === 'queue' ? senderOf(record) : submitted.via };
}

async function accept(deps: DistributorDeps, messages: readonly Message[]) {
  const refused = new Map<number, Refusal>();
  let accepted = 0;
  const answers = await acceptSubmissions(
    deps,
    messages.map(({ data, principal, correlation_id, traceparent }) => ({
      tasks: data,
      principal,
      correlation_id,
      ...(traceparent === undefined ? {} : { traceparent }),
    })),
  );
  for (const [index, outcomes] of answers.entries()) {
    const data = messages[index]?.data ?? [];
    const faults = outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.error]));
    accepted += outcomes.length - faults.length;
    const [first] = faults;
    // The others of the message are accepted: what is redriven later are those that were not.
    const tasks = data.filter((_, at) => outcomes[at]?.ok === false);
    if (first !== undefined)
      refused.set(index, { ...first, ...(faults.length === data.length ? {} : { body: { tasks } }) });
  }
  return { refused, summary: { accepted } };
}

export function createHandler(deps: DistributorDeps, log: Log) {
  return queueHandler<Message>({ source: sourceOf, deps, log, read, handle: (messages) => accept(deps, messages) });
}

const log = functionLog('accept-tasks');
export const handler = (event: SQSEvent) => createHandler(awsRuntime(log), log)(event);
