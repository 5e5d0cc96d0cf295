import { describe, expect, it } from '@jest/globals';
import { type Dispatch, orderViolations, overtakenMs } from '../../../bench/support/order.ts';
import { benchTask, startTwinFleet, submitByQueue } from '../../../bench/support/twin-fleet.ts';
import type { Priority } from '../../../src/contracts/distributor/task.ts';
import type { Adapters } from '../../../src/platform/aws/deployment.ts';
import type { VirtualClock } from '../../../src/platform/twin/virtual-clock.ts';
import { deployTwin, type TwinDeployment } from '../../../src/sdk/test-cloud/twin-deployment.ts';

const task = (priority: Priority, decidedAt: number): Dispatch => ({ priority, decidedAt });

describe('violations of the order', () => {
  it('are each task given out by an earlier decision than one of a higher priority, once', () => {
    expect(orderViolations([task('critical', 300), task('low', 200)])).toBe(1);
    const waiting = [task('critical', 900), task('high', 800)];
    expect(orderViolations([...waiting, task('low', 300), task('medium', 400)])).toBe(3);
  });

  it('are none when the higher one went first, or in the same decision', () => {
    expect(orderViolations([task('critical', 200), task('low', 200)])).toBe(0);
    expect(orderViolations([task('critical', 200), task('low', 300)])).toBe(0);
  });

  it('are none among tasks of one priority, and none when a lower one waits', () => {
    expect(orderViolations([task('high', 900), task('high', 200)])).toBe(0);
    expect(orderViolations([task('low', 900), task('high', 200)])).toBe(0);
  });
});

describe('the time for which a task was overtaken', () => {
  const passage = (priority: Priority, acceptedAt: number, decidedAt: number) => ({ priority, acceptedAt, decidedAt });

  it('lasts from its acceptance to the last decision before its own that gave out a lower one', () => {
    const lower = [passage('medium', 0, 130), passage('low', 0, 150), passage('low', 0, 400)];
    expect(overtakenMs([passage('high', 100, 300), ...lower])).toEqual([50, 0, 0, 0]);
  });

  it('is none where the lower one went first before it was accepted, in the same decision, or later', () => {
    const lower = [passage('low', 0, 90), passage('low', 0, 200), passage('low', 0, 300)];
    expect(overtakenMs([passage('high', 100, 200), ...lower])).toEqual([0, 0, 0, 0]);
  });

  it('is none among tasks of one priority', () => {
    expect(overtakenMs([passage('high', 0, 200), passage('high', 50, 100)])).toEqual([0, 0]);
  });
});

describe('where the table takes its time', () => {
  const count = 120;

  /** Rows of critical tasks are written long after their acceptance began; everything else takes no time. */
  function slowly({ tasks, ...adapters }: Adapters, clock: () => VirtualClock): Adapters {
    const insert: Adapters['tasks']['insert'] = async (rows) => {
      if (rows.some(({ priority }) => priority === 'critical')) await clock().sleep(3_000);
      return tasks.insert(rows);
    };
    return { ...adapters, tasks: { ...tasks, insert } };
  }

  async function flood(first: 'agents' | 'backlog'): Promise<readonly Dispatch[]> {
    const twin: TwinDeployment = deployTwin(
      { seed: 1 },
      { adapters: (adapters) => slowly(adapters, () => twin.cloud.clock) },
    );
    const { clock, dynamodb } = twin.cloud;
    const rows = (status: string) =>
      dynamodb.items().filter((item) => item['sk'] === 'TASK' && item['status'] === status);
    const agents = () =>
      startTwinFleet(twin, {
        ...{ agents: 2, slots: 2, clientsOf: (_name, clients) => clients },
        handler: () => clock.sleep(200),
      });
    if (first === 'agents') await agents();
    const tasks = Array.from({ length: count }, (_, index) => benchTask(index));
    await clock.drive(submitByQueue(twin, twin.cloud.process('client').clients, tasks));
    if (first === 'backlog') {
      await clock.run(() => rows('Queued').length === count);
      await agents();
    }
    await clock.run(() => rows('Completed').length === count);
    return rows('Completed').map((row) => ({
      priority: row['priority'] as Priority,
      decidedAt: Date.parse(String(row['started_at'])),
    }));
  }

  it('tasks are given out before higher ones that are still being accepted, and of a backlog that was accepted whole none are', async () => {
    expect(orderViolations(await flood('agents'))).toBeGreaterThan(0);
    const backlog = await flood('backlog');
    expect(backlog).toHaveLength(count);
    expect(orderViolations(backlog)).toBe(0);
  });
});
