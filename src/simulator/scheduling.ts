import type { AgentRow, PolicyRow, PoolRows, ReadyTask, RouteRow, TaskRow } from '../contracts/rows.ts';
import { agentsTogetherMax, assignmentsPerRoundMax, readyPageSizeMax } from '../contracts/limits.ts';
import type { PlainStrategy } from '../contracts/distributor/strategy.ts';
import type { DispatchPlan, DispatchView } from '../distributor/core/dispatch/round.ts';
import { openFleet } from '../distributor/core/agents/fleet.ts';
import type { Preemption } from '../distributor/core/dispatch/preempt.ts';
import { standingOf } from '../distributor/core/ready/submitter.ts';
import { companyUntil } from '../distributor/core/ready/batch.ts';
import { matches, mayTake, type Router, routerOfPool } from '../distributor/core/policy/routing.ts';
import { levelOf, orderAt } from '../distributor/core/ready/ready-order.ts';
import { openReservations } from '../distributor/core/ready/reservations.ts';
import { divide, roundTasksMax } from '../distributor/core/dispatch/shards.ts';
import { decideHedges } from '../distributor/core/tasks/decide-hedges.ts';
import { createReadyLanes, type ReadyLanes } from './ready-lanes.ts';

/** One task for one agent. */
export interface Handout {
  readonly task: ReadyTask;
  readonly agent: AgentRow;
  /** When the agent's next turn begins, where the strategy counts turns. */
  readonly next_turn?: number;
  /** The limits that its hold counts against. */
  readonly limits?: readonly string[];
  /** The reservation whose slots it uses. */
  readonly reservation?: string;
  /** The number of its batch, where the agent takes batches: one slot for all of it. */
  readonly batch?: number;
  /** When it gets a second run elsewhere unless it has ended (RFC 3339). */
  readonly hedge_at?: string;
}

/** What a round decides; `cut`: another one should follow at once. `violations`: hand-outs before waiting work of a higher priority. */
export interface Decision {
  readonly handouts: readonly Handout[];
  readonly cut: boolean;
  readonly violations: number;
  /** Attempts that have to make way for critical tasks. */
  readonly preemptions?: readonly Preemption[];
  /** When to look again although nothing happens (epoch ms): a rate limit opens, or tasks have waited long enough for the company of a batch. */
  readonly look_at?: number;
  /** Tasks of the round that other dispatchers hand out, each the tasks of one list. */
  readonly shared?: readonly (readonly string[])[];
}

/** Which task goes to which agent: the one thing that policies differ in. */
export interface Scheduling {
  /** Under whom what this one submits takes turns. Absent: nobody shares. */
  standingOf?(submitter: string): { readonly submitter?: string };
  insert(task: ReadyTask, route: RouteRow): void;
  decide(now: number): Decision;
  /** Lets a waiting task stand where it is now instead of where it was. Absent: its order is that of arrival. */
  move?(was: ReadyTask, task: ReadyTask): void;
  /** A second run of a task that runs long, on a slot for which nobody waits; undefined: there is none now. Absent: it never hedges. */
  hedge?(row: TaskRow, now: number): (Handout & { readonly attempt: number }) | undefined;
  /** Tasks that may be handed out now or later. */
  waiting(): number;
}

/** The pool's agents as the engine keeps them: rows that change in place, because a round only looks at them. */
export type Crew = readonly AgentRow[];

/** How many tasks the free slots of all agents that take work may be given. */
export type Room = () => number;

/** Whether an agent may get the tasks of a route. */
export const canRun = (agent: AgentRow, route: RouteRow): boolean =>
  route.required_capabilities.every((capability) => agent.capabilities.includes(capability)) &&
  (route.agents.length === 0 || route.agents.includes(agent.agent_id));

/** Tells what is passed over by right: what a limit may hold back, and what may wait for the company of a batch. */
function mayWait(task: ReadyTask, route: RouteRow, { policy, agents }: PoolRows, now: number): boolean {
  const { limits = [] } = policy?.document ?? {};
  if (limits.some(({ match }) => matches(match, task, route))) return true;
  const gathering = agents.filter(({ batch }) => batch !== undefined);
  return companyUntil(task, gathering, now) !== undefined;
}

/** Whether an agent with a free slot may have a task by the policy. One that its strategy may let wait for its own agent, none may have. */
function mayHave(task: ReadyTask, route: RouteRow, agent: AgentRow, router: Router): boolean {
  const routing = router(task, route);
  if (routing.chain.some((each) => each.use === 'affinity' && each.wait_ms > 0)) return false;
  return (
    canRun(agent, routing.isPinned ? { ...route, agents: [] } : route) &&
    routing.excludes(agent) === undefined &&
    mayTake(routing, agent)
  );
}

/** Hand-outs of a lower level to an agent which could and by the policy might have run a task of a higher level that was shown and still waits; what is due counts as the highest. */
function violationsOf(
  plan: DispatchPlan,
  left: readonly ReadyTask[],
  routes: ReadonlyMap<string, RouteRow>,
  pool: PoolRows,
  now: number,
): number {
  const at = new Date(now).toISOString();
  const rankOf = (task: ReadyTask): number => levelOf(orderAt(task.order, at));
  // What uses slots that are kept for it comes first by right, and who joins a batch takes no slot.
  const batches = new Set<string>();
  const ordinary = plan.assignments.filter(({ reservation, agent, batch }) => {
    if (reservation !== undefined || batch === undefined) return reservation === undefined;
    const slot = `${agent.agent_id}#${batch}`;
    return !batches.has(slot) && batches.add(slot);
  });
  let lowest = 0;
  for (const { task } of ordinary) {
    const rank = rankOf(task);
    if (rank > lowest) lowest = rank;
  }
  const passed = left.filter((task) => {
    const route = routes.get(task.route);
    return rankOf(task) < lowest && route !== undefined && !mayWait(task, route, pool, now);
  });
  if (passed.length === 0) return 0;
  const router = routerOfPool(pool.policy, now);
  return ordinary.filter(({ task, agent }) =>
    passed.some((waiting) => {
      const route = routes.get(waiting.route);
      return rankOf(waiting) < rankOf(task) && route !== undefined && mayHave(waiting, route, agent, router);
    }),
  ).length;
}

function lookOf({ limits: { opens_at = Infinity }, gathered_at = Infinity }: DispatchPlan): Pick<Decision, 'look_at'> {
  const look_at = Math.min(opens_at, gathered_at);
  return look_at === Infinity ? {} : { look_at };
}

/** What other dispatchers hand out of a round. */
function sharedOf(pool: PoolRows, { assignments }: DispatchPlan, now: number): Pick<Decision, 'shared'> {
  const { shards } = divide(pool, assignments, now);
  return shards.length === 0
    ? {}
    : { shared: shards.map((shard) => shard.assignments.map(({ task }) => task.task_id)) };
}

/** Tasks as they are submitted where every task names a strategy. */
function naming(strategy: PlainStrategy | undefined) {
  return <T extends Pick<ReadyTask, 'distribution_rules'>>(task: T): T =>
    strategy === undefined
      ? task
      : { ...task, distribution_rules: { ...task.distribution_rules, routing_strategy: strategy } };
}

/** Whether one of these tasks, the first of their lanes, could use a slot of this agent. */
function isWanted(agent: AgentRow, firsts: readonly ReadyTask[], routes: ReadonlyMap<string, RouteRow>): boolean {
  return firsts.some((task) => {
    const route = routes.get(task.route);
    return route !== undefined && canRun(agent, route);
  });
}

/** What the dispatcher reads: of each route a page of so many tasks, and what is due or reserved behind it. */
function viewOf(pool: PoolRows, lanes: ReadyLanes, page: number, now: number): DispatchView {
  const { heads, full, due } = lanes.heads(page, new Date(now).toISOString());
  const fleet = openFleet(pool.agents, now);
  const reservations = openReservations(pool, fleet);
  const isShort = reservations !== undefined && reservations.short().length > 0;
  return { now, pool, fleet, heads, full, due, ...(isShort ? { reserved: lanes.levels(page, full) } : {}) };
}

/**
 * The scheduling of production: `decide` is its core, given the very view that the dispatcher reads, from lanes in memory that are sorted by the same keys as
 * the ready index. `strategy` is the one that every task names, `policy` the routing policy in force; `alone`: one dispatcher hands out everything, however large the pool is.
 */
export function coreScheduling(
  crew: Crew,
  room: Room,
  decide: (view: DispatchView) => DispatchPlan,
  strategy?: PlainStrategy,
  policy?: PolicyRow,
  alone = false,
): Scheduling {
  const named = naming(strategy);
  const lanes = createReadyLanes();
  const routes = new Map<string, RouteRow>();
  let routeList: readonly RouteRow[] = [];
  let left: Pick<PoolRows, 'starts' | 'served'> = {};
  let isSpread = false;
  const poolRows = (): PoolRows => ({
    ...{ pool: 'default', armed_until: Infinity, agents: crew, routes: routeList, ...left },
    ...(isSpread ? { spread: assignmentsPerRoundMax } : {}),
    ...(policy === undefined ? {} : { policy }),
  });
  return {
    standingOf: (submitter) => standingOf(policy, submitter),
    insert(task, route) {
      if (!routes.has(task.route)) {
        routes.set(task.route, route);
        routeList = [...routes.values()];
      }
      lanes.insert(named(task));
    },
    decide(now) {
      isSpread ||= !alone && crew.length >= agentsTogetherMax;
      const pool = poolRows();
      // One more than fits, to know whether tasks are left over: the page that the dispatcher reads.
      const needed = Math.min(room(), roundTasksMax(pool)) + 1;
      const page = isSpread ? needed : Math.min(readyPageSizeMax, needed);
      let plan = decide(viewOf(pool, lanes, page, now));
      // The dispatcher reads on only the routes that hide something; what more of the others is shown changes nothing.
      for (let more = page; plan.unread !== undefined;) {
        more += readyPageSizeMax;
        plan = decide(viewOf(pool, lanes, more, now));
      }
      const { starts, served = pool.served } = plan.limits;
      left = { starts, ...(served === undefined ? {} : { served }) };
      for (const { task } of plan.assignments) lanes.remove(task);
      const violations = plan.assignments.length === 0 ? 0 : violationsOf(plan, lanes.firsts(), routes, pool, now);
      return {
        ...{ handouts: plan.assignments, cut: plan.cut, violations, preemptions: plan.preemptions },
        ...lookOf(plan),
        ...sharedOf(pool, plan, now),
      };
    },
    move(was, task) {
      lanes.remove(was);
      lanes.insert(named(task));
    },
    hedge(row, now) {
      const { assignments, limits } = decideHedges({
        now,
        pool: poolRows(),
        rows: [named(row)],
        customScores: undefined,
      });
      const second = assignments.find(({ agent }) => !isWanted(agent, lanes.firsts(), routes));
      if (second !== undefined) left = { ...left, starts: limits.starts };
      return second;
    },
    waiting: () => lanes.count(),
  };
}
