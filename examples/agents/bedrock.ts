/**
 * An agent that is an LLM: answers tasks of type `llm.complete` (`{ "prompt": "…", "system"?: "…" }`) through Amazon Bedrock's Converse
 * API. It needs AWS credentials and a model that the account may use; without them it says so in one line and ends.
 *
 *   BEDROCK_MODEL_ID=amazon.nova-lite-v1:0 npm run agent examples/agents/bedrock.ts
 */
import { BedrockRuntimeClient, ConverseCommand } from '@aws-sdk/client-bedrock-runtime';
import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import * as z from 'zod';
import { createAgent, RetryableError, TerminalError, type Handler } from '../../src/sdk/index.ts';

/** Tokens that one answer may have: a runaway answer costs no more than this. */
const outputTokensMax = 2_048;

const request = z.object({ prompt: z.string().min(1), system: z.string().optional() });

/** Errors of Bedrock that another attempt may survive; all others are about the request itself. */
const passing: ReadonlySet<string> = new Set([
  'ThrottlingException',
  'ServiceUnavailableException',
  'ModelTimeoutException',
  'ModelNotReadyException',
  'InternalServerException',
]);

/** A handler that asks a model; its output names the tokens used, so that costs can be added up. */
export function askModel(client: Pick<BedrockRuntimeClient, 'send'>, modelId: string): Handler {
  return async (task, { signal, used }) => {
    const parsed = request.safeParse(task.payload);
    if (!parsed.success) throw new TerminalError({ code: 'invalid-payload', message: z.prettifyError(parsed.error) });
    const { prompt, system } = parsed.data;
    try {
      const { output, stopReason, usage } = await client.send(
        new ConverseCommand({
          modelId,
          messages: [{ role: 'user', content: [{ text: prompt }] }],
          ...(system === undefined ? {} : { system: [{ text: system }] }),
          inferenceConfig: { maxTokens: outputTokensMax },
        }),
        { abortSignal: signal },
      );
      used({ tokens: (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0) });
      const text = (output?.message?.content ?? []).map((part) => part.text ?? '').join('');
      return { text, stop_reason: stopReason, usage: { input: usage?.inputTokens, output: usage?.outputTokens } };
    } catch (cause) {
      const name = cause instanceof Error ? cause.name : 'unknown';
      const message = cause instanceof Error ? cause.message : String(cause);
      if (passing.has(name)) throw new RetryableError({ code: name, message, cause });
      throw new TerminalError({ code: name, message, cause });
    }
  };
}

/** Why this agent cannot work here, or undefined when it can. */
async function whatIsMissing(modelId: string | undefined): Promise<string | undefined> {
  if (modelId === undefined || modelId === '') return 'BEDROCK_MODEL_ID is not set';
  return fromNodeProviderChain()().then(
    () => undefined,
    () => 'no AWS credentials were found',
  );
}

if (import.meta.main) {
  const modelId = process.env['BEDROCK_MODEL_ID'];
  const missing = await whatIsMissing(modelId);
  if (missing !== undefined || modelId === undefined) {
    console.log(`The Bedrock agent is skipped: ${missing ?? 'no model'}.`);
  } else {
    // The model is always on AWS, also when the deployment is local: a local endpoint must not catch these calls.
    const region = process.env['BEDROCK_REGION'] ?? process.env['AWS_REGION'] ?? 'us-east-1';
    const client = new BedrockRuntimeClient({ region, endpoint: `https://bedrock-runtime.${region}.amazonaws.com` });
    const agent = createAgent({
      id: process.env['AGENT_ID'] ?? 'bedrock-1',
      type: 'llm',
      capabilities: ['llm'],
      slots: 2,
      handler: askModel(client, modelId),
    });
    await agent.start();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => void agent.stop({ deregister: true }).then(() => process.exit(0)));
    }
  }
}
