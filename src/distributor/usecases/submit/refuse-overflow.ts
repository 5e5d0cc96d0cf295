import { type Outcome, refused } from '../../../contracts/errors.ts';
import { queueFullRetryMs } from '../../../contracts/limits.ts';
import type { Task } from '../../../contracts/distributor/task.ts';
import { type Admission, fullRulesOf } from '../../core/ready/overflow.ts';
import type { DistributorDeps } from '../../ports.ts';

/** The refusals of tasks whose queue is full by a rule that refuses, by id. What was accepted before is no new task, however full the queue is. */
export async function refuseOverflow(
  deps: Pick<DistributorDeps, 'tasks'>,
  admission: Admission,
  tasks: readonly Task[],
): Promise<ReadonlyMap<string, Outcome<never>>> {
  const over = tasks.flatMap((task) => {
    const rule = fullRulesOf(admission, task).find(({ then }) => then === 'refuse');
    return rule === undefined ? [] : [{ task_id: task.task_id, rule }];
  });
  if (over.length === 0) return new Map();
  const rows = await deps.tasks.get(over.map(({ task_id }) => task_id));
  return new Map(
    over.flatMap(({ task_id, rule: { name, namespace } }, index) => {
      if (rows[index] !== undefined) return [];
      const whose = namespace === undefined ? 'the pool' : `namespace ${namespace}`;
      const message = `${whose} has as many tasks waiting as overflow rule ${name} allows; it is counted again in ${queueFullRetryMs / 1_000} s`;
      return [[task_id, refused('queue-full', message)]];
    }),
  );
}
