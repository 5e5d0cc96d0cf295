import { randomUUID } from 'node:crypto';
import type { AgentRow, ReadyTask, TaskRow } from '../../../src/contracts/rows.ts';
import { type Database, queryItems } from '../../../src/platform/aws/database.ts';
import type { Adapters } from '../../../src/platform/aws/deployment.ts';
import type { Item } from '../../../src/platform/aws/item.ts';
import type { TaskChange } from '../../../src/distributor/core/tasks/task-change.ts';
import { agentRow, taskRow } from '../../unit/distributor/rows.ts';

/** A cloud that the contract suites run against. Suites share its table, so each test works in a pool of its own. */
export interface Backend {
  readonly adapters: Adapters;
  /** Bodies of the messages of a queue, by its name or URL, as far as they can be read at once. */
  bodies(queue: string): Promise<readonly string[]>;
  /** The items of a partition as they are stored. */
  partition(pk: string): Promise<readonly Item[]>;
}

/** Reads whole partitions of a table. */
export const partitionsOf =
  (db: Database): Backend['partition'] =>
  (pk) =>
    queryItems(db, {
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': pk },
      ConsistentRead: true,
    });

/** Gives the backend of a suite; called in each test, so that it may be made late. */
export type BackendOf = () => Backend;

/** A name nobody else has. */
export const unique = (prefix: string): string => `${prefix}${randomUUID().slice(0, 13)}`;

/** Rows of one pool, with ids that no other test has. */
export function tasksIn(pool: string, count: number, over: Partial<TaskRow> = {}): TaskRow[] {
  return Array.from({ length: count }, (_, at) =>
    taskRow({ task_id: `${pool}-${String(at).padStart(3, '0')}`, pool, ...over }),
  );
}

/** An agent of a pool. */
export const agentIn = (pool: string, over: Partial<AgentRow> = {}): AgentRow => agentRow({ pool, ...over });

export const ids = (rows: readonly (Pick<ReadyTask, 'task_id'> | undefined)[]) => rows.map((row) => row?.task_id);

/** The change of a claim by a1. */
export function claim(row: TaskRow): TaskChange {
  return {
    task_id: row.task_id,
    expect: { status: 'Queued', attempt: row.attempt },
    patch: { status: 'Processing', attempt: row.attempt + 1, assigned_agent: 'a1', principal: 'p1' },
    index: null,
  };
}

/** Lets a row wait for its retry time. */
export function delay(row: TaskRow, not_before: string): TaskChange {
  return {
    task_id: row.task_id,
    expect: { status: 'Queued', attempt: row.attempt },
    patch: { not_before },
    index: { partition: `TIMER#${row.pool}`, key: `${not_before}#${row.task_id}` },
  };
}
