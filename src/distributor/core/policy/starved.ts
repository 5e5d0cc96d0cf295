import { canaryStarvedMs } from '../../../contracts/limits.ts';
import type { PoolRows, ReadyTask } from '../../../contracts/rows.ts';
import type { Head } from '../agents/demand.ts';
import { openFleet } from '../agents/fleet.ts';
import { isCanaryTask } from './canary.ts';
import { reaches } from './reach.ts';
import { routerOf, routerOfPool } from './routing.ts';

/**
 * A task of the canary that has waited for longer than `canaryStarvedMs` under it because it leaves none of the available agents to the task, though the version in force would leave one:
 * such tasks never end, so that the figures say nothing of them. `now` is epoch ms.
 */
export function starvedTask(
  { policy, agents }: Pick<PoolRows, 'policy' | 'agents'>,
  heads: readonly Head[],
  now: number,
): ReadyTask | undefined {
  if (policy?.canary === undefined) return undefined;
  const since = Date.parse(policy.at);
  const fleet = openFleet(agents, now);
  const tried = reaches(fleet, routerOfPool(policy, now));
  const inForce = reaches(fleet, routerOf(policy.document, now));
  for (const { route, head } of heads) {
    const starved = head.find(
      (task) =>
        isCanaryTask(policy, task.task_id) &&
        now - Math.max(since, Date.parse(task.queued_at)) > canaryStarvedMs &&
        tried(task, route).members.length === 0 &&
        inForce(task, route).members.length > 0,
    );
    if (starved !== undefined) return starved;
  }
  return undefined;
}
