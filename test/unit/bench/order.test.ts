import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, it } from '@jest/globals';
import { type Dispatch, orderViolations } from '../../../bench/support/order.ts';
import { startTwinFleet } from '../../../bench/support/twin-fleet.ts';
import type { Priority, Task } from '../../../src/contracts/distributor/task.ts';
import type { Adapters } from '../../../src/platform/aws/deployment.ts';
import type { VirtualClock } from '../../../src/platform/twin/virtual-clock.ts';
import { deployTwin, type TwinDeployment } from '../../../src/sdk/test-cloud/twin-deployment.ts';

const task = (priority: Priority, acceptedAt: number, decidedAt: number): Dispatch => ({
  priority,
  acceptedAt,
  decidedAt,
});

describe('violations of the order', () => {
  it('are a low task given out while a higher one had been waiting', () => {
    expect(orderViolations([task('critical', 0, 300), task('low', 0, 200)], 100)).toBe(1);
  });

  it('are none when the higher one went first, or in the same decision', () => {
    expect(orderViolations([task('critical', 0, 200), task('low', 0, 200)], 100)).toBe(0);
    expect(orderViolations([task('critical', 0, 200), task('low', 0, 300)], 100)).toBe(0);
  });

  it('are none when the higher one came after the decision, or within the tolerance before it', () => {
    expect(orderViolations([task('critical', 250, 300), task('low', 0, 200)], 100)).toBe(0);
    expect(orderViolations([task('critical', 150, 300), task('low', 0, 200)], 100)).toBe(0);
    expect(orderViolations([task('critical', 150, 300), task('low', 0, 200)], 0)).toBe(1);
  });

  it('are none among tasks of one priority, and none when a lower one waits', () => {
    expect(orderViolations([task('high', 0, 900), task('high', 0, 200)], 0)).toBe(0);
    expect(orderViolations([task('low', 0, 900), task('high', 0, 200)], 0)).toBe(0);
  });

  it('count each task that was given out too early, once', () => {
    const waiting = [task('critical', 0, 900), task('high', 0, 800)];
    const early = [task('low', 0, 300), task('medium', 0, 400)];
    expect(orderViolations([...waiting, ...early], 100)).toBe(3);
  });
});

describe('where the table takes its time', () => {
  const writeMs = 3_000;
  const workMs = 200;

  /** Rows of critical tasks are written long after their acceptance began; everything else takes no time. */
  function slowly({ tasks, ...adapters }: Adapters, clock: () => VirtualClock): Adapters {
    const insert: Adapters['tasks']['insert'] = async (rows) => {
      if (rows.some(({ priority }) => priority === 'critical')) await clock().sleep(writeMs);
      return tasks.insert(rows);
    };
    return { ...adapters, tasks: { ...tasks, insert } };
  }

  async function flood(): Promise<readonly (Dispatch & { readonly writtenAt: number })[]> {
    const twin: TwinDeployment = deployTwin(
      { seed: 1 },
      { adapters: (adapters) => slowly(adapters, () => twin.cloud.clock) },
    );
    const { clock, dynamodb } = twin.cloud;
    await startTwinFleet(twin, {
      ...{ agents: 2, slots: 2, clientsOf: (_name, clients) => clients },
      handler: () => clock.sleep(workMs),
    });
    const writtenAt = new Map<unknown, number>();
    dynamodb.onCommit(({ at, changes }) => {
      for (const { before, after } of changes)
        if (after?.['sk'] === 'TASK' && before === undefined) writtenAt.set(after['task_id'], at);
    });
    const { sqs } = twin.cloud.process('client').clients;
    const submit = async (priority: Priority, count: number): Promise<void> => {
      const tasks = Array.from({ length: count }, (_, index): Task => {
        const task_id = `${priority}-${index}`;
        return { task_id, task_type: 'bench', priority, required_capabilities: ['bench'], payload: {} };
      });
      const QueueUrl = twin.deployment.queues[`tasks-${priority}`];
      for (let at = 0; at < count; at += 10)
        await sqs.send(
          new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify({ tasks: tasks.slice(at, at + 10) }) }),
        );
    };
    await clock.drive(Promise.all([submit('critical', 20), submit('low', 100)]));
    await clock.run(() => dynamodb.items().filter(({ status }) => status === 'Completed').length === 120);
    return dynamodb
      .items()
      .filter(({ sk }) => sk === 'TASK')
      .map((row) => ({
        priority: row['priority'] as Priority,
        acceptedAt: Date.parse(String(row['created_at'])),
        writtenAt: writtenAt.get(row['task_id']) ?? Number.NaN,
        decidedAt: Date.parse(String(row['started_at'])),
      }));
  }

  it('a row that tells when its acceptance began makes violations of what nobody could have given out: told by when it was written there are none', async () => {
    const tasks = await flood();
    expect(tasks).toHaveLength(120);
    expect(orderViolations(tasks, 1_000)).toBeGreaterThan(0);
    expect(orderViolations(tasks, writeMs)).toBe(0);
    const written = tasks.map(({ writtenAt, ...task }) => ({ ...task, acceptedAt: writtenAt }));
    expect(orderViolations(written, 0)).toBe(0);
  });
});
