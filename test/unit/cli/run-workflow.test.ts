import { expect, it } from '@jest/globals';
import { createOutput } from '../../../src/cli/output.ts';
import { runDeployed } from '../../../src/cli/run-workflow.ts';
import type { Client } from '../../../src/sdk/client/client.ts';
import { workflow } from '../../../src/sdk/workflows/workflow-builder.ts';

it('says at Ctrl-C how the workflow, which goes on, is followed and ended', async () => {
  const said: string[] = [];
  const stream = { isTTY: false, write: (text: string) => said.push(text) } as unknown as NodeJS.WriteStream;
  const client = {
    run: async () => ({ workflow_id: 'article-1', submitted: { warnings: [] } }),
    workflowTasks: async () => [],
    waitWorkflow: (_id: string, { signal }: { signal: AbortSignal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
        process.emit('SIGINT');
      }),
  } as unknown as Client;
  const definition = workflow('article').task('write', { task_type: 'write', required_capabilities: [] }).build();
  const nothing = { input: undefined, workflow_id: undefined, deadline: undefined, namespace: undefined };
  await expect(
    runDeployed(
      client,
      { definition, ...nothing, recorded: false },
      createOutput(false, { stdout: stream, stderr: stream }),
    ),
  ).rejects.toMatchObject({ code: 'interrupted' });
  expect(said.join('')).toContain('cadre wait article-1 follows it, cadre cancel article-1 ends it');
});
