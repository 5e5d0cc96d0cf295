import { degradedFailuresMin } from '../../../contracts/limits.ts';
import type { AgentRow } from '../../../contracts/rows.ts';
import { heldCount } from './hold.ts';

/** True while the agent's lease holds and it takes new work. `now` is epoch ms. */
export function isAvailable(agent: AgentRow, now: number): boolean {
  return takesWork(agent, now) && Date.parse(agent.lease_until) > now;
}

/** True unless the agent leaves, rests or was stopped; whether anybody has heard of it is not asked. `now` is epoch ms. */
export function takesWork(agent: AgentRow, now: number): boolean {
  return !agent.draining && agent.stopped === undefined && !isInMaintenance(agent, now);
}

function isInMaintenance({ maintenance }: AgentRow, now: number): boolean {
  return maintenance?.some(({ from, until }) => Date.parse(from) <= now && now < Date.parse(until)) === true;
}

/** True after several failures in a row, until a task succeeds. */
export function isDegraded(agent: AgentRow): boolean {
  return (agent.failed_in_a_row ?? 0) >= degradedFailuresMin;
}

/** Slots that may be filled: all of them, but one of an agent that is degraded, and as many as it has earned of one that warms up. */
export function openSlots(agent: AgentRow): number {
  if (isDegraded(agent)) return 1;
  if (agent.warm_up !== true) return agent.capacity;
  return Math.min(agent.capacity, 1 + (agent.completed_since ?? 0));
}

/** Slots that are open and not occupied. */
export function freeSlots(agent: AgentRow): number {
  return Math.max(0, openSlots(agent) - (agent.occupied ?? heldCount(agent)));
}
