import { preemptPauseMs } from '../../../contracts/limits.ts';
import type { AgentRow, Hold } from '../../../contracts/rows.ts';
import type { Assignment } from '../dispatch/assignment.ts';
import { levelOf, placeIn } from '../ready/ready-order.ts';

/**
 * The holds of an agent, one for each slot in use: the tasks of a batch have one together, until the last of them has ended. What is left of batches with an agent that does not take any now counts as
 * what it would run one by one.
 */
export function heldSlots({ holds, batch }: Pick<AgentRow, 'holds' | 'batch'>): readonly (readonly [string, Hold])[] {
  const all = Object.entries(holds);
  if (batch === undefined) return all;
  const seen = new Set<number>();
  return all.filter(([, hold]) => {
    if (hold.batch === undefined) return true;
    const isFirst = !seen.has(hold.batch);
    seen.add(hold.batch);
    return isFirst;
  });
}

/** How many slots are in use. A decision asks it of thousands of agents, most of which take no batches. */
export function heldCount({ holds, batch }: Pick<AgentRow, 'holds' | 'batch'>): number {
  return batch === undefined ? Object.keys(holds).length : heldSlots({ holds, batch }).length;
}

/**
 * The hold of a task that gets a slot at `now` (epoch ms). It says of the task what decides whether it has to make way, which the highest level and what shares its slot
 * never have to, and what it counts against: an agent's row is written with every task.
 */
export function holdOf(
  {
    task,
    taken,
    namespace,
    reservation,
    canary,
    batch,
  }: Pick<Assignment, 'task' | 'taken' | 'namespace' | 'reservation' | 'canary' | 'batch'>,
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
    ...(batch === undefined ? {} : { batch }),
  };
  if (levelOf(order) === 0 || batch !== undefined) return hold;
  const spared = resume === undefined ? {} : { spared_until: Date.parse(resume.at) + preemptPauseMs };
  return { ...hold, order: placeIn(order), ...spared };
}

/** The name of a hold: one attempt of one task. */
export function holdKey(task_id: string, attempt: number): string {
  return `${task_id}#${attempt}`;
}

/** The task and attempt of a hold. */
export function parseHoldKey(key: string): { readonly task_id: string; readonly attempt: number } {
  const at = key.lastIndexOf('#');
  return { task_id: key.slice(0, at), attempt: Number(key.slice(at + 1)) };
}
