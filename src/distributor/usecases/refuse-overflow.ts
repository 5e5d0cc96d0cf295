import { type Outcome, refused } from '../../contracts/errors.ts';
import { queueFullRetryMs } from '../../contracts/limits.ts';
import type { PoolRows } from '../../contracts/rows.ts';
import type { Task } from '../../contracts/task.ts';
import { namespaceOf } from '../core/route.ts';
import type { DistributorDeps } from '../ports.ts';

/** What a process last saw of each pool, for as long as between two counts: so a submission costs no call of its own. */
const seen = new WeakMap<DistributorDeps['agents'], Map<string, { readonly at: number; readonly full: Full }>>();
type Full = NonNullable<PoolRows['full']>;

async function fullQueues({ agents, sources }: DistributorDeps, pool: string): Promise<Full> {
  const pools = seen.get(agents) ?? new Map<string, { readonly at: number; readonly full: Full }>();
  seen.set(agents, pools);
  const last = pools.get(pool);
  const now = sources.now();
  if (last !== undefined && now - last.at < queueFullRetryMs && now >= last.at) return last.full;
  const full = await agents.full(pool);
  pools.set(pool, { at: now, full });
  return full;
}

/** The refusals of tasks whose queue is full, by id. What was accepted before is no new task, however full the queue is. */
export async function refuseOverflow(
  deps: DistributorDeps,
  pool: string,
  tasks: readonly Task[],
): Promise<ReadonlyMap<string, Outcome<never>>> {
  const full = await fullQueues(deps, pool);
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
