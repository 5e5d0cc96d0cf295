import { CadreError } from '../../../contracts/errors.ts';
import { dispatchRoundsMax, pulseIntervalMs, pulseTicksMin, pulseTicksMax } from '../../../contracts/limits.ts';
import type { AgentRow, PoolRows } from '../../../contracts/rows.ts';
import type { Grant } from '../../core/dispatch/assignment.ts';
import { decideDispatch } from '../../core/dispatch/dispatch.ts';
import type { DispatchPlan } from '../../core/dispatch/round.ts';
import { type Fleet, openFleet } from '../../core/agents/fleet.ts';
import { divide, openPromises, type Promises } from '../../core/dispatch/shards.ts';
import { holdKey, parseHoldKey } from '../../core/agents/hold.ts';
import { tickDelays } from '../../core/tasks/timers.ts';
import type { DistributorDeps } from '../../ports.ts';
import { handOut } from './hand-out.ts';
import { type QuietLevels, readHeads, routesToRead, type Told } from './read-heads.ts';
import { type Faults, faultNews, openScores } from './score-agents.ts';

/** What a dispatch did: attempts handed out, and routes in which tasks still wait. */
export interface Dispatched {
  readonly assigned: number;
  readonly waiting: readonly string[];
}

/** Asks agents to let attempts make way for critical tasks: a hint like any other, whose answer is a hand-back. */
async function preempt(deps: DistributorDeps, pool: string, preemptions: DispatchPlan['preemptions'], now: number) {
  const noted = await Promise.all(
    preemptions.map(({ agent, key }) => deps.agents.preempt(pool, agent.agent_id, key, now)),
  );
  await deps.messenger.send(
    preemptions
      .filter((_, index) => noted[index])
      .map(({ agent, key, waiting }) => ({
        inbox_url: agent.inbox_url,
        message: { kind: 'preempt', ...parseHoldKey(key), reason: `critical task ${waiting} waits for a slot` },
      })),
  );
}

/**
 * Tells the agents that tasks wait for them, so that the release of a slot leads to a dispatch. Asks for as many holds as the round counted, what this dispatch has given to others included, so
 * it must come before the round hands anything out. Answers false when a slot came free between the reading and the marking, or what was given away is not there yet: then another round must look,
 * or nobody would.
 */
async function markWanted(deps: DistributorDeps, pool: string, blocked: DispatchPlan['blocked']): Promise<boolean> {
  const routesOf = new Map<AgentRow, Set<string>>();
  for (const { route, agents } of blocked) {
    for (const agent of agents) {
      if (agent.wanted.includes(route)) continue;
      routesOf.set(agent, (routesOf.get(agent) ?? new Set()).add(route));
    }
  }
  const marks = await Promise.all(
    [...routesOf].map(([{ agent_id, holds }, routes]) =>
      deps.agents.want(pool, agent_id, [...routes], Object.keys(holds).length),
    ),
  );
  return marks.every(Boolean);
}

/** Takes back the marks of routes in which nothing waits any more. */
async function unmark(deps: DistributorDeps, pool: PoolRows, empty: ReadonlySet<string>): Promise<void> {
  await Promise.all(
    pool.agents.flatMap((agent) => {
      const routes = agent.wanted.filter((route) => empty.has(route));
      return routes.length === 0 ? [] : [deps.agents.unwant(pool.pool, agent.agent_id, routes)];
    }),
  );
}

/** Puts pulse ticks on their way while there is work, behind those that are on it and well before the last of them arrives. False: they could not be sent. */
export async function armPulse(deps: DistributorDeps, pool: PoolRows): Promise<boolean> {
  const now = deps.sources.now();
  const onTheirWay = Math.max(0, pool.armed_until - now);
  if (onTheirWay > pulseTicksMin * pulseIntervalMs) return true;
  const more = Math.floor(pulseTicksMax - onTheirWay / pulseIntervalMs);
  const waits = Array.from({ length: more }, (_, index) => onTheirWay + (index + 1) * pulseIntervalMs);
  // Sent before noted: a crash in between makes ticks twice, never none; noted only when all are on their way.
  const delays = waits.map((wait) => Math.floor(wait / 1_000));
  if (!(await deps.messenger.ticks(pool.pool, delays))) return false;
  await deps.agents.arm(pool.pool, now + onTheirWay + more * pulseIntervalMs);
  return true;
}

/** Tells of budgets that leave no room while nothing runs on them, and stops the workflows that can pay for nothing more. What breaks off here is found by the next round. */
async function tellOverdrafts(deps: DistributorDeps, { budgets }: PoolRows, overdrafts: DispatchPlan['overdrafts']) {
  const news = overdrafts.filter(
    ({ level, workflow_id }) => level === 'hard' || budgets?.get(workflow_id)?.warned === false,
  );
  await Promise.all(news.map((overdraft) => deps.workflowTasks.overdraw(overdraft)));
}

/**
 * Hands out what was decided at `now`, with other dispatchers where it is much; answers with what is ours or was given to them. What could not be given to others is handed out here: who
 * hands out again what another one does repeats its writes.
 */
async function share(
  deps: DistributorDeps,
  pool: PoolRows,
  { assignments, limits }: DispatchPlan,
  { now, gone, promises }: { readonly now: number; readonly gone: Set<string>; readonly promises: Promises },
): Promise<readonly Grant[]> {
  const { own, shards } = divide(pool, assignments, now);
  const isShared = shards.length > 0 && (await deps.messenger.share(pool.pool, shards));
  if (isShared) promises.make(shards);
  const { reserved, claimed } = await handOut(deps, pool, { assignments: isShared ? own : assignments, limits }, now);
  for (const { task } of reserved) gone.add(holdKey(task.task_id, task.attempt));
  return isShared ? [...claimed, ...shards.flatMap((shard) => shard.assignments)] : claimed;
}

/** One round: read, decide, mark, share, reserve, claim, send. `more` asks for another one. */
async function dispatchRound(
  deps: DistributorDeps,
  read: PoolRows,
  told: Told,
  memory: { gone: Set<string>; quiet: QuietLevels; promises: Promises; faults: Faults },
) {
  const now = deps.sources.now();
  const { quiet, promises } = memory;
  const rows: PoolRows = { ...read, agents: promises.onto(read.agents, now) };
  const gone = new Set([...memory.gone, ...promises.keys(now)]);
  const fleet = openFleet(rows.agents, now);
  const routes = routesToRead(rows, fleet, told);
  const { budgets, readOn, ...found } = await readHeads(deps, rows, { routes, gone, quiet, now, fleet });
  const pool: PoolRows = { ...rows, budgets };
  const { heads, full, due, reserved: behind } = found;
  const { customScores, read: score } = openScores(deps, pool, memory.faults);
  // A decision gives away the slots of its fleet.
  const decide = async (of: Fleet): Promise<DispatchPlan> => {
    await score([...heads.values(), ...due.values(), ...behind.values()].flat());
    return decideDispatch({ now, pool, fleet: of, ...found, customScores });
  };
  let plan = await decide(fleet);
  while (plan.unread !== undefined) {
    await readOn(plan.unread);
    plan = await decide(openFleet(rows.agents, now));
  }
  // Before anything is handed out: from then on every slot that comes free leads to a dispatch, whoever fills it.
  const marked = await markWanted(deps, pool.pool, plan.blocked);
  // Not the time before the reading: a task that was found by it may have become ready since, and would have started before its dependencies ended.
  const decidedAt = deps.sources.now();
  const taken = await share(deps, pool, plan, { now: decidedAt, gone: memory.gone, promises });
  await preempt(deps, pool.pool, plan.preemptions, now);
  await tellOverdrafts(deps, pool, plan.overdrafts);
  // What waits for company is looked at to the second; should this be lost, the pulse comes a little later.
  if (plan.gathered_at !== undefined)
    await deps.messenger.ticks(pool.pool, tickDelays([new Date(plan.gathered_at).toISOString()], decidedAt));
  const empty = routes.flatMap(({ route }) => (!full.has(route) && heads.get(route)?.length === 0 ? [route] : []));
  await unmark(deps, pool, new Set(empty));
  const lostRace = taken.length < plan.assignments.length;
  return {
    assigned: taken.length,
    waiting: plan.blocked.map((each) => each.route),
    more: plan.cut || lostRace || !marked,
  };
}

/**
 * Hands out waiting tasks of a pool to agents with free slots, strictly in ready order. Safe to run at the same time anywhere: every slot and every
 * lease is taken by a conditional write. When it reaches its round limit it leaves a hint for a fresh invocation. `isBehind` says that more hints may wait than were read; after a round
 * they always may. `quiet` is what a process remembers from one dispatch to the next.
 */
export async function dispatchTasks(
  deps: DistributorDeps,
  hint: { readonly pool: string; readonly routes: readonly string[]; readonly isBehind?: boolean },
  quiet: QuietLevels = new Map(),
): Promise<Dispatched> {
  const hinted = new Set(hint.routes);
  const gone = new Set<string>();
  const promises = openPromises();
  const faults: Faults = new Map();
  let assigned = 0;
  let isArmed: boolean | undefined;
  for (let round = 1; ; round += 1) {
    const pool = await deps.agents.pool(hint.pool);
    // Armed before anything is handed out, so that a dispatcher which dies half-way is looked after; and even when nothing will be found, since the index
    // may lag behind the hint.
    isArmed ??= await armPulse(deps, pool);
    const done = await dispatchRound(
      deps,
      pool,
      { hinted, isBehind: hint.isBehind === true || round > 1 },
      { gone, quiet, promises, faults },
    );
    assigned += done.assigned;
    if (done.more && round < dispatchRoundsMax) continue;
    if (done.more) await deps.messenger.hint([{ pool: hint.pool, routes: [...hint.routes] }]);
    // Nobody would look after what is on its way now: the hint must come again.
    await deps.messenger.announce(faultNews(pool, faults));
    if (!isArmed) throw new CadreError('unavailable', 'the pulse could not be armed');
    return { assigned, waiting: done.waiting };
  }
}
