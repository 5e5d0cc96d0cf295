import { setTimeout as wait } from 'node:timers/promises';
import * as z from 'zod';
import { TerminalError } from '../../sdk/errors.ts';
import type { AgentTask, HandlerContext } from '../../sdk/agent/handler.ts';

const sleepMsMax = 24 * 3_600_000;
const payload = z.object({ duration_ms: z.number().min(0).max(sleepMsMax) });

/** Stands in for a recorded task: sleeps as long as its payload says, times the scale that the importer has applied already. */
export async function sleep(task: AgentTask, { signal }: HandlerContext): Promise<{ readonly slept_ms: number }> {
  const parsed = payload.safeParse(task.payload);
  if (!parsed.success) throw new TerminalError({ code: 'invalid-payload', message: z.prettifyError(parsed.error) });
  await wait(parsed.data.duration_ms, undefined, { signal });
  return { slept_ms: parsed.data.duration_ms };
}
