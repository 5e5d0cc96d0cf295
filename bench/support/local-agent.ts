/** An agent of a bench as a process: it says when each attempt reached it, and does what its first argument tells. */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAgent } from '../../src/sdk/agent/create-agent.ts';
import type { AgentReport, BenchAgent } from './local-stage.ts';

/** Reports wait so long for company: a message to the parent for each task would cost more than the task. */
const reportMs = 20;

const { id, slots, workMs = 0, effects } = JSON.parse(process.argv[2] ?? '{}') as BenchAgent;
let pending: NonNullable<AgentReport['started']>[number][] = [];

function flush(): void {
  process.send?.({ started: pending } satisfies AgentReport);
  pending = [];
}

const agent = createAgent({
  id,
  type: 'bench',
  capabilities: ['bench'],
  slots,
  deps: { log: { debug: () => undefined, info: () => undefined, warn: console.error, error: console.error } },
  handler: async ({ task_id, attempt }) => {
    if (pending.length === 0) setTimeout(flush, reportMs);
    pending.push({ task_id, attempt, at: Date.now() });
    if (workMs > 0 && attempt === 1) await sleep(workMs);
    // Written synchronously: a process that is killed a moment later has still had its effect.
    if (effects !== undefined) appendFileSync(effects, `${task_id}#${attempt}\n`);
    return { ok: true };
  },
});

process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => void agent.stop({ deregister: true }).finally(() => process.exit(0)));
await agent.start();
process.send?.({ ready: true } satisfies AgentReport);
