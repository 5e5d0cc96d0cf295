import { desiredHoldMs, desiredWaitMs } from '../../../contracts/limits.ts';
import type { AgentRow, PoolRows, ReadyTask } from '../../../contracts/rows.ts';
import type { Demand } from './demand.ts';
import { recordOf, totalFigures } from './figures.ts';
import { heldCount } from './hold.ts';
import { isAvailable } from './open-slots.ts';

/** What a task is expected to take where nothing is known of its type. */
const unknownMs = 1_000;
/** Slots of an agent of a pool that has none yet. */
const unknownCapacity = 1;

/** The expected duration of a task type over the agents that have run it. */
function expectedMs(agents: readonly AgentRow[], task_type: string): number {
  const known = agents.flatMap((agent) => recordOf(agent.figures?.[task_type]).p50_ms ?? []);
  if (known.length > 0) return known.reduce((sum, ms) => sum + ms, 0) / known.length;
  const others = agents.flatMap((agent) => recordOf(totalFigures(agent)).p50_ms ?? []);
  return others.length > 0 ? others.reduce((sum, ms) => sum + ms, 0) / others.length : unknownMs;
}

/** When a waiting task should have ended: its deadline while that can be met, at the latest `desiredWaitMs` from now. */
function targetMs({ deadline }: ReadyTask, durationMs: number, now: number): number {
  const left = deadline === undefined ? Infinity : Date.parse(deadline) - now;
  return Math.max(durationMs, Math.min(desiredWaitMs, left <= 0 ? desiredWaitMs : left));
}

/** Slots that finish these tasks in time: for every time, the work that must be done by then. Where every agent takes batches a slot does as much as the smallest of these. */
function slotsFor(tasks: readonly ReadyTask[], agents: readonly AgentRow[], now: number): number {
  const durations = new Map<string, number>();
  const work = tasks.map((task) => {
    const ms = durations.get(task.task_type) ?? expectedMs(agents, task.task_type);
    durations.set(task.task_type, ms);
    return { ms, by: targetMs(task, ms, now) };
  });
  work.sort((one, other) => one.by - other.by);
  const together = agents.length === 0 ? 1 : Math.min(...agents.map(({ batch }) => batch?.tasks_max ?? 1));
  let sum = 0;
  let slots = 0;
  for (const { ms, by } of work) {
    sum += ms / together;
    slots = Math.max(slots, sum / by);
  }
  return slots;
}

/**
 * How many agents a pool needs: those that its work in hand occupies, and as many more as finish what waits within `desiredWaitMs` or its deadlines; 0 when there is
 * nothing to do. Where the demand is cut, it is at least one agent more than there is, so that a long backlog is answered step by step. `now` is epoch ms.
 */
export function desiredAgents(agents: readonly AgentRow[], { waiting, isCut }: Demand, now: number): number {
  const available = agents.filter((agent) => isAvailable(agent, now));
  const occupied = agents.reduce((sum, agent) => sum + heldCount(agent), 0);
  if (waiting.length === 0 && occupied === 0) return 0;
  const capacity =
    available.length === 0
      ? unknownCapacity
      : available.reduce((sum, agent) => sum + agent.capacity, 0) / available.length;
  const needed = Math.ceil((occupied + slotsFor(waiting, agents, now)) / capacity - 1e-9);
  return Math.max(1, needed, isCut ? available.length + 1 : 0);
}

/**
 * How many agents a pool is said to need, and what is noted of that: more at once; fewer when it has needed fewer for `desiredHoldMs`, and then as many as it needed at most in that time. A pause
 * between two tasks is no reason to let agents go.
 */
export function heldDesire(
  { desired_agents: before = 0, fewer }: Pick<PoolRows, 'desired_agents' | 'fewer'>,
  needed: number,
  now: number,
): { readonly agents: number; readonly fewer?: PoolRows['fewer'] } {
  if (needed >= before) return { agents: needed };
  const since = fewer?.since ?? now;
  const most = Math.max(needed, fewer?.most ?? 0);
  return now - since < desiredHoldMs ? { agents: before, fewer: { since, most } } : { agents: most };
}
