import type { ReadyTask, TaskRow } from '../../../contracts/rows.ts';
import { assign, type AssigningContext } from '../dispatch/assign.ts';
import type { Assignment } from '../dispatch/assignment.ts';
import { estimateOf, isSpent, noAmount, sumOf } from '../dispatch/budget.ts';
import { leftBy } from '../dispatch/dispatch.ts';
import type { DispatchPlan, DispatchView } from '../dispatch/round.ts';
import { durationsOf } from '../agents/durations.ts';
import { openFleet } from '../agents/fleet.ts';
import { hedgeReasons } from './hedge.ts';
import { openLane } from '../ready/lane.ts';
import { openLimiter } from '../ready/limiter.ts';
import { type Router, routerOfPool } from '../policy/routing.ts';
import { readyOrder } from '../ready/ready-order.ts';
import { openReservations } from '../ready/reservations.ts';
import { namespaceOf, routeRow } from '../ready/route.ts';
import { newestToken } from './runs.ts';

/** Tasks that are to have a second run now, each with its row as it was read, and the pool. */
export interface HedgeView extends Pick<DispatchView, 'now' | 'pool' | 'customScores'> {
  readonly rows: readonly TaskRow[];
}

/** What is decided about them: who gets which, who has to wait for an idle slot, and who can pay for no second run. */
export interface HedgePlan extends Pick<DispatchPlan, 'limits'> {
  readonly assignments: readonly Assignment[];
  readonly waiting: readonly TaskRow[];
  readonly forgone: readonly TaskRow[];
}

/** A task as a decision about its second run sees it. */
export function hedgeTask(row: TaskRow): ReadyTask {
  return { ...row, attempt: newestToken(row), order: readyOrder(row) };
}

/** The pool's routing, for a second run: never with the agent of the first one or one that takes batches, and never in a slot that somebody waits for. */
function beside(router: Router, { assigned_agent = '' }: TaskRow): Router {
  return (task, route) => {
    const routing = router(task, route);
    return {
      ...routing,
      filter: `${routing.filter ?? ''} beside ${assigned_agent}`,
      excludes: (agent) => {
        if (agent.agent_id === assigned_agent) return 'runs it already';
        // Alone in a batch it would wait for company.
        if (agent.batch !== undefined) return 'takes batches';
        return agent.wanted.length > 0 ? 'others wait for its slots' : routing.excludes(agent);
      },
    };
  };
}

/** What its own budget leaves room for: what is spent, what the first run is expected to use, and as much again. */
function canPay({ budget, spent = noAmount }: TaskRow, expected: typeof noAmount): boolean {
  return budget === undefined || !isSpent(budget, sumOf(spent, expected), expected);
}

/** Gives tasks that have run long enough a second run on idle slots of other agents, as any dispatch would choose among these, within the limits and budgets that a first run has. */
export function decideHedges({ now, pool, rows, customScores }: HedgeView): HedgePlan {
  const fleet = openFleet(pool.agents, now);
  const limiter = openLimiter(pool, now);
  const router = routerOfPool(pool.policy, now);
  const context: Omit<AssigningContext, 'router'> = {
    ...{ now, fleet, limiter, customScores, policy: undefined },
    reservations: openReservations(pool, fleet),
    durations: () => durationsOf(pool.agents),
  };
  const assignments: Assignment[] = [];
  const waiting: TaskRow[] = [];
  const forgone: TaskRow[] = [];
  for (const row of rows) {
    const expected = estimateOf(row, pool.agents);
    if (!canPay(row, expected)) {
      forgone.push(row);
      continue;
    }
    const route = routeRow(pool.pool, row);
    const task = hedgeTask(row);
    const candidates = fleet.candidatesOf(route);
    const lane = openLane({ route, candidates, head: [task], isCut: false, due: [] }, new Date(now).toISOString());
    const isKilled = pool.killed?.has(namespaceOf(row)) === true;
    const assigned = isKilled ? 'held' : assign(lane, task, { ...context, router: beside(router, row) });
    const assignment = typeof assigned === 'string' ? undefined : assigned[0];
    if (assignment === undefined) {
      waiting.push(row);
      continue;
    }
    const { hedge_at: _never, ...given } = assignment;
    const log = { ...given.log, reasons: [...hedgeReasons(row, now), ...given.log.reasons] };
    assignments.push({ ...given, log, beside: { row, expected } });
  }
  return { assignments, waiting, forgone, limits: leftBy(limiter, undefined) };
}
