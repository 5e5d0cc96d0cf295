import { GetQueueAttributesCommand, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { priorities } from '../../src/contracts/distributor/task.ts';
import { tasksPerMessageMax } from '../../src/contracts/limits.ts';
import type { TaskRow } from '../../src/contracts/rows.ts';
import { createClient } from '../../src/sdk/client/client.ts';
import { type LocalStage, until } from './local-stage.ts';
import { benchTask } from './twin-fleet.ts';

/** How long a backlog took: until it was accepted, and from there until the last task of it had ended. */
export interface BacklogRun {
  readonly acceptS: number;
  readonly workS: number;
  readonly rows: readonly TaskRow[];
}

/**
 * Lets a backlog of four priorities be accepted whole while the agents are given nothing, and then has them work it off. Only so is every task that is given out
 * before a higher one a mistake: while tasks are still being accepted, the higher one may not have been there yet.
 */
export async function runBacklog(
  stage: LocalStage,
  agents: readonly string[],
  { first, count }: { readonly first: number; readonly count: number },
): Promise<BacklogRun> {
  const client = createClient();
  const tasks = Array.from({ length: count }, (_, index) => benchTask(first + index));
  const ids = new Set(tasks.map(({ task_id }) => task_id));
  await Promise.all(agents.map((id) => client.drainAgent(id, 'the backlog is to be accepted whole')));
  const begun = Date.now();
  await submit(stage, tasks);
  await until('all tasks are accepted', () => nothingToAccept(stage), 300_000);
  const accepted = Date.now();
  const queued = await readRows(stage, ids);
  const odd = count - queued.filter(({ status }) => status === 'Queued').length;
  if (odd > 0) throw new Error(`${odd} of ${count} tasks do not wait although nobody was to be given any`);
  const released = Date.now();
  await Promise.all(agents.map((id) => client.reviveAgent(id)));
  let rows: readonly TaskRow[] = [];
  await until('all tasks end', async () => {
    await stage.settled();
    rows = await readRows(stage, ids);
    return rows.every(({ completed_at }) => completed_at !== undefined);
  });
  const ended = Math.max(...rows.map(({ completed_at = '' }) => Date.parse(completed_at)));
  return { acceptS: (accepted - begun) / 1000, workS: (ended - released) / 1000, rows };
}

async function submit({ clients, outputs }: LocalStage, tasks: readonly ReturnType<typeof benchTask>[]): Promise<void> {
  for (const [priority, list] of Map.groupBy(tasks, (task) => task.priority)) {
    const bodies: string[] = [];
    for (let at = 0; at < list.length; at += tasksPerMessageMax) {
      bodies.push(JSON.stringify({ tasks: list.slice(at, at + tasksPerMessageMax) }));
    }
    for (let at = 0; at < bodies.length; at += 10) {
      await clients.sqs.send(
        new SendMessageBatchCommand({
          QueueUrl: outputs.queueUrls[`tasks-${priority}`],
          Entries: bodies.slice(at, at + 10).map((MessageBody, index) => ({ Id: String(index), MessageBody })),
        }),
      );
    }
  }
}

/** A message leaves its queue when the function has written the rows of its tasks. */
async function nothingToAccept({ clients, outputs }: LocalStage): Promise<boolean> {
  const left = await Promise.all(
    priorities.map(async (priority) => {
      const { Attributes = {} } = await clients.sqs.send(
        new GetQueueAttributesCommand({
          QueueUrl: outputs.queueUrls[`tasks-${priority}`],
          AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
        }),
      );
      return Object.values(Attributes).reduce((sum, value) => sum + Number(value), 0);
    }),
  );
  return left.every((messages) => messages === 0);
}

async function readRows({ clients, outputs }: LocalStage, ids: ReadonlySet<string>): Promise<readonly TaskRow[]> {
  const rows: TaskRow[] = [];
  let start: Record<string, unknown> | undefined;
  do {
    const page = await clients.dynamodb.send(
      new ScanCommand({ TableName: outputs.tableName, ...(start === undefined ? {} : { ExclusiveStartKey: start }) }),
    );
    rows.push(...((page.Items ?? []) as TaskRow[]).filter((row) => ids.has(row.task_id)));
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return rows;
}
