import fc from 'fast-check';
import type { AgentRow, ReadyTask, RouteRow } from '../../../src/contracts/rows.ts';
import { type PolicyDocument, policyDocument, type TaskMatch } from '../../../src/contracts/distributor/policy.ts';
import { plainStrategies } from '../../../src/contracts/distributor/strategy.ts';
import { priorities } from '../../../src/contracts/distributor/task.ts';
import type { DispatchView } from '../../../src/distributor/core/dispatch/round.ts';
import { agentRow, iso, poolRows, readyTask, route, startMs } from '../../unit/distributor/rows.ts';

const skills = ['x', 'y', 'z'] as const;
const types = ['demo', 'train', 'alarm'] as const;
const agentIds = ['a', 'b', 'c', 'd', 'e'] as const;

const agent = fc.record({
  capabilities: fc.subarray([...skills]),
  capacity: fc.integer({ min: 1, max: 4 }),
  busy: fc.integer({ min: 0, max: 5 }),
  leaseMs: fc.constantFrom(-1, 0, 60_000),
  draining: fc.boolean(),
  completed: fc.integer({ min: 0, max: 20 }),
  failed: fc.integer({ min: 0, max: 20 }),
  labels: fc.record({ gpu: fc.constantFrom('yes', 'no'), lane: fc.constantFrom('emergency', 'open') }),
});

const agents = fc
  .uniqueArray(fc.constantFrom(...agentIds), { maxLength: 5 })
  .chain((ids) =>
    fc.tuple(
      ...ids.map((agent_id) =>
        agent.map(({ leaseMs, ...rest }) => agentRow({ agent_id, lease_until: iso(startMs + leaseMs), ...rest })),
      ),
    ),
  )
  .map((rows): AgentRow[] => rows);

const routes = fc
  .array(fc.tuple(fc.subarray([...skills]), fc.subarray([...agentIds], { maxLength: 2 })), { maxLength: 5 })
  .map((list) => [
    ...new Map(list.map(([needs, named]) => route(needs, ...named)).map((row) => [row.route, row])).values(),
  ]);

const head = (row: RouteRow) =>
  fc
    .array(
      fc.record({
        priority: fc.constantFrom(...priorities),
        age: fc.integer({ min: 0, max: 3 }),
        deadlineMs: fc.option(fc.integer({ min: -2, max: 2 }), { nil: undefined }),
        attempt: fc.integer({ min: 0, max: 3 }),
        task_type: fc.constantFrom(...types),
      }),
      { maxLength: 6 },
    )
    .map((list): ReadyTask[] =>
      list
        .map(({ age, deadlineMs, ...rest }, at) =>
          readyTask({
            task_id: `${row.route.replaceAll(/\W/g, '.')}-${at}`,
            ...rest,
            route: row.route,
            created_at: iso(startMs - age),
            ...(deadlineMs === undefined ? {} : { deadline: iso(startMs + deadlineMs) }),
          }),
        )
        .sort((a, b) => (a.order < b.order ? -1 : 1)),
    );

const match = fc.oneof(
  fc.record({ task_type: fc.subarray([...types], { minLength: 1 }) }),
  fc.record({ priority: fc.subarray([...priorities], { minLength: 1 }) }),
);
const rule = fc
  .tuple(
    match,
    fc.oneof(
      fc.record({ pin: fc.constantFrom(...agentIds, 'gone') }),
      fc.record({ exclude_agents: fc.subarray([...agentIds], { minLength: 1 }) }),
      fc.constant({ require_labels: { gpu: 'yes' } }),
      fc.record({ prefer_agents: fc.subarray([...agentIds], { minLength: 1 }) }),
    ),
  )
  .map(([matches, does]) => ({ match: matches, ...does }));

/** Rules, an emergency lane and a strategy; none of these waits for an agent by its own wish. */
const documents = fc
  .record(
    {
      rules: fc.array(rule, { maxLength: 3 }).map((list) => list.map((each, at) => ({ name: `rule-${at}`, ...each }))),
      emergency: fc.record({ match, keep_labels: fc.constant({ lane: 'emergency' }) }),
      strategy: fc.constantFrom(...plainStrategies, 'weighted-0'),
    },
    { requiredKeys: [] },
  )
  .map((document) => ({
    ...document,
    strategies: { 'weighted-0': { use: 'weighted', weights: { a: 0, b: 2 }, otherwise: 1 } },
  }))
  .map((document): PolicyDocument => policyDocument.parse(document));

/** The same with a policy, or without. */
export function withPolicy(views: fc.Arbitrary<DispatchView>): fc.Arbitrary<DispatchView> {
  return fc.tuple(views, fc.option(documents, { nil: undefined })).map(([view, document]) => {
    if (document === undefined) return view;
    return { ...view, pool: { ...view.pool, policy: { pool: 'default', version: 1, document, at: '', by: '' } } };
  });
}

/** Whether a policy lets an agent have a task, told anew: nothing of the code that decides is used. */
export function mayRun({ pool, now }: DispatchView, { task_type, priority, route: name }: ReadyTask, agent: AgentRow) {
  const { rules = [], emergency, strategy } = pool.policy?.document ?? {};
  const isAbout = (about: TaskMatch) =>
    about.task_type?.includes(task_type) !== false && about.priority?.includes(priority) !== false;
  const has = (wanted: Readonly<Record<string, string>> = {}) =>
    Object.entries(wanted).every(([label, value]) => agent.labels?.[label] === value);
  const isThere = (each: AgentRow) => each.lease_until > iso(now) && !each.draining;
  const lane = pool.routes.find(({ route: each }) => each === name)!;
  const offers = (each: AgentRow) => lane.required_capabilities.every((need) => each.capabilities.includes(need));
  const first = rules.find((each) => isAbout(each.match));
  const named = pool.agents.filter((each) => lane.agents.includes(each.agent_id) && isThere(each) && offers(each));
  const isNamed = first?.pin !== undefined || named.length === 0 || named.includes(agent);
  const isKept = emergency !== undefined && !isAbout(emergency.match) && has(emergency.keep_labels);
  const isRuled =
    (first?.pin ?? agent.agent_id) === agent.agent_id &&
    first?.exclude_agents?.includes(agent.agent_id) !== true &&
    has(first?.require_labels);
  // Agents that the task or the rule names are not chosen by weights.
  const isChosen = first?.pin === undefined && !named.includes(agent);
  const isWeighed = strategy !== 'weighted-0' || agent.agent_id !== 'a' || !isChosen;
  return isThere(agent) && offers(agent) && isNamed && isRuled && !isKept && isWeighed;
}

/** Everything that a dispatch round may see: agents in any state, routes with their heads, some of them cut. */
export const dispatchViews: fc.Arbitrary<DispatchView> = fc.tuple(agents, routes).chain(([rows, list]) =>
  fc.tuple(fc.tuple(...list.map(head)), fc.subarray(list.map((row) => row.route))).map(([heads, full]) => ({
    now: startMs,
    pool: poolRows(rows, list),
    heads: new Map(list.map((row, at) => [row.route, heads[at] ?? []])),
    full: new Set(full),
  })),
);

/** The same, in which every other agent is there, idle and able to do everything. */
export const livelyViews: fc.Arbitrary<DispatchView> = dispatchViews.map((view) => {
  const able = { capabilities: [...skills], lease_until: iso(startMs + 60_000), draining: false, holds: {} };
  const agents = view.pool.agents.map((row, at) => (at % 2 === 0 ? { ...row, ...able } : row));
  return { ...view, pool: { ...view.pool, agents } };
});
