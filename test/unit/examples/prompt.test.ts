import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { askWith, readPrompt } from '../../../examples/agents/prompt.ts';
import type { AgentTask, HandlerContext } from '../../../src/sdk/agent/handler.ts';

const file = join(import.meta.dirname, '..', '..', '..', 'examples', 'agents', 'prompts', 'summarise.md');
const prompt = readPrompt(readFileSync(file, 'utf8'));
const task = (payload: AgentTask['payload']): AgentTask => ({
  ...{ task_id: 't1', task_type: 'summarise', attempt: 1, priority: 'low', payload },
});

describe('the example of an agent made of a prompt file', () => {
  let server: Server;
  let asked: unknown;
  let status = 200;
  let url = '';
  const tokens: number[] = [];
  const context = {
    signal: new AbortController().signal,
    used: ({ tokens: count = 0 }) => void tokens.push(count),
  } as unknown as HandlerContext;

  beforeAll(async () => {
    server = createServer((request, response) => {
      void json(request).then((body) => {
        asked = { body, path: request.url, key: request.headers.authorization };
        const answer = { choices: [{ message: { content: 'Short.' } }], usage: { total_tokens: 42 } };
        response.writeHead(status).end(status === 200 ? JSON.stringify(answer) : 'no');
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  });
  afterAll(() => new Promise((closed) => server.close(closed)));

  it('fills the prompt in, asks the model, and reports the tokens', async () => {
    const output = await askWith(prompt, url, 'secret')(task({ sentences: 2, text: 'Long.' }), context);
    expect({ output, tokens }).toEqual({ output: { text: 'Short.' }, tokens: [42] });
    expect(asked).toMatchObject({ path: '/v1/chat/completions', key: 'Bearer secret', body: { model: 'llama3.2' } });
    expect(JSON.stringify(asked)).toContain('in 2 sentences, in the language it is written in.\\n\\nLong.');
  });

  it('tries again what passes, and gives up what is wrong with the task', async () => {
    const handler = askWith(prompt, url);
    status = 429;
    await expect(handler(task({ sentences: 2, text: 'Long.' }), context)).rejects.toMatchObject({
      name: 'RetryableError',
    });
    status = 400;
    await expect(handler(task({ sentences: 2, text: 'Long.' }), context)).rejects.toMatchObject({
      name: 'TerminalError',
    });
    await expect(handler(task({ sentences: 2 }), context)).rejects.toMatchObject({ code: 'missing-value' });
  });

  it('refuses a file without a head, and a head that says what it may not', () => {
    expect(() => readPrompt('Summarise {{text}}')).toThrow('begins with ---');
    expect(() => readPrompt('---\ntask_type: a\nmodel: b\ntemperature: 1\n---\nx')).toThrow('temperature');
  });
});
