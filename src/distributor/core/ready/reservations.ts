import type { Reservation } from '../../../contracts/distributor/policy.ts';
import type { AgentRow, PoolRows, ReadyTask, RouteRow } from '../../../contracts/rows.ts';
import type { Fleet } from '../agents/fleet.ts';
import { heldSlots } from '../agents/hold.ts';
import { matches } from '../policy/routing.ts';
import { namespaceOf } from './route.ts';
import { openSlots } from '../agents/open-slots.ts';

/** What tells to which reservation a task belongs. */
export type Reserving = Pick<ReadyTask, 'task_id' | 'task_type' | 'priority'>;

/** A reservation as the agents' rows show it: the slots that it keeps now, and how many its tasks hold, kept ones or not. */
export interface Kept extends Reservation {
  readonly slots: number;
  readonly used: number;
}

/** The pool's reservations during one round. */
export interface Reservations {
  /** The reservation that a task belongs to: the first that matches. */
  of(task: Reserving, route: RouteRow): string | undefined;
  /** Those whose tasks hold fewer slots than they keep: what waits of them comes first. */
  short(): readonly Kept[];
  /** Slots that the others keep from a task of this reservation (undefined: of none). */
  keptFrom(name: string | undefined): number;
  /** How many attempts of a reservation hold more than it keeps; all of them where the policy does not know it any more. */
  excessOf(name: string): number;
  /** Counts a start, or with -1 an attempt that will make way. */
  count(name: string | undefined, change: 1 | -1): void;
}

function usedBy(agents: readonly AgentRow[]): Map<string, number> {
  const used = new Map<string, number>();
  for (const agent of agents) {
    for (const [, { reservation }] of heldSlots(agent)) {
      if (reservation !== undefined) used.set(reservation, (used.get(reservation) ?? 0) + 1);
    }
  }
  return used;
}

/**
 * Reads the pool's reservations for one round; undefined where the policy makes none. Both what is kept and what is used are told by the available agents, so there is
 * nothing to be counted that a crash could leave wrong. Less than a slot is nothing: a reservation never keeps more than it says.
 */
export function openReservations({ policy }: PoolRows, fleet: Fleet): Reservations | undefined {
  const { reservations = [] } = policy?.document ?? {};
  if (reservations.length === 0) return undefined;
  const agents = fleet.available.map(({ agent }) => agent);
  const all = agents.reduce((sum, agent) => sum + openSlots(agent), 0);
  const used = usedBy(agents);
  const kept = ({ percent }: Reservation): number => Math.floor((percent * all) / 100);
  const usedOf = (name: string): number => used.get(name) ?? 0;
  return {
    of: (task, route) => reservations.find(({ match }) => matches(match, task, route))?.name,
    short: () =>
      reservations
        .map((each) => ({ ...each, slots: kept(each), used: usedOf(each.name) }))
        .filter((each) => each.used < each.slots),
    keptFrom: (name) => reservations.reduce((sum, each) => sum + (each.name === name ? 0 : kept(each)), 0),
    excessOf: (name) => {
      const known = reservations.find((each) => each.name === name);
      return usedOf(name) - (known === undefined ? 0 : kept(known));
    },
    count: (name, change) => {
      if (name !== undefined) used.set(name, usedOf(name) + change);
    },
  };
}

/** Whether tasks of a reservation may wait in a route. */
export function mayWaitIn(route: RouteRow, { match }: Reservation): boolean {
  return match.namespace?.includes(namespaceOf(route)) !== false;
}
