/**
 * The smallest agent: gives each task's payload back. Start it beside a deployment (`cadre up`), then submit a task:
 *
 *   npm run agent examples/agents/echo.ts
 *   echo '{"task_id":"hello","task_type":"echo","priority":"high","required_capabilities":["echo"],"payload":"hi"}' | npx cadre submit -
 *   npx cadre wait hello
 */
import { createAgent } from '../../src/sdk/index.ts';

const agent = createAgent({
  id: process.env['AGENT_ID'] ?? 'echo-1',
  type: 'echo',
  capabilities: ['echo'],
  slots: 4,
  handler: (task, { log }) => {
    log.info('echoing', { task_type: task.task_type });
    return task.payload;
  },
});

await agent.start();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void agent.stop({ deregister: true }).then(() => process.exit(0)));
}
