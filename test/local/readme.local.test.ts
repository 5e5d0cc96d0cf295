import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createAgent } from '../../src/sdk/agent/create-agent.ts';
import { deployedClients, quietLog } from '../support/deployed-clients.ts';
import { describeDeployed } from '../support/local-cloud.ts';
import { blocksOf, putEventsEntries } from '../support/pages.ts';

const run = promisify(execFile);

/** Why the commands cannot be run as they are printed, or undefined when they can. */
async function whyNoCommandLine(): Promise<string | undefined> {
  try {
    await run('aws', ['--version']);
    return undefined;
  } catch {
    return 'the AWS command line is not installed';
  }
}
const whyNot = await whyNoCommandLine();
if (whyNot !== undefined) process.stderr.write(`SKIPPED the README's commands as printed: ${whyNot}\n`);

await describeDeployed('the events of the README on the deployed system', (deployed) => {
  const { cloud } = deployed;
  const { connection, api: client, bus } = deployedClients(deployed);
  const agent = createAgent({
    ...connection,
    id: 'readme-echo',
    type: 'echo',
    capabilities: ['echo'],
    slots: 4,
    handler: ({ payload }) => payload,
    deps: { log: quietLog },
  });
  beforeAll(() => agent.start());
  afterAll(() => agent.stop({ deregister: true }));

  it('are accepted from the EventBridge client and run to their ends', async () => {
    for (const Entries of putEventsEntries('README.md')) {
      expect(await bus.send(new PutEventsCommand({ Entries: [...Entries] }))).toMatchObject({ FailedEntryCount: 0 });
    }
    expect(await whenThere(() => client.waitTask('hello-1'))).toMatchObject({
      status: 'Completed',
      output: { text: 'hello' },
    });
    expect(await whenThere(() => client.waitWorkflow('greeting-1'))).toMatchObject({ output: 'Hello, Ada!' });
  });

  describe('from the AWS command line', () => {
    (whyNot === undefined ? it : it.skip)(`${whyNot ?? 'as printed'}, once more, and nothing changes`, async () => {
      for (const { text } of blocksOf('README.md').filter(({ mark }) => mark === 'put-events')) {
        // The README's port is the one it asks for; `npx cadre wait` is tried with the command line's own tests.
        const command = text.replace(/npx cadre .*$/m, '').replace('http://127.0.0.1:4566', cloud.endpoint);
        const { stdout } = await run('sh', ['-ec', command], { env: { ...process.env, ...cloud.env } });
        expect(JSON.parse(stdout)).toMatchObject({ FailedEntryCount: 0 });
      }
      expect(await whenThere(() => client.getTask('hello-1'))).toMatchObject({ status: 'Completed', attempt: 1 });
    });
  });
});

/** Between the bus and the table lies a queue: what was published is not there at once. */
async function whenThere<T>(look: () => Promise<T>): Promise<T> {
  for (let looks = 1; ; looks += 1) {
    try {
      return await look();
    } catch (error) {
      const isMissing = error instanceof Error && 'code' in error && error.code === 'not-found';
      if (!isMissing || looks === 100) throw error;
      await new Promise((go) => setTimeout(go, 100));
    }
  }
}
