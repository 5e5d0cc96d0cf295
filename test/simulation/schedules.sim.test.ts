import { describe, expect, it } from '@jest/globals';
import { createTestCloud } from '../../src/sdk/test-cloud/test-cloud.ts';

const dayMs = 24 * 3_600_000;
/** With tries enough that a fifth of all messages may be lost: an assignment that never arrives counts as one. */
const definition = { name: 'report', nodes: [{ name: 'write', task_type: 'demo', retry: { max_attempts: 10 } }] };

/** A cloud with an agent and a daily schedule, after so many days; what the agent was given, and when each run began. */
async function after(days: number, options: Parameters<typeof createTestCloud>[0]) {
  const cloud = createTestCloud(options);
  await cloud.addAgent({ id: 'ann', handler: async () => ({ done: true }) });
  const { client, drive } = cloud;
  const body = { schedule_id: 'daily', cron: '30 2 * * *', time_zone: 'Europe/Berlin', definition };
  const { exclude, next_at } = await drive(client.createSchedule({ ...body, exclude: { weekdays: ['sunday'] } }));
  expect(exclude).toMatchObject({ weekdays: ['sunday'], dates: [] });
  const times = await drive(client.scheduleTimes('daily', 100));
  expect(times[0]).toBe(next_at);
  await cloud.skip(days * dayMs);
  const runs = (await drive(client.listWorkflows({ limit: 100 }))).items.toReversed();
  const due = times.filter((time) => Date.parse(time) < cloud.now() - 60_000);
  return { runs, due };
}

const lateness = (created: string, due: string): number => Date.parse(created) - Date.parse(due);

describe('a schedule in the twin', () => {
  it('runs each day for weeks, to the second, while nothing else keeps the system awake', async () => {
    const { runs, due } = await after(8, { seed: 7 });
    expect(due.length).toBeGreaterThan(5);
    expect(runs.map(({ workflow_id }) => workflow_id)).toEqual(
      due.map((time) => `daily-${time.replace(/[-:]|\.000/g, '')}`),
    );
    expect(runs.every(({ status }) => status === 'Completed')).toBe(true);
    const late = runs.map(({ created_at }, index) => lateness(created_at, due[index]!));
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...late)).toBeLessThan(2_000);
  });

  it('runs each time once although messages are lost and repeated and functions die', async () => {
    const { runs, due } = await after(4, {
      seed: 11,
      faults: { lose: 0.2, duplicate: 0.2, lambdaCrashDuring: 0.1, lambdaCrashBefore: 0.1 },
    });
    expect(runs.map(({ workflow_id }) => workflow_id)).toEqual(
      due.map((time) => `daily-${time.replace(/[-:]|\.000/g, '')}`),
    );
    expect(runs.every(({ status }) => status === 'Completed')).toBe(true);
    const late = runs.map(({ created_at }, index) => lateness(created_at, due[index]!));
    expect(Math.max(...late)).toBeLessThan(240_000);
  });
});
