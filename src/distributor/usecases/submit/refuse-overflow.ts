import { type Outcome, refused } from '../../../contracts/errors.ts';
import { queueFullRetryMs } from '../../../contracts/limits.ts';
import type { Task } from '../../../contracts/distributor/task.ts';
import { namespaceOf } from '../../core/ready/route.ts';
import type { DistributorDeps } from '../../ports.ts';
import type { Admission } from './admission.ts';

/** The refusals of tasks whose queue is full, by id. What was accepted before is no new task, however full the queue is. */
export async function refuseOverflow(
  deps: Pick<DistributorDeps, 'tasks'>,
  { full }: Admission,
  tasks: readonly Task[],
): Promise<ReadonlyMap<string, Outcome<never>>> {
  const over = tasks.flatMap((task) => {
    const scope = ['*', namespaceOf(task)].find((each) => Object.hasOwn(full, each));
    return scope === undefined ? [] : [{ task_id: task.task_id, scope, rule: full[scope] ?? '' }];
  });
  if (over.length === 0) return new Map();
  const rows = await deps.tasks.get(over.map(({ task_id }) => task_id));
  return new Map(
    over.flatMap(({ task_id, scope, rule }, index) => {
      if (rows[index] !== undefined) return [];
      const whose = scope === '*' ? 'the pool' : `namespace ${scope}`;
      const message = `${whose} has as many tasks waiting as overflow rule ${rule} allows; it is counted again in ${queueFullRetryMs / 1_000} s`;
      return [[task_id, refused('queue-full', message)]];
    }),
  );
}
