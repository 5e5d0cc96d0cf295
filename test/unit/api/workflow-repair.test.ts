import { describe, expect, it } from '@jest/globals';
import { createTestCloud } from '../../../src/sdk/test-cloud.ts';

const definition = { name: 'report', nodes: [{ name: 'write', task_type: 'demo' }] };

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
