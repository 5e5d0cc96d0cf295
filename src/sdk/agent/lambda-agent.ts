import type { SQSBatchItemFailure, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import type { AgentGrant } from '../../contracts/distributor/agent.ts';
import type { Json } from '../../contracts/json.ts';
import { type Assignment, inboxMessage } from '../../contracts/messages.ts';
import type { AgentDeps } from './ports.ts';
import { Attempt } from './attempt.ts';
import { openBatchCall } from './batch-call.ts';
import { createClient } from '../client/client.ts';
import type { ContextCalls } from '../client/context-calls.ts';
import type { BatchHandler, Handler } from './handler.ts';
import { jsonLog } from './json-log.ts';
import { patient, realClock } from '../clock.ts';
import { packForQueue } from './result-outbox.ts';

/** What an agent that is a Lambda function is given. */
export type LambdaAgentOptions<Input, Output> = LambdaAgentBasics &
  (
    | { readonly handler: Handler<Input, Output>; readonly batch?: false }
    /** The agent was registered with `batch`: its handler is called once for each batch. */
    | { readonly handler: BatchHandler<Input, Output>; readonly batch: true }
  );

interface LambdaAgentBasics {
  /** The grant that registering the agent answered; usually kept in the function's environment as CADRE_GRANT (JSON). */
  readonly grant?: AgentGrant;
  readonly deps?: Partial<Omit<AgentDeps, 'api'>>;
}

/**
 * An agent as a Lambda function: the handler of an event source mapping on its inbox (with ReportBatchItemFailures). Attempts of one
 * batch run side by side; their results go out before the batch is acknowledged, so a crash is a repeat and never a loss. It sends no
 * heartbeats while it runs: its tasks must end within seven seconds, before its silence counts as a loss, or use a long-running agent.
 */
export function lambdaAgent<Input = Json, Output = unknown>(options: LambdaAgentOptions<Input, Output>) {
  let ready: Promise<Omit<AgentDeps, 'api'>> | undefined;
  return async (event: SQSEvent): Promise<SQSBatchResponse> => {
    const grant = options.grant ?? (JSON.parse(process.env['CADRE_GRANT'] ?? '{}') as AgentGrant);
    const deps = await (ready ??= completeDeps(options.deps ?? {}));
    const api = { register: async () => grant, deregister: async () => undefined };
    const runs = event.Records.flatMap(({ messageId, body }) => {
      const assignments = readAssignments(body);
      const call =
        options.batch === true ? openBatchCall(options.handler as BatchHandler, assignments.length) : undefined;
      return assignments.map((assignment) => {
        const { handler, without } = call?.member() ?? { handler: options.handler as Handler };
        const attempt = new Attempt({ deps: { ...deps, api }, grant, assignment, handler });
        void attempt.settled.then(without);
        return { messageId, attempt };
      });
    });
    const results = (await Promise.all(runs.map(({ attempt }) => attempt.result))).filter(
      (result) => result !== undefined,
    );
    const unsent = new Set<string>();
    for (const call of packForQueue(grant, results)) {
      const refused = await deps.sqs.send(
        grant.results_url,
        call.map((packed) => packed.message),
      );
      for (const index of refused) {
        for (const result of call[index]?.results ?? []) unsent.add(`${result.task_id}#${result.attempt}`);
      }
    }
    const failed = new Set(runs.flatMap(({ attempt, messageId }) => (unsent.has(attempt.lease) ? [messageId] : [])));
    const batchItemFailures: SQSBatchItemFailure[] = [...failed].map((itemIdentifier) => ({ itemIdentifier }));
    return { batchItemFailures };
  };
}

/** Cancellations are of no use to a function that lives for one batch; what is not understood is dropped, the row remembers it. */
function readAssignments(body: string): readonly Assignment[] {
  try {
    const parsed = inboxMessage.safeParse(JSON.parse(body));
    if (!parsed.success) return [];
    if (parsed.data.kind === 'batch') return parsed.data.tasks;
    return parsed.data.kind === 'assign' ? [parsed.data] : [];
  } catch {
    return [];
  }
}

async function completeDeps(given: Partial<Omit<AgentDeps, 'api'>>): Promise<Omit<AgentDeps, 'api'>> {
  const clock = patient(given.clock ?? realClock);
  const log = given.log ?? jsonLog();
  let made: ContextCalls | undefined;
  const contexts = given.contexts ?? (() => (made ??= createClient({ clock }).contexts));
  if (given.sqs !== undefined && given.s3 !== undefined) return { sqs: given.sqs, s3: given.s3, contexts, clock, log };
  const { connectFunction } = await import('../../platform/aws/agent-connection.ts');
  const aws = connectFunction();
  return { sqs: given.sqs ?? aws.sqs, s3: given.s3 ?? aws.s3, contexts, clock, log };
}
