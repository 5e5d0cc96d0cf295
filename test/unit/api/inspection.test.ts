import { describe, expect, it } from '@jest/globals';
import { createTestCloud } from '../../../src/sdk/test-cloud/test-cloud.ts';

const definition = { name: 'report', nodes: [{ name: 'write', task_type: 'demo' }] };

describe('schedules through the API', () => {
  it('are paused, resumed and removed by their ids, and unknown ones are not found', async () => {
    const { client, drive } = createTestCloud();
    await drive(client.createSchedule({ schedule_id: 's', every_ms: 60_000, definition }));
    expect(await drive(client.pauseSchedule('s'))).toMatchObject({ paused: true });
    expect(await drive(client.getSchedule('s'))).not.toHaveProperty('next_at');
    expect(await drive(client.resumeSchedule('s'))).toMatchObject({ paused: false, next_at: expect.any(String) });
    expect((await drive(client.listSchedules())).items).toHaveLength(1);
    await drive(client.deleteSchedule('s'));
    for (const call of [client.getSchedule, client.pauseSchedule, client.deleteSchedule, client.scheduleTimes])
      await expect(drive<unknown>(call('s'))).rejects.toMatchObject({ code: 'not-found' });
  });

  it('are refused with every fault and what to do about it', async () => {
    const { client, drive } = createTestCloud();
    const wrong = { schedule_id: 's', cron: 'now and then', time_zone: 'Nowhere', definition };
    await expect(drive(client.createSchedule(wrong))).rejects.toMatchObject({
      code: 'invalid-schedule',
      faults: [
        { path: 'time_zone', fix: expect.stringContaining('Europe/Berlin') },
        { path: 'cron', fix: expect.stringContaining('minute') },
      ],
    });
  });
});

describe('a run through the API', () => {
  it('replays to its stored state, and its plan ends when it ended', async () => {
    const cloud = createTestCloud();
    await cloud.addAgent({ id: 'ann', handler: async () => cloud.sleep(5_000).then(() => null) });
    const { workflow_id, completed_at, started_at } = await cloud.run(definition);
    const replayed = await cloud.drive(cloud.client.replayWorkflow(workflow_id));
    expect(replayed).toMatchObject({ matches: true, status: 'Completed' });
    const early = await cloud.drive(cloud.client.replayWorkflow(workflow_id, started_at));
    expect(early.nodes).toMatchObject([{ name: 'write', status: 'Started' }]);
    const plan = await cloud.drive(cloud.client.workflowPlan(workflow_id));
    expect(plan).toMatchObject({ predicted_finish: completed_at, critical_path: ['write'] });
    await expect(cloud.drive(cloud.client.workflowPlan('other'))).rejects.toMatchObject({ code: 'not-found' });
  });
});
