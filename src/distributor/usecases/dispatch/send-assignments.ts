import type { Assignment as Lease, InboxMessage } from '../../../contracts/messages.ts';
import type { Grant } from '../../core/dispatch/assignment.ts';
import type { DistributorDeps } from '../../ports.ts';

/** Sends their leases to the agents, those of a batch in one message; what is too large for the index is read first. `now` (epoch ms) is when the attempts began. */
export async function sendAssignments(
  deps: Pick<DistributorDeps, 'tasks' | 'messenger'>,
  pool: string,
  claimed: readonly Grant[],
  now: number,
): Promise<void> {
  // A checkpoint is on the row only.
  const without = claimed.filter(({ task }) => task.payload === undefined || task.resume !== undefined);
  const rows = await deps.tasks.get(without.map((each) => each.task.task_id));
  const found = new Map(rows.flatMap((row) => (row === undefined ? [] : [[row.task_id, row] as const])));
  const leases = claimed.map(({ task, agent, attempt, batch }) => {
    const payload = task.payload ?? found.get(task.task_id)?.payload;
    const checkpoint = found.get(task.task_id)?.checkpoint;
    const lease: Lease = {
      kind: 'assign',
      pool,
      task_id: task.task_id,
      task_type: task.task_type,
      priority: task.priority,
      attempt,
      until: new Date(now + task.timeout_ms).toISOString(),
      ...(task.deadline === undefined ? {} : { deadline: task.deadline }),
      ...(payload?.ref === undefined
        ? { payload: JSON.parse(payload?.text ?? 'null') as never }
        : { payload_ref: payload.ref }),
      ...(checkpoint?.text === undefined ? {} : { checkpoint: JSON.parse(checkpoint.text) as never }),
      ...(checkpoint?.ref === undefined ? {} : { checkpoint_ref: checkpoint.ref }),
      ...(task.traceparent === undefined ? {} : { traceparent: task.traceparent }),
      ...(task.reads === undefined ? {} : { reads: [...task.reads] }),
    };
    return { inbox_url: agent.inbox_url, batch, lease };
  });
  // A batch is one message, however many of its tasks were claimed.
  const together = Map.groupBy(leases, ({ inbox_url, batch, lease }) => `${inbox_url} ${batch ?? lease.task_id}`);
  await deps.messenger.send(
    [...together.values()].flatMap((list): { inbox_url: string; message: InboxMessage }[] => {
      const [first] = list;
      if (first === undefined) return [];
      const { inbox_url, batch, lease } = first;
      const tasks = list.map((each) => each.lease);
      return [{ inbox_url, message: batch === undefined ? lease : { kind: 'batch', tasks } }];
    }),
  );
}
