/**
 * A prompt file as an agent. Its head says what it offers (`task_type`, which is its capability too, `model`, `slots`); the rest is the prompt, in which
 * `{{name}}` stands for that key of a task's payload. It asks any model behind an OpenAI-compatible API: Ollama, vLLM, LiteLLM, OpenAI …
 *
 *   LLM_URL=http://localhost:11434/v1 npm run agent examples/agents/prompt.ts examples/agents/prompts/summarise.md
 *   echo '{"task_id":"s1","task_type":"summarise","priority":"low","required_capabilities":["summarise"],"payload":{"sentences":2,"text":"…"}}' | npx cadre submit -
 *   npx cadre wait s1
 */
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { createAgent, type Handler, RetryableError, TerminalError } from '../../src/sdk/index.ts';

/** Tokens that one answer may have: a runaway answer costs no more than this. */
const outputTokensMax = 2_048;

const head = z.strictObject({
  task_type: z.string().min(1),
  model: z.string().min(1),
  slots: z.coerce.number().int().default(1),
});

/** What a prompt file says. */
export interface PromptFile extends z.infer<typeof head> {
  readonly prompt: string;
}

/** Reads a prompt file. Throws when its head is missing, or says something else than it may. */
export function readPrompt(text: string): PromptFile {
  const { lines, prompt } = /^---\n(?<lines>.*?)\n---\n(?<prompt>.*)$/s.exec(text)?.groups ?? {};
  if (lines === undefined || prompt === undefined)
    throw new Error('a prompt file begins with ---, lines of key: value, and ---');
  const pairs = lines
    .split('\n')
    .map((line) => [line.slice(0, line.indexOf(':')).trim(), line.slice(line.indexOf(':') + 1).trim()]);
  return { ...head.parse(Object.fromEntries(pairs)), prompt: prompt.trim() };
}

/** The prompt with the payload's values; a value that is missing cannot be made up, so no attempt would succeed. */
function filled(prompt: string, payload: unknown): string {
  const values = z.record(z.string(), z.unknown()).safeParse(payload).data ?? {};
  return prompt.replace(/\{\{(?<name>\w+)\}\}/g, (_all, name: string) => {
    const value = values[name];
    if (value === undefined) throw new TerminalError({ code: 'missing-value', message: `the payload has no ${name}` });
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
}

const answer = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string() }) })).min(1),
  usage: z.object({ total_tokens: z.number() }).optional(),
});

/** A handler that fills the prompt in and asks the model at `url`; it reports the tokens used, so that budgets hold. */
export function askWith({ prompt, model }: PromptFile, url: string, key?: string): Handler {
  return async (task, { signal, used }) => {
    const body = {
      model,
      max_tokens: outputTokensMax,
      messages: [{ role: 'user', content: filled(prompt, task.payload) }],
    };
    const headers = {
      'content-type': 'application/json',
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    };
    const response = await fetch(`${url}/chat/completions`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      signal,
    });
    if (!response.ok) {
      const problem = { code: `model-${response.status}`, message: (await response.text()).slice(0, 500) };
      // Too many requests and trouble of the service pass; everything else is about this request.
      throw response.status === 429 || response.status >= 500
        ? new RetryableError(problem)
        : new TerminalError(problem);
    }
    const { choices, usage } = answer.parse(await response.json());
    if (usage !== undefined) used({ tokens: usage.total_tokens });
    return { text: choices[0]?.message.content ?? '' };
  };
}

if (import.meta.main) {
  const [file = 'examples/agents/prompts/summarise.md'] = process.argv.slice(2);
  const url = process.env['LLM_URL'];
  if (url === undefined) {
    console.log('The prompt agent is skipped: LLM_URL is not set (for example http://localhost:11434/v1 for Ollama).');
  } else {
    const prompt = readPrompt(await readFile(file, 'utf8'));
    const agent = createAgent({
      id: process.env['AGENT_ID'] ?? `${prompt.task_type}-1`,
      type: 'prompt',
      capabilities: [prompt.task_type],
      slots: prompt.slots,
      handler: askWith(prompt, url, process.env['LLM_API_KEY']),
    });
    await agent.start();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => void agent.stop({ deregister: true }).then(() => process.exit(0)));
    }
  }
}
