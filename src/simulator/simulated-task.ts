import { inlineBytesMax, timeoutMsMax } from '../contracts/limits.ts';
import type { ReadyTask, TaskRow } from '../contracts/rows.ts';
import { readyOrder } from '../distributor/core/ready/ready-order.ts';
import { newTask } from '../distributor/core/tasks/task.ts';
import { simulatedType } from './crew.ts';
import type { Work } from './work.ts';

/** The beginning of every run: rows carry real times, and a run must not depend on when it is made. */
export const startMs = Date.UTC(2026, 0, 1);

/** A time of the run (ms from its beginning) as rows have it. */
export const timeText = (ms: number): string => new Date(startMs + ms).toISOString();

/** Who submits what names nobody. */
export const nobody = 'simulation';

const prefix = 'task-';
/** The place of a task in the work of its run. */
export const indexOf = (task_id: string): number => Number(task_id.slice(prefix.length));

/** How tasks are accepted in a run: whether each may be hedged, and under whom it takes turns where its policy shares out between submitters. */
export interface Acceptance {
  readonly hedged: boolean;
  readonly standingOf: (submitter: string) => { readonly submitter?: string };
}

/** The row of a task as it was accepted at a time of the run. */
export function acceptedRow(index: number, work: Work, now: number, { hedged, standingOf }: Acceptance): TaskRow {
  const { priority, capabilities, deadline_ms, escalation, at, namespace, submitter = nobody } = work;
  return newTask(
    {
      task_id: `${prefix}${String(index).padStart(9, '0')}`,
      ...{ task_type: simulatedType, priority, required_capabilities: [...capabilities], payload: {} },
      ...(deadline_ms === undefined ? {} : { deadline: timeText(at + deadline_ms) }),
      ...(escalation === undefined ? {} : { escalation: [...escalation] }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(hedged ? { distribution_rules: { hedge: {} } } : {}),
    },
    {
      ...{ pool: 'default', now: timeText(now), body_hash: '', correlation_id: '', timeout_ms: timeoutMsMax },
      submitted_by: submitter,
      ...standingOf(submitter),
    },
  );
}

/** What the ready index shows of it. A large payload goes by reference, and then nothing of its size. */
export function readyTaskOf(row: TaskRow, { payload_bytes = 0 }: Pick<Work, 'payload_bytes'>): ReadyTask {
  return {
    ...{ task_id: row.task_id, task_type: row.task_type, priority: row.priority, attempt: row.attempt },
    ...{ timeout_ms: row.timeout_ms, route: row.route, created_at: row.created_at, queued_at: row.queued_at },
    ...(row.deadline === undefined ? {} : { deadline: row.deadline }),
    ...(row.resume === undefined ? {} : { resume: row.resume }),
    ...(row.distribution_rules === undefined ? {} : { distribution_rules: row.distribution_rules }),
    ...(payload_bytes > inlineBytesMax ? {} : { payload_bytes }),
    order: readyOrder(row),
  };
}
