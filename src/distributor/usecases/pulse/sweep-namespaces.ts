import { workflowOf } from '../../../contracts/ids.ts';
import { sweptTasksMax } from '../../../contracts/limits.ts';
import type { NamespaceKill } from '../../../contracts/distributor/namespace.ts';
import type { PoolRows } from '../../../contracts/rows.ts';
import { namespaceOf } from '../../core/ready/route.ts';
import { parseHoldKey } from '../../core/agents/hold.ts';
import type { DistributorDeps } from '../../ports.ts';
import { cancelTask } from '../tasks/cancel-task.ts';

interface Doomed {
  readonly task_id: string;
  readonly namespace: string;
  readonly kill: NamespaceKill;
}

/** Work of killed namespaces: what runs, as the holds tell, and what waits, as the heads of their routes show; at most `sweptTasksMax`. */
async function findDoomed(deps: DistributorDeps, { killed = new Map(), agents, routes }: PoolRows) {
  const of = (namespace: string, ids: readonly string[]): Doomed[] => {
    const kill = killed.get(namespace);
    return kill === undefined ? [] : ids.map((task_id) => ({ task_id, namespace, kill }));
  };
  const running = agents.flatMap(({ holds }) =>
    Object.entries(holds).flatMap(([key, { namespace }]) =>
      namespace === undefined ? [] : of(namespace, [parseHoldKey(key).task_id]),
    ),
  );
  const waiting = await Promise.all(
    routes
      .filter((route) => killed.has(namespaceOf(route)))
      .map(async (route) => {
        const head = await deps.tasks.ready(route, sweptTasksMax);
        return of(
          namespaceOf(route),
          head.map(({ task_id }) => task_id),
        );
      }),
  );
  return [...running, ...waiting.flat()].slice(0, sweptTasksMax);
}

/**
 * Cancels work of killed namespaces, a bounded part at a time: tasks of their own on their fence, so that what their agents still report is late, and workflows as a whole.
 * Answers how much it found: while that is not nothing the pulse comes back. One that fails does not keep the others.
 */
export async function sweepNamespaces(deps: DistributorDeps, pool: PoolRows): Promise<number> {
  if (pool.killed === undefined || pool.killed.size === 0) return 0;
  const doomed = await findDoomed(deps, pool);
  const byOwner = new Map(doomed.map((each) => [workflowOf(each.task_id)?.workflow_id ?? each.task_id, each]));
  await Promise.allSettled(
    [...byOwner.values()].map(async ({ task_id, namespace, kill }) => {
      const request = { principal: kill.by, reason: `the namespace ${namespace} was killed: ${kill.reason}` };
      const workflow = workflowOf(task_id);
      if (workflow === undefined) await cancelTask(deps, { task_id, ...request });
      else await deps.workflowTasks.cancel({ workflow_id: workflow.workflow_id, ...request });
    }),
  );
  return doomed.length;
}
