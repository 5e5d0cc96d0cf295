import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Task } from '../../src/contracts/distributor/task.ts';
import { createAgent, type Agent } from '../../src/sdk/agent/create-agent.ts';
import { RetryableError, TerminalError } from '../../src/sdk/errors.ts';
import type { Handler } from '../../src/sdk/agent/handler.ts';
import { deployedClients, quietLog } from '../support/deployed-clients.ts';
import { describeDeployed } from '../support/local-cloud.ts';

await describeDeployed('client and agents on the deployed system', (deployed) => {
  const { outputs } = deployed;
  const { connection, api: client } = deployedClients(deployed);
  const large = 'ü'.repeat(60_000);
  let broken = true;
  let aborted: unknown;

  const handlers: Readonly<Record<string, Handler>> = {
    echo: ({ payload }) => payload,
    flaky: ({ attempt }) => {
      if (attempt === 1) throw new RetryableError({ code: 'busy', message: 'not yet' });
      return attempt;
    },
    fragile: () => {
      if (broken) throw new TerminalError({ code: 'bad-day', message: 'no attempt can succeed today' });
      return 'mended';
    },
    endless: (_task, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted = signal.reason;
          reject(signal.reason as Error);
        });
      }),
  };
  let agent: Agent | undefined;
  beforeAll(async () => {
    agent = createAgent({
      ...connection,
      id: 'ways-in',
      type: 'test',
      capabilities: ['ways-in'],
      slots: 4,
      handler: (task, context) => handlers[task.task_type]?.(task, context),
      deps: { log: quietLog },
    });
    await agent.start();
  });
  afterAll(async () => agent?.stop({ graceMs: 0, deregister: true }));

  const submit = async (task_id: string, task_type: string, payload: Task['payload'] = null) => {
    await client.submit({ task_id, task_type, priority: 'high', required_capabilities: ['ways-in'], payload });
    return task_id;
  };

  it('carries values over 64 KB both ways without anybody noticing', async () => {
    const task = await client.waitTask(await submit('large-1', 'echo', large));
    expect(task.status).toBe('Completed');
    expect(task.output).toBe(large);
    expect(task.output_ref?.bytes).toBeGreaterThan(64 * 1024);
  });

  it('tries again what an agent calls retryable', async () => {
    const task = await client.waitTask(await submit('flaky-1', 'flaky'));
    expect(task).toMatchObject({ status: 'Completed', attempt: 2, retry_count: 1, output: 2 });
  });

  it('keeps what cannot succeed as a dead letter, and runs it again on demand', async () => {
    const failed = await client.waitTask(await submit('fragile-1', 'fragile'));
    expect(failed).toMatchObject({ status: 'Failed', attempt: 1, error: { code: 'bad-day' } });
    expect(await client.getDeadLetter('fragile-1')).toMatchObject({ kind: 'task', code: 'bad-day' });
    expect(await client.redrive({ ids: ['fragile-1'], dry_run: true })).toMatchObject([
      { outcome: 'would be redriven' },
    ]);
    broken = false;
    expect(await client.redrive({ ids: ['fragile-1'] })).toMatchObject([{ outcome: 'redriven' }]);
    expect(await client.waitTask('fragile-1')).toMatchObject({ status: 'Completed', output: 'mended' });
  });

  it('stops a running handler when its task is cancelled', async () => {
    await submit('endless-1', 'endless');
    const running = new AbortController();
    await client
      .waitTask('endless-1', {
        signal: running.signal,
        onProgress: ({ status }) => {
          if (status === 'Processing') running.abort(new Error('it runs'));
        },
      })
      .catch(() => undefined);
    expect(await client.cancelTask('endless-1', 'enough')).toMatchObject({ status: 'Cancelled' });
    for (let looks = 0; aborted === undefined && looks < 200; looks += 1) await new Promise((go) => setTimeout(go, 50));
    expect(aborted).toMatchObject({ message: 'enough' });
  });

  it('runs dependent tasks in their order and tells how it went', async () => {
    const handle = await client.run({
      name: 'ways-in',
      nodes: [
        { name: 'a', task_type: 'echo', required_capabilities: ['ways-in'], payload: 1 },
        { name: 'b', task_type: 'echo', required_capabilities: ['ways-in'], depends_on: ['a'], input: 'outputs.a + 1' },
      ],
      output: 'outputs.b',
    });
    expect(await handle.wait()).toMatchObject({ status: 'Completed', output: 2, nodes: { Completed: 2 } });
    const { delivery_notification } = await client.deliveryNotification(handle.workflow_id);
    expect(delivery_notification).toContain('Completed 2 of 2 tasks');
  });

  it('refuses a caller without a signature', async () => {
    const { status } = await fetch(`${outputs.apiUrl}/v1/status`);
    expect([401, 403]).toContain(status);
  });
});
