import { describe, expect, it } from '@jest/globals';
import type { Task } from '../../../src/contracts/distributor/task.ts';
import { createTestCloud } from '../../../src/sdk/test-cloud/test-cloud.ts';

const task = (task_id: string, namespace?: string): Task => ({
  ...{ task_id, task_type: 'work', priority: 'medium', required_capabilities: [], payload: null },
  ...(namespace === undefined ? {} : { namespace }),
});

/** A cloud with an agent of one slot, whose handler goes on for a minute whatever it is told. */
async function busyCloud() {
  const cloud = createTestCloud();
  await cloud.addAgent({ id: 'ann', slots: 1, handler: async () => cloud.sleep(60_000).then(() => null) });
  const { drive, client } = cloud;
  const statusOf = async (id: string) => (await drive(client.getTask(id))).status;
  return { ...cloud, statusOf };
}

describe('killing a namespace', () => {
  it('cancels what runs and what waits in it, refuses what still comes, and leaves others alone', async () => {
    const { drive, client, submit, sleep, statusOf } = await busyCloud();
    await submit(task('a1', 'acme'));
    await drive(sleep(5_000));
    await submit(task('a2', 'acme'), task('b1'));
    await drive(
      client.run({ name: 'w', nodes: [{ name: 'n', task_type: 'work' }] }, null, {
        workflow_id: 'w',
        namespace: 'acme',
      }),
    );
    expect(await statusOf('a1')).toBe('Processing');
    expect(await drive(client.killNamespace('acme', 'runs wild'))).toMatchObject({ killed: { reason: 'runs wild' } });
    expect(await statusOf('a1')).toBe('Cancelled');
    expect(await statusOf('a2')).toBe('Cancelled');
    expect(await drive(client.getWorkflow('w'))).toMatchObject({ error: 'the namespace acme was killed: runs wild' });
    await expect(drive(client.submit(task('a3', 'acme')))).rejects.toMatchObject({ code: 'namespace-killed' });
    const again = client.run({ name: 'w', nodes: [{ name: 'n', task_type: 'work' }] }, null, { namespace: 'acme' });
    await expect(drive(again)).rejects.toMatchObject({ code: 'namespace-killed' });
    await drive(sleep(120_000));
    expect(await statusOf('b1')).toBe('Completed');
  });

  it('finds in bounded parts what waits in it, however much', async () => {
    const { drive, client, sleep } = await busyCloud();
    await drive(client.submitAll(Array.from({ length: 230 }, (_, at) => task(`t${at}`, 'acme'))));
    await drive(client.killNamespace('acme', 'runs wild'));
    await drive(sleep(30_000));
    const { items } = await drive(client.listTasks({ status: 'Queued', limit: 100 }));
    expect(items).toEqual([]);
  });

  it('lasts until it is revived, and is listed with its reason', async () => {
    const { drive, client, submit, sleep, statusOf } = await busyCloud();
    await drive(client.killNamespace('acme', 'runs wild'));
    expect(await drive(client.listNamespaces())).toMatchObject([
      { namespace: 'acme', killed: { reason: 'runs wild' } },
    ]);
    expect(await drive(client.reviveNamespace('acme'))).toEqual({ namespace: 'acme' });
    await submit(task('a1', 'acme'));
    await drive(sleep(5_000));
    expect(await statusOf('a1')).toBe('Processing');
    expect(await drive(client.listNamespaces())).toEqual([{ namespace: 'acme' }]);
  });

  it('is refused for what names no namespace', async () => {
    const { drive, client } = createTestCloud();
    await expect(drive(client.killNamespace('default', 'all of it'))).rejects.toMatchObject({ code: 'invalid-input' });
  });
});
