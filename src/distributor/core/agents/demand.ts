import { scalingSampleMax } from '../../../contracts/limits.ts';
import type { PoolRows, ReadyTask, RouteRow } from '../../../contracts/rows.ts';
import { openLimiter } from '../ready/limiter.ts';
import { routerOfPool, type Routing } from '../policy/routing.ts';

/** What waits and that more agents could start; `isCut`: more of it stands behind what was read. */
export interface Demand {
  readonly waiting: readonly ReadyTask[];
  readonly isCut: boolean;
}

/** The head of a route, at most `scalingSampleMax` tasks. */
export interface Head {
  readonly route: RouteRow;
  readonly head: readonly ReadyTask[];
}

/**
 * The work that asks for agents: what more agents of this pool could start. What they are like is told by the rows of those that are there or have gone without being deregistered: what none of
 * them offers, or a rule of the policy leaves to none of them, asks for nobody; where no agent is registered at all everything counts. Of what a rule pins to one agent one task counts, and of
 * what is under limits as much as they let run; of what budgets hold back one task of each route, since a round has to find it, to tell of it and to read on behind it. `now` is epoch ms.
 */
export function demandOf(pool: PoolRows, heads: readonly Head[], now: number): Demand {
  const limiter = openLimiter(pool, now);
  const router = routerOfPool(pool.policy, now);
  const known = new Map<string, boolean>();
  const isKnown = ({ route, required_capabilities }: RouteRow, { filter, excludes }: Routing): boolean => {
    const kind = `${route} ${filter ?? ''}`;
    const before = known.get(kind);
    if (before !== undefined) return before;
    const found = pool.agents.some(
      (agent) =>
        required_capabilities.every((each) => agent.capabilities.includes(each)) && excludes(agent) === undefined,
    );
    known.set(kind, found);
    return found;
  };
  // What of which one task counts: pins, and routes of which a budget holds tasks back.
  const counted = new Set<string>();
  const waiting: ReadyTask[] = [];
  let isCut = false;
  for (const { route, head } of heads) {
    let held = 0;
    let free = 0;
    for (const task of head) {
      const routing = router(task, route);
      const isNobodys = pool.agents.length > 0 && !isKnown(route, routing);
      const { reason, overdraft } = limiter.blockOf(task, route) ?? {};
      const isLimited = reason !== undefined && overdraft === undefined;
      const pinned = routing.isPinned ? `pin ${routing.filter ?? ''}` : undefined;
      const single = overdraft === undefined ? pinned : `budgets ${route.route}`;
      if (isNobodys || isLimited || (single !== undefined && counted.has(single))) {
        held += 1;
        continue;
      }
      if (single !== undefined) counted.add(single);
      else if (limiter.take(task, route) === undefined) free += 1;
      waiting.push(task);
    }
    // Where all that counts is under limits that hold others back, these hold back what stands behind, too.
    if (head.length >= scalingSampleMax && (held === 0 || free > 0)) isCut = true;
  }
  return { waiting, isCut };
}
