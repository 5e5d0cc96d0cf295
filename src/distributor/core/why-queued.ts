import type { AgentRow, TaskRow } from '../../contracts/rows.ts';
import { openFleet } from './fleet.ts';
import { routeRow } from './route.ts';

/** Why a queued task waits: nobody who may run it is there, or those are busy. */
export function whyQueued(row: TaskRow, agents: readonly AgentRow[], now: number): string {
  if (row.not_before !== undefined) return `waits until ${row.not_before} to be tried again`;
  const required = row.required_capabilities.join(', ');
  const offered = agents.some((agent) => row.required_capabilities.every((each) => agent.capabilities.includes(each)));
  if (!offered) return required === '' ? 'no agent is registered' : `no registered agent offers ${required}`;
  const { all: able } = openFleet(agents, now).candidatesOf(routeRow(row.pool, row));
  return able.length === 0 ? 'no agent that could run it is available' : 'waits for a free slot';
}
