import { heldTasksMax } from '../../../contracts/limits.ts';
import type { AgentRow, ReadyTask } from '../../../contracts/rows.ts';
import { assign, type AssigningContext } from './assign.ts';
import type { Assignment } from './assignment.ts';
import { widestOf } from './choose.ts';
import { type Durations, durationsOf } from '../agents/durations.ts';
import { type Fleet, openFleet } from '../agents/fleet.ts';
import { isDueAt, levelOf } from '../ready/ready-order.ts';
import { heapOf } from '../ready/heap.ts';
import { type FairShare, openFairShare } from '../ready/fair-share.ts';
import { advance, isBefore, type Lane, openLane, takeTurn } from '../ready/lane.ts';
import { budgetName, type Overdraft } from './budget-limiter.ts';
import { type Limiter, openLimiter } from '../ready/limiter.ts';
import { isKeptFrom, routerOfPool } from '../policy/routing.ts';
import type { DispatchPlan, DispatchView } from './round.ts';
import { roundTasksMax } from './shards.ts';
import { decidePreemptions, demandsRoom, hasRoomToMake } from './preempt.ts';
import { handOutReserved } from './reserved-lanes.ts';
import { openReservations } from '../ready/reservations.ts';

/** The routes in which tasks wait, and those that nobody serves. */
function openLanes(view: DispatchView, fleet: Fleet, at: string, gone: ReadonlySet<string>) {
  const blocked: { route: string; agents: readonly AgentRow[] }[] = [];
  const open: Lane[] = [];
  for (const route of view.pool.routes) {
    const head = view.heads.get(route.route) ?? [];
    const isCut = view.full.has(route.route);
    if (head.length === 0 && !isCut) continue;
    const candidates = widestOf(route, { fleet, policy: view.pool.policy });
    // A route that nobody serves is set aside before anything is compared with it, so that thousands of them cost next to nothing.
    if (candidates.all.length === 0) {
      blocked.push({ route: route.route, agents: [] });
      continue;
    }
    const left = (tasks: readonly ReadyTask[]) =>
      gone.size === 0 ? tasks : tasks.filter(({ task_id }) => !gone.has(task_id));
    const lane = openLane(
      { route, candidates, head: left(head), isCut, due: left(view.due?.get(route.route) ?? []) },
      at,
    );
    if (lane.next !== undefined) open.push(lane);
  }
  return { open, blocked };
}

function contextOf({ now, pool, customScores }: DispatchView, fleet: Fleet): AssigningContext {
  let durations: Durations | undefined;
  return {
    ...{ now, fleet, customScores, policy: pool.policy },
    router: routerOfPool(pool.policy, now),
    limiter: openLimiter(pool, now),
    reservations: openReservations(pool, fleet),
    durations: () => (durations ??= durationsOf(pool.agents)),
  };
}

/** What a round decides that must read on first. */
const nothingYet: DispatchPlan = {
  ...{ assignments: [], blocked: [], cut: true, preemptions: [], limits: { starts: {} }, overdrafts: [] },
};

/**
 * Hands out tasks strictly in ready order over all routes looked at, as it is at this moment: what is due stands before everything else. A lane whose next task
 * finds no free agent is set aside whole, since all its tasks need the same agents; hence a task nobody can take never holds up one behind it. Tasks that a limit, a policy
 * or a strategy holds back for themselves are passed over, up to `heldTasksMax` of a lane: where a cut head ends before, it has to be read on first (`unread`). Before all that comes what waits for a reservation
 * that is short. Where the policy shares out, namespaces and submitters take turns inside of a level. At most `roundTasksMax`.
 */
export function decideDispatch(view: DispatchView): DispatchPlan {
  const at = new Date(view.now).toISOString();
  const fleet = view.fleet ?? openFleet(view.pool.agents, view.now);
  const context = contextOf(view, fleet);
  const { limiter } = context;
  const shares = openFairShare(view.pool.policy?.document ?? {}, view.pool.served);
  const first = handOutReserved(view, context, at);
  const assignments: Assignment[] = [...first.assignments];
  const { open, blocked } = openLanes(view, fleet, at, new Set(assignments.map(({ task }) => task.task_id)));
  const unread: string[] = [];
  if (shares !== undefined) for (const lane of open) takeTurn(lane, shares, at);
  const lanes = heapOf(
    open,
    shares === undefined ? (one, other) => one.order < other.order : (one, other) => isBefore(one, other, at),
  );
  for (let lane = lanes.peek(); lane?.next !== undefined; lane = lanes.peek()) {
    // Another lane of its namespace or submitter may have been served since it found its place. Turns only rise, so whoever is first with its true turn is first.
    if (shares !== undefined && takeTurn(lane, shares, at)) {
      lanes.sinkTop();
      continue;
    }
    const task = lane.next.tasks[lane.next.next];
    // A cut head that is used up may be followed by tasks that come before those of other lanes: nothing more may start before they are read. One that shows what is held
    // back for itself is read on, as far as that may help.
    if (assignments.length >= roundTasksMax(view.pool) || (task === undefined && lane.held === 0)) {
      if (unread.length > 0) break;
      return {
        ...{ assignments, cut: true, preemptions: [], limits: leftBy(limiter, shares), overdrafts: [] },
        ...gatheredBy([...first.lanes, ...open]),
        blocked: [...blocked, ...heldBack([...first.lanes, ...open], limiter)],
      };
    }
    if (task === undefined && mayHide(lane, context)) unread.push(lane.route.route);
    const given = task === undefined ? 'held' : assign(lane, task, context);
    if (given === 'full') {
      blocked.push({ route: lane.route.route, agents: lane.candidates.all.map(({ agent }) => agent) });
      lanes.pop();
      continue;
    }
    if (task === undefined) lane.next.cut = false;
    else if (given === 'held') lane.held += 1;
    else {
      lane.given += given.length;
      assignments.push(...given);
      // What is due comes first whoever's it is, and counts for nobody.
      if (shares !== undefined && !isDueAt(lane.order, at)) {
        given.forEach(() => {
          shares.take(lane.route, levelOf(lane.order));
        });
      }
    }
    lane.next.next += 1;
    if (advance(lane, at)) {
      // In another level it may stand further ahead, too.
      if (shares !== undefined) takeTurn(lane, shares, at);
      lanes.sinkTop();
    } else lanes.pop();
  }
  if (unread.length > 0) return { ...nothingYet, unread };
  const plan: DispatchPlan = {
    assignments,
    blocked: [...blocked, ...heldBack([...first.lanes, ...open], limiter)],
    cut: false,
    preemptions: [],
    limits: leftBy(limiter, shares),
    overdrafts: overdraftsOf([...first.lanes, ...open], limiter),
    ...gatheredBy([...first.lanes, ...open]),
  };
  // Last, for it counts those who get room against their limits.
  return { ...plan, preemptions: decidePreemptions(open, assignments, context) };
}

/**
 * Whether something that starts, or for which others make way, may stand behind the end of a cut head with tasks that were held back for themselves: an agent is free that a policy does not keep from all
 * that is so low, or the end is critical. Behind `heldTasksMax` of them nothing is looked for.
 */
function mayHide({ candidates, queues, held }: Lane, { now, policy }: AssigningContext): boolean {
  if (held >= heldTasksMax) return false;
  const last = queues.find(({ cut }) => cut)?.tasks.at(-1);
  const level = last === undefined ? 0 : levelOf(last.order);
  const mayDemand = last !== undefined && demandsRoom(last, now);
  return candidates.all.some(
    ({ agent, free }) => (free > 0 && !isKeptFrom(agent, level, policy)) || (mayDemand && hasRoomToMake(agent, now)),
  );
}

function gatheredBy(lanes: readonly Lane[]): Pick<DispatchPlan, 'gathered_at'> {
  const untils = lanes.flatMap(({ gathering }) => [...gathering.values()]);
  return untils.length === 0 ? {} : { gathered_at: Math.min(...untils) };
}

/**
 * Routes with tasks that a limit, a policy or a strategy holds back although agents are free: they wait for those who run what counts against the limit, or for
 * the full ones among their agents.
 */
function heldBack(lanes: readonly Lane[], limiter: Limiter): DispatchPlan['blocked'] {
  return lanes
    .filter(({ held }) => held > 0)
    .map(({ route, candidates, heldBy }) => {
      const full = candidates.all.flatMap(({ agent, free }) => (free > 0 ? [] : [agent]));
      const holders = [...heldBy].flatMap((name) => limiter.holdersOf(name));
      return { route: route.route, agents: [...new Set([...full, ...holders])] };
    });
}

/** Budgets that nothing draws on which could use less than it reserves: those who wait for them wait for people. */
function overdraftsOf(lanes: readonly Lane[], limiter: Limiter): readonly Overdraft[] {
  const all = lanes.flatMap(({ overdrafts }) => overdrafts);
  const alone = all.filter(({ workflow_id }) => limiter.holdersOf(budgetName(workflow_id)).length === 0);
  return [...new Map(alone.map((each) => [each.workflow_id, each])).values()];
}

/** What a round leaves behind of limits and shares. */
export function leftBy(limiter: Limiter, shares: FairShare | undefined): DispatchPlan['limits'] {
  const opens_at = limiter.opensAt();
  const served = shares?.served();
  return {
    starts: limiter.starts(),
    ...(served === undefined ? {} : { served }),
    ...(opens_at === undefined ? {} : { opens_at }),
  };
}
