/**
 * One agent as a process of its own: `node agent-process.ts SPEC`, with the agent as JSON. It leaves when its parent is gone (unless
 * it was told to stay), on SIGTERM and on SIGINT; it always finishes or hands back its work first.
 */
import * as z from 'zod';
import { CadreError } from '../../contracts/errors.ts';
import { parseJson } from '../../contracts/parse.ts';
import { createAgent } from '../../sdk/agent/create-agent.ts';
import { loadHandler } from './handlers.ts';

/** How long handlers may go on after the agent was told to leave. */
const graceMs = 3_000;

const agentSpec = z.strictObject({
  id: z.string(),
  type: z.string(),
  capabilities: z.array(z.string()),
  slots: z.int(),
  work: z.enum(['review', 'sleep', 'echo']),
  stay: z.boolean().default(false),
});

const { work, stay, ...spec } = parseJson(agentSpec, process.argv[2] ?? '{}');
const agent = createAgent({ ...spec, handler: await loadHandler(work) });

let leaving: Promise<void> | undefined;
function leave(deregister = !stay): void {
  leaving ??= agent.stop({ graceMs, deregister }).finally(() => process.exit(0));
}
process.on('message', (message: { readonly leave?: { readonly deregister: boolean } }) => {
  if (message.leave !== undefined) leave(message.leave.deregister);
});
process.on('SIGTERM', () => leave());
// Ctrl-C in a terminal reaches the whole group; the parent decides when its agents leave.
process.on('SIGINT', () => {
  if (!process.connected) leave();
});
process.on('disconnect', () => {
  if (!stay) leave();
});

try {
  await agent.start();
  process.send?.({ ready: true });
} catch (error) {
  const reason = error instanceof CadreError ? `${error.message} [${error.code}]` : String(error);
  process.send?.({ ready: false, reason });
  console.error(reason);
  process.exit(1);
}
