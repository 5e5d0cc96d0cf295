import type { TaskView } from '../contracts/distributor/task.ts';
import type { TraceLine } from './work.ts';

/** The size of its payload, which batches are limited by. */
function sizeOf({ payload, payload_ref }: TaskView): Pick<TraceLine, 'payload_bytes'> {
  if (payload_ref !== undefined) return { payload_bytes: payload_ref.bytes };
  return payload === undefined ? {} : { payload_bytes: new TextEncoder().encode(JSON.stringify(payload)).length };
}

/**
 * A task that ended well as a line of a trace: when it came (epoch ms), how long its last attempt took, and what the scheduler looked at. Undefined for a task that
 * has not completed: nobody knows how long it would work.
 */
export function recordedLine(task: TaskView): TraceLine | undefined {
  const { status, created_at, started_at, completed_at, deadline, required_capabilities, namespace, submitter } = task;
  const { priority, escalated_from = priority, escalation } = task;
  if (status !== 'Completed' || started_at === undefined || completed_at === undefined) return undefined;
  const timestamp_ms = Date.parse(created_at);
  return {
    timestamp_ms,
    duration_ms: Math.max(0, Date.parse(completed_at) - Date.parse(started_at)),
    priority: escalated_from,
    // A deadline that had passed when the task came is due at once.
    ...(deadline === undefined ? {} : { deadline_ms: Math.max(0, Date.parse(deadline) - timestamp_ms) }),
    ...(escalation === undefined ? {} : { escalation }),
    ...(required_capabilities.length === 0 ? {} : { capabilities: [...required_capabilities] }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(submitter === undefined ? {} : { submitter }),
    ...sizeOf(task),
  };
}

/** The trace of a recorded run, in the order of its times. */
export function recordedTrace(tasks: readonly TaskView[]): readonly TraceLine[] {
  return tasks.flatMap((task) => recordedLine(task) ?? []).sort((one, other) => one.timestamp_ms - other.timestamp_ms);
}
