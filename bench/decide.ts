import { assignmentsPerRoundMax, readyPageSizeMax, roundShardsMax } from '../src/contracts/limits.ts';
import type { AgentRow, ReadyTask, RouteRow } from '../src/contracts/rows.ts';
import { priorities, type Priority } from '../src/contracts/distributor/task.ts';
import { plainStrategies, type StrategySettings } from '../src/contracts/distributor/strategy.ts';
import { plainSettings } from '../src/distributor/core/strategies/registry.ts';
import { decideDispatch } from '../src/distributor/core/dispatch/dispatch.ts';
import type { DispatchView } from '../src/distributor/core/dispatch/round.ts';
import { newTask } from '../src/distributor/core/tasks/task.ts';
import { placeIn, readyOrder } from '../src/distributor/core/ready/ready-order.ts';
import { routeOf, routeRow } from '../src/distributor/core/ready/route.ts';
import { type Bench, type Figure, percentile, rounded } from './figure.ts';

const nowMs = Date.UTC(2026, 0, 1);
const slots = 10;
const skills = 20;
const skillsPerAgent = 4;
const repeats = 60;
/** Calls before the clock runs: the compiler's share is not the decision's. */
const warmups = 20;

const skill = (index: number): string => `skill-${index % skills}`;

function agent(index: number, busy: number): AgentRow {
  const at = new Date(nowMs).toISOString();
  return {
    pool: 'default',
    agent_id: `agent-${index}`,
    type: 'worker',
    capabilities: Array.from({ length: skillsPerAgent }, (_, each) => skill(index + each * 5)),
    capacity: slots,
    principal: 'bench',
    inbox_url: '',
    registered_at: at,
    last_heartbeat: at,
    lease_until: new Date(nowMs + 60_000).toISOString(),
    reported_at: at,
    reported: [],
    holds: Object.fromEntries(
      Array.from({ length: busy }, (_, each) => [`task-${index}-${each}#1`, { at: nowMs, until: nowMs + 60_000 }]),
    ),
    wanted: [],
    draining: false,
    completed: index % 50,
    failed: index % 3,
  };
}

function ready(index: number, required_capabilities: readonly string[], priority: Priority): ReadyTask {
  const created_at = new Date(nowMs - 60_000 + index).toISOString();
  const task = newTask(
    {
      task_id: `task-${index}`,
      task_type: 'bench',
      priority,
      required_capabilities: [...required_capabilities],
      payload: { text: 'null' },
    },
    { pool: 'default', now: created_at, body_hash: '', submitted_by: 'bench', correlation_id: 'bench' },
  );
  return { ...task, route: routeOf({ required_capabilities }), order: readyOrder(task) };
}

/** Tasks by what they require, as the dispatcher reads them: whole pages, in ready order. */
function view(agents: number, requirements: readonly (readonly string[])[], tasks: number): DispatchView {
  const rows: RouteRow[] = requirements.map((required_capabilities) => routeRow('default', { required_capabilities }));
  const heads = new Map(rows.map((row): [string, ReadyTask[]] => [row.route, []]));
  for (let index = 0; index < tasks; index += 1) {
    // Runs of tasks with the same requirement: the first routes get the first tasks.
    const needs = requirements[Math.floor((index * requirements.length) / tasks)] ?? [];
    const priority = priorities[index % priorities.length] ?? 'low';
    heads.get(routeOf({ required_capabilities: needs }))?.push(ready(index, needs, priority));
  }
  for (const head of heads.values()) head.sort((one, other) => (one.order < other.order ? -1 : 1));
  const full = new Set([...heads].filter(([, head]) => head.length >= readyPageSizeMax).map(([route]) => route));
  const pool = {
    pool: 'default',
    armed_until: 0,
    // Between none and all but one of their slots are busy, so that loads differ; of few all are free, so that a whole round finds its slots.
    agents: Array.from({ length: agents }, (_, at) =>
      agent(at, agents * slots > assignmentsPerRoundMax ? at % slots : 0),
    ),
    routes: rows,
  };
  return { now: nowMs, pool, heads, full };
}

/** Both views' routes in the first one's pool. */
function joined(one: DispatchView, other: DispatchView): DispatchView {
  const pool = { ...one.pool, routes: [...one.pool.routes, ...other.pool.routes] };
  return { ...one, pool, heads: new Map([...one.heads, ...other.heads]) };
}

/** The same pool with five agents idle and all others full, so that lower work has to make way for critical tasks that wait. */
function full(one: DispatchView): DispatchView {
  const created_at = new Date(one.now - 10_000).toISOString();
  const order = placeIn(readyOrder({ task_id: '', priority: 'low', created_at }));
  const hold = { at: one.now - 10_000, until: one.now + 60_000, order };
  const agents = one.pool.agents.map((each, at): AgentRow => {
    const keys = Array.from({ length: slots }, (_, index) => `task-${at}-${index}#1`);
    return { ...each, holds: at % 2_000 === 0 ? {} : Object.fromEntries(keys.map((key) => [key, hold])) };
  });
  return { ...one, pool: { ...one.pool, agents } };
}

/** The same pool, whose rounds are handed out by many dispatchers. */
function shared(one: DispatchView): DispatchView {
  return { ...one, pool: { ...one.pool, spread: assignmentsPerRoundMax } };
}

/** All strategies but `custom`, whose expression is evaluated before anything is decided. */
const strategies: Readonly<Record<string, StrategySettings>> = {
  ...Object.fromEntries(plainStrategies.map((use) => [use, plainSettings(use)])),
  weighted: { use: 'weighted', weights: {}, otherwise: 1 },
  geographic: { use: 'geographic', distances_ms: { eu: { us: 90 } } },
};

/** The same pool, whose policy has this strategy. */
function ruledBy(strategy: string, one: DispatchView): DispatchView {
  const document = { strategies, strategy };
  const policy = { pool: 'default', version: 1, at: new Date(nowMs).toISOString(), by: 'bench', document };
  return { ...one, pool: { ...one.pool, policy } };
}

/** Every repeat decides on rows that no call has seen before, as each dispatch does. */
function measure(make: () => DispatchView) {
  const sample: number[] = [];
  let assigned = 0;
  for (let repeat = -warmups; repeat < repeats; repeat += 1) {
    const fresh = make();
    const start = performance.now();
    const plan = decideDispatch(fresh);
    if (repeat >= 0) sample.push(performance.now() - start);
    assigned = plan.assignments.length;
  }
  return { fastest: Math.min(...sample), median: percentile(sample, 0.5), assigned };
}

async function* decide(say: (line: string) => void): AsyncIterable<Figure> {
  const how =
    'one call of decideDispatch on fresh rows; the fastest, since on a shared machine the others measure the neighbours';
  const figure = (metric: string, make: () => DispatchView, detail: object, expected: number): Figure => {
    say(`decide: ${metric}`);
    const { fastest, median, assigned } = measure(make);
    if (assigned !== expected) throw new Error(`${metric}: ${assigned} tasks were handed out, not ${expected}`);
    const measured = { assigned, median_ms: rounded(median, 3), repeats, ...detail };
    return { bench: 'decide', metric, value: rounded(fastest, 3), unit: 'ms', detail: measured };
  };
  const routes = Array.from({ length: skills }, (_, index) => [skill(index)]);
  const sizes = [
    ['decide_ms_10', 10],
    ['decide_ms_1000', 1_000],
    ['decide_ms_10000', 10_000],
  ] as const;
  for (const [metric, agents] of sizes) {
    const byStrategy = Object.keys(strategies).map((strategy) => {
      const { fastest } = measure(() => ruledBy(strategy, view(agents, routes, 400)));
      return [strategy, rounded(fastest, 3)] as const;
    });
    const detail = { agents, routes: skills, tasks: 400, by_strategy: Object.fromEntries(byStrategy), how };
    yield figure(metric, () => view(agents, routes, 400), detail, assignmentsPerRoundMax);
  }
  const large = { agents: 10_000, routes: skills, how };
  yield figure(
    'decide_ms_shared',
    () => shared(view(10_000, routes, 2_000)),
    { ...large, tasks: 2_000 },
    assignmentsPerRoundMax * roundShardsMax,
  );
  yield figure('decide_ms_full', () => full(view(10_000, routes, 400)), { ...large, tasks: 400 }, 5 * slots);
  const nobody = Array.from({ length: 90 }, (_, index) => [`nobody-${index}`]);
  const some = Array.from({ length: 10 }, (_, index) => [skill(index)]);
  const whole = { agents: 1_000, tasks: 10_000, unroutable: 9_000, routes: 100, how };
  yield figure('decide_ms_unroutable', () => view(1_000, [...nobody, ...some], 10_000), whole, assignmentsPerRoundMax);
  const nobodies = Array.from({ length: 9_000 }, (_, index) => [`nobody-${index}`]);
  const many = { agents: 1_000, tasks: 9_400, unroutable: 9_000, routes: 9_020, how };
  yield figure(
    'decide_ms_unroutable_routes',
    () => joined(view(1_000, nobodies, 9_000), view(0, routes, 400)),
    many,
    assignmentsPerRoundMax,
  );
  await Promise.resolve();
}

export const decideBench: Bench = { about: 'CPU of one decision at 10, 1,000 and 10,000 agents', run: decide };
