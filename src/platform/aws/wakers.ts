import type { TaskRow } from '../../contracts/rows.ts';
import type { DistributorDeps } from '../../distributor/ports.ts';
import type { DeadlineDeps } from '../../distributor/usecases/pulse/wake-deadlines.ts';
import { wakeTasks } from '../../distributor/usecases/pulse/wake-tasks.ts';
import type { Adapters } from './deployment.ts';

/** Who wakes what waits for a time, by its kind. */
export function createWakers(deps: Adapters): DistributorDeps['wakers'] {
  const failTask: DeadlineDeps['failTask'] = async (task_id, decide) =>
    (await import('../../workflow/usecases/advance/fail-task.ts')).failWorkflowTask(deps, task_id, decide);
  return {
    node: async (_pool, ids) => (await import('../../workflow/usecases/advance/wake-nodes.ts')).wakeNodes(deps, ids),
    approval: async (pool, ids) =>
      (await import('../../workflow/usecases/approvals/wake-approvals.ts')).wakeApprovals(deps, pool, ids),
    event: async (pool, ids) =>
      (await import('../../workflow/usecases/events/deliver-event.ts')).wakeEvents(deps, pool, ids),
    task: (pool, ids) => {
      // On demand: few tasks are hedged.
      const hedge = async (rows: readonly TaskRow[]) =>
        (await import('../../distributor/usecases/dispatch/hedge-tasks.ts')).hedgeTasks(deps, pool, rows);
      return wakeTasks({ ...deps, hedge }, pool, ids);
    },
    deadline: async (pool, ids) => {
      const { wakeDeadlines } = await import('../../distributor/usecases/pulse/wake-deadlines.ts');
      return wakeDeadlines({ ...deps, failTask }, pool, ids);
    },
    // On demand: most pulses wake no schedule, and need neither cron nor graphs.
    schedule: async (pool, ids) =>
      (await import('../../workflow/usecases/schedules/wake-schedules.ts')).wakeSchedules(deps, pool, ids),
    sweep: async (_pool, namespaces) => {
      const { wakeSweeps } = await import('../../context/usecases/lifecycle/sweep-namespace.ts');
      return { count: await wakeSweeps(deps, namespaces), hints: [] };
    },
  };
}
