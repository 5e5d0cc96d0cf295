import { addedFigures, agingOf, sumOfFigures } from '../distributor/core/agents/figures.ts';
import type { AgentRow, Hold, TypeFigures } from '../contracts/rows.ts';
import type { AgentGroup, Fleet } from './fleet.ts';

/** A row that changes in place: the dispatcher only looks at it during a round, and a million copies would be most of the work. */
type LiveRow = { -readonly [K in keyof AgentRow]: AgentRow[K] } & { holds: Record<string, Hold>; occupied: number };

/** A slot in use: by one attempt, or by those of a batch, which begin and end together. */
export interface Slot {
  /** How long each of its tasks works, in ms at speed 1. */
  readonly durations: number[];
  /** When its agent has it, ms of the run. */
  arrivesAt: number;
  /** Attempts that hold it, and those at work. */
  held: number;
  working: number;
}

/** An agent of a simulation. */
export interface SimulatedAgent {
  readonly number: number;
  readonly row: LiveRow;
  readonly group: AgentGroup;
  /** Whether it is there: it has joined, has not left, and is up. */
  present: boolean;
  /** It has failed and is not yet repaired. */
  down: boolean;
  /** Counts its failures: what it began in an earlier life never ends. */
  life: number;
  /** The slot of the batch that it was given last, by the batch's number: tasks handed out together meet there. */
  readonly batches: Map<number, Slot>;
  /** Slots on which a task runs. */
  running: number;
  /** Milliseconds of work done, over all slots, and milliseconds it was there. */
  workedMs: number;
  presentMs: number;
  cameAt: number;
}

/** The type of all tasks of a simulation. */
export const simulatedType = 'simulated';

/** Later than any run: agents report by themselves, so their leases hold until they fail. */
const untilFurtherNotice = '9999-12-31T23:59:59.999Z';

function liveRow(group: AgentGroup, id: string, at: string): LiveRow {
  return {
    ...{ pool: 'default', agent_id: id, type: 'simulated', principal: id, inbox_url: '', draining: false },
    ...{ capabilities: group.capabilities, capacity: group.slots, holds: {}, occupied: 0, wanted: [], reported: [] },
    ...{ registered_at: at, last_heartbeat: at, reported_at: at, lease_until: untilFurtherNotice },
    ...{ completed: 0, failed: 0, usd_per_hour: group.usd_per_hour },
    ...(group.batch === undefined ? {} : { batch: group.batch }),
  };
}

/** All agents of a fleet, in its order; none is there yet. `startMs` is the epoch time of the run's beginning. */
export function createCrew(fleet: Fleet, startMs: number): readonly SimulatedAgent[] {
  const at = new Date(startMs).toISOString();
  return fleet
    .flatMap((group) => Array.from({ length: group.count }, () => group))
    .map((group, number): SimulatedAgent => {
      const row = liveRow(group, `agent-${String(number).padStart(6, '0')}`, at);
      const counts = { life: 0, running: 0, workedMs: 0, presentMs: 0, cameAt: 0 };
      return { number, row, group, present: false, down: false, batches: new Map(), ...counts };
    });
}

/** How many tasks all the free slots may be given. */
export function roomOf(agents: readonly SimulatedAgent[]): number {
  return agents.reduce((sum, { row }) => sum + (row.capacity - row.occupied) * (row.batch?.tasks_max ?? 1), 0);
}

/** It registers, for the first time or again. */
export function come(agent: SimulatedAgent, now: number): void {
  agent.present = true;
  agent.down = false;
  agent.cameAt = now;
  agent.row.lease_until = untilFurtherNotice;
}

/** It has completed a task: what apply-results adds to its row. */
export function succeed({ row }: SimulatedAgent, duration_ms: number): void {
  row.completed += 1;
  row.worked_ms = (row.worked_ms ?? 0) + Math.round(duration_ms);
  const usd = ((row.usd_per_hour ?? 0) * duration_ms) / 3_600_000;
  const result = { task_id: '', attempt: 1, outcome: 'completed', task_type: simulatedType, duration_ms } as const;
  const { [simulatedType]: added } = addedFigures([{ ...result, ...(usd === 0 ? {} : { usage: { usd } }) }]);
  const before = row.figures?.[simulatedType];
  if (added === undefined) return;
  row.figures = { [simulatedType]: before === undefined ? added : sumOfFigures(before, added) };
  // What the pulse does: old work comes to count less.
  const half = agingOf(row)?.halve[simulatedType];
  if (half !== undefined) row.figures = { [simulatedType]: halved(half) };
}

function halved(figures: TypeFigures): TypeFigures {
  return Object.fromEntries(
    Object.entries(figures).map(([sum, value]) => [sum, Math.ceil(Number(value) / 2)]),
  ) as unknown as TypeFigures;
}

/** It is not there from now on. */
export function go(agent: SimulatedAgent, now: number): void {
  agent.present = false;
  agent.presentMs += now - agent.cameAt;
}

/** It stops, with all that it does; nobody knows before its lease ends at `leaseUntil` (RFC 3339). */
export function crash(agent: SimulatedAgent, leaseUntil: string): void {
  agent.down = true;
  agent.life += 1;
  agent.running = 0;
  agent.row.lease_until = leaseUntil;
}
