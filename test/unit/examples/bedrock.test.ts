import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { askModel } from '../../../examples/agents/bedrock.ts';
import type { AgentTask, HandlerContext } from '../../../src/sdk/agent/handler.ts';

const context: HandlerContext = {
  signal: new AbortController().signal,
  log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  progress: () => undefined,
  contexts: {} as HandlerContext['contexts'],
  documents: [],
  used: () => undefined,
  checkpoint: async () => undefined,
};
const task = (payload: AgentTask['payload']): AgentTask => ({
  task_id: 't1',
  task_type: 'llm.complete',
  attempt: 1,
  priority: 'low',
  payload,
});
const answers = (send: () => Promise<unknown>) => askModel({ send } as never, 'model');

describe('the example of an LLM agent', () => {
  it('gives the answer of the model with the tokens it used', async () => {
    const handler = answers(async () => ({
      output: { message: { content: [{ text: 'Hello' }, { text: '!' }] } },
      stopReason: 'end_turn',
      usage: { inputTokens: 3, outputTokens: 2 },
    }));
    expect(await handler(task({ prompt: 'Hi' }), context)).toEqual({
      text: 'Hello!',
      stop_reason: 'end_turn',
      usage: { input: 3, output: 2 },
    });
  });

  it('tries again what is passing, and gives up what is wrong with the request', async () => {
    const failing = (name: string) => answers(() => Promise.reject(Object.assign(new Error('no'), { name })));
    await expect(failing('ThrottlingException')(task({ prompt: 'x' }), context)).rejects.toMatchObject({
      name: 'RetryableError',
    });
    await expect(failing('ValidationException')(task({ prompt: 'x' }), context)).rejects.toMatchObject({
      name: 'TerminalError',
    });
    await expect(failing('none')(task('no prompt'), context)).rejects.toMatchObject({ code: 'invalid-payload' });
  });

  it('is skipped with one line where there is no model', async () => {
    const { BEDROCK_MODEL_ID: _model, NODE_OPTIONS: _jest, ...env } = process.env;
    const file = join(import.meta.dirname, '..', '..', '..', 'examples', 'agents', 'bedrock.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [file], { env });
    expect(stdout).toBe('The Bedrock agent is skipped: BEDROCK_MODEL_ID is not set.\n');
  });
});
