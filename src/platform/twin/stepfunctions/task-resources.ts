import { LambdaFailure } from '../lambda.ts';
import { cloneValue } from '../expressions/values.ts';
import type { FakeLambda } from '../lambda.ts';
import type { FakeSqs } from '../sqs.ts';
import { StatesError } from './template.ts';
import type { TaskTokens } from './tokens.ts';

/** What Task states can reach. */
export interface TaskServices {
  readonly lambda: FakeLambda;
  readonly queues: FakeSqs;
  readonly tokens: TaskTokens;
}

/** Who sends a state machine's messages. */
const senderId = 'stepfunctions';

/**
 * Carries out `lambda:invoke` and `sqs:sendMessage`, plain or with a callback token, and a function's ARN by itself. The callback
 * forms start waiting before they call, because the answer may come first.
 */
export async function runTaskResource(
  services: TaskServices,
  resource: string,
  args: unknown,
  wait: { readonly token: string; readonly heartbeatMs: number | undefined } | undefined,
): Promise<unknown> {
  const callback = wait === undefined ? undefined : services.tokens.wait(wait.token, wait.heartbeatMs);
  callback?.catch(() => undefined);
  const result = await callResource(
    services,
    resource.replace(/\.waitForTaskToken$/, ''),
    args as Record<string, unknown>,
  );
  return callback ?? result;
}

async function callResource(services: TaskServices, resource: string, args: Record<string, unknown>): Promise<unknown> {
  if (resource.includes(':lambda:') && resource.includes(':function:')) return invoke(services.lambda, resource, args);
  if (resource.endsWith(':states:::lambda:invoke')) {
    const Payload = await invoke(services.lambda, String(args['FunctionName']), args['Payload'] ?? {});
    return { ExecutedVersion: '$LATEST', Payload, StatusCode: 200 };
  }
  if (resource.endsWith(':states:::sqs:sendMessage')) {
    const queue = services.queues.find(String(args['QueueUrl']));
    if (queue === undefined)
      throw new StatesError('Sqs.QueueDoesNotExistException', 'The specified queue does not exist.');
    const body: unknown = args['MessageBody'];
    const { messageId } = queue.send({
      body: typeof body === 'string' ? body : JSON.stringify(body),
      groupId: args['MessageGroupId'] as string | undefined,
      deduplicationId: args['MessageDeduplicationId'] as string | undefined,
      senderId,
    });
    return { MessageId: messageId };
  }
  throw new StatesError('States.Runtime', `The twin has no resource ${resource}`);
}

/** Errors keep the name that the function threw; the cause is the JSON that Lambda gives. */
async function invoke(lambda: FakeLambda, name: string, payload: unknown): Promise<unknown> {
  try {
    return await lambda.invoke(name, cloneValue(payload));
  } catch (error) {
    if (!(error instanceof LambdaFailure)) throw error;
    const { errorType, message } = error;
    throw new StatesError(errorType, JSON.stringify({ errorType, errorMessage: message, trace: [] }));
  }
}
