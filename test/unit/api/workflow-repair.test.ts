import { describe, expect, it } from '@jest/globals';
import { createTestCloud } from '../../../src/sdk/test-cloud/test-cloud.ts';

const definition = { name: 'report', nodes: [{ name: 'write', task_type: 'demo' }] };

describe('a workflow that has ended, through the API', () => {
  it('is begun again at a node, as a run of its own', async () => {
    const cloud = createTestCloud();
    const given: unknown[] = [];
    await cloud.addAgent({ id: 'ann', handler: async ({ payload }) => given.push(payload) });
    const nodes = [
      { name: 'read', task_type: 'demo' },
      { name: 'write', task_type: 'demo', depends_on: ['read'], input: '{ "read": outputs.read, "how": input }' },
    ];
    const first = await cloud.run({ name: 'report', nodes }, 'short');
    const { workflow_id } = await cloud.drive(
      cloud.client.rerunWorkflow(first.workflow_id, { from: ['write'], input: 'long' }),
    );
    expect(await cloud.drive(cloud.client.waitWorkflow(workflow_id))).toMatchObject({
      status: 'Completed',
      rerun_of: first.workflow_id,
    });
    expect(given).toEqual([{}, { read: 1, how: 'short' }, { read: 1, how: 'long' }]);
    await expect(cloud.drive(cloud.client.rerunWorkflow(workflow_id, { from: ['nobody'] }))).rejects.toMatchObject({
      code: 'unknown-dependency',
      faults: [{ path: 'from[0]' }],
    });
  });
});

describe('a workflow that runs, through the API', () => {
  it('is updated, and an update that says nothing or comes too late is refused', async () => {
    const cloud = createTestCloud();
    const { drive, client } = cloud;
    const handle = await drive(client.run(definition));
    const deadline = '2030-01-01T00:00:00+01:00';
    expect(await drive(handle.update({ priority: 'critical', deadline }))).toMatchObject({
      priority: 'critical',
      deadline: '2029-12-31T23:00:00.000Z',
    });
    await expect(drive(handle.update({}))).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringContaining('give a priority or a deadline'),
    });
    await drive(handle.cancel());
    await expect(drive(handle.update({ priority: 'low' }))).rejects.toMatchObject({ code: 'already-finished' });
    await expect(drive(client.updateWorkflow('nobody', { priority: 'low' }))).rejects.toMatchObject({
      code: 'not-found',
    });
  });
});
