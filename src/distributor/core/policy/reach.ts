import type { ReadyTask, RouteRow } from '../../../contracts/rows.ts';
import type { Fleet, Member } from '../agents/fleet.ts';
import { mayTake, type Router, type Routing } from './routing.ts';

/** To whom a task may go: what the policy says of it, and the available agents that this leaves. */
export interface Reach {
  readonly routing: Routing;
  readonly members: readonly Member[];
}

/** The agents that take a task whenever they have a free slot. The same route and rule give the same. */
export function reaches(fleet: Fleet, router: Router): (task: ReadyTask, route: RouteRow) => Reach {
  const known = new Map<string, Reach['members']>();
  return (task, route) => {
    const routing = router(task, route);
    const last = routing.chain.at(-1);
    const kind = [route.route, routing.filter, last?.use === 'weighted' ? JSON.stringify(last) : ''].join('\n');
    const { all, pinned } = fleet.candidatesOf(routing.isPinned ? { ...route, agents: [] } : route);
    const members =
      known.get(kind) ??
      all.filter(({ agent }) => routing.excludes(agent) === undefined && (pinned || mayTake(routing, agent)));
    known.set(kind, members);
    return { routing, members };
  };
}
