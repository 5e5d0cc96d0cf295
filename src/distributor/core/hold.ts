import { preemptPauseMs } from '../../contracts/limits.ts';
import type { Hold } from '../../contracts/rows.ts';
import type { Assignment } from './assign.ts';
import { levelOf, placeIn } from './ready-order.ts';

/**
 * The hold of a task that gets a slot at `now` (epoch ms). It says of the task what decides whether it has to make way, which the highest level never has to, and
 * what it counts against: an agent's row is written with every task.
 */
export function holdOf(
  {
    task,
    taken,
    namespace,
    reservation,
    canary,
  }: Pick<Assignment, 'task' | 'taken' | 'namespace' | 'reservation' | 'canary'>,
  now: number,
): Hold {
  const { timeout_ms, order, resume } = task;
  const { limits = [], reserved } = taken ?? {};
  const hold = {
    ...{ at: now, until: now + timeout_ms },
    ...(limits.length === 0 ? {} : { limits }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(reserved === undefined ? {} : { reserved }),
    ...(reservation === undefined ? {} : { reservation }),
    ...(canary === undefined ? {} : { canary }),
  };
  if (levelOf(order) === 0) return hold;
  const spared = resume === undefined ? {} : { spared_until: Date.parse(resume.at) + preemptPauseMs };
  return { ...hold, order: placeIn(order), ...spared };
}
