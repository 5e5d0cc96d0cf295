import { describe, expect, it } from '@jest/globals';
import { CadreError } from '../../../../src/contracts/errors.ts';
import { policyBytesMax } from '../../../../src/contracts/limits.ts';
import { type PolicyDocument, policyDocument } from '../../../../src/contracts/distributor/policy.ts';
import type { AgentRow, ReadyTask } from '../../../../src/contracts/rows.ts';
import { decideDispatch } from '../../../../src/distributor/core/dispatch/dispatch.ts';
import { checkedPolicy } from '../../../../src/distributor/core/policy/check-policy.ts';
import { scoresOf } from '../../../../src/distributor/core/policy/expression.ts';
import { agentRow, iso, poolRows, readyTask, route, startMs } from '../rows.ts';

/** Paths and messages of what is wrong with a policy. */
function faultsOf(value: unknown): string[] {
  try {
    checkedPolicy(value);
    return [];
  } catch (error) {
    if (!(error instanceof CadreError)) throw error;
    return error.faults.map(({ path = '', message }) => `${path}: ${message}`);
  }
}

describe('a policy is refused', () => {
  it('with all of its faults at once, those of its shape included', () => {
    const faults = faultsOf({
      strategy: 'nobody-knows-this',
      by_task_type: { llm: 'nor-this' },
      colour: 'red',
      strategies: {
        even: { use: 'weighted', weights: { a: 0, b: 0 }, otherwise: 0 },
        one: { use: 'cost_aware', fallback: 'two' },
        two: { use: 'random', fallback: 'one' },
        best: { use: 'performance_based', success: 0, speed: 0, cost: 0 },
        mine: { use: 'custom', score: 'agent.free +' },
        dice: { use: 'custom', score: '$random()' },
        random: { use: 'least_loaded' },
      },
      rules: [
        { name: 'r', match: {}, pin: 'a', exclude_agents: ['a'] },
        { name: 'r', match: { priority: ['urgent'] }, strategy: 'missing' },
        { name: 'empty', match: {} },
      ],
    });
    for (const part of [
      'colour: unknown key',
      'strategy: there is no strategy "nobody-knows-this"',
      'by_task_type.llm: there is no strategy "nor-this"',
      'rules[1].strategy: there is no strategy "missing"',
      'rules[1].match.priority[0]:',
      'strategies.one.fallback: the fallbacks go round: one → two → one',
      'strategies.even.weights: all weights are 0',
      'strategies.best: success, speed and cost all count nothing',
      'strategies.mine.score:',
      'strategies.dice.score: $random is not available',
      'strategies.random: "random" is the name of a built-in strategy',
      'rules[0].pin: a is excluded by the same rule',
      'rules[1].name: another rule is called "r"',
      'rules[2]: the rule says nothing',
    ]) {
      expect(faults.filter((fault) => fault.startsWith(part))).toHaveLength(1);
    }
    expect(faults).toHaveLength(14);
  });

  it('with too many strategies, a lane for nobody in particular, and reservations in vain beside faults of its shape', () => {
    const strategies = Object.fromEntries(Array.from({ length: 21 }, (_, at) => [`s${at}`, { use: 'random' }]));
    const reservations = [
      { name: 'one', match: { priority: ['low', 'high'], namespace: ['a'] }, percent: 10 },
      { name: 'same', match: { namespace: ['a'], priority: ['high', 'low'] }, percent: 10 },
      { name: 'part', match: { namespace: ['a'], priority: ['high'] }, percent: 10 },
      { name: 'more', match: { namespace: ['a', 'b'], priority: ['high'] }, percent: 10 },
    ];
    const emergency = { match: { priority: ['critical'] }, keep_labels: {} };
    expect(faultsOf({ colour: 'red', limits: {}, strategies, reservations, emergency })).toEqual([
      'limits: expected array, received object',
      'colour: unknown key "colour"',
      'strategies: at most 20 strategies; these are 21',
      'reservations[1].match: never counts: reservation 1 matches all its tasks',
      'reservations[2].match: never counts: reservation 1 matches all its tasks',
      'emergency.keep_labels: without a label every agent would be kept, and what does not match would wait for ever',
    ]);
  });

  it.each([[null], [[]], ['text'], [{ strategies: [] }], [{ rules: {} }]])('when it is no document: %j', (value) => {
    expect(faultsOf(value)).not.toEqual([]);
  });

  it('when it is too large to be read with every dispatch', () => {
    const by_task_type = Object.fromEntries(
      Array.from({ length: policyBytesMax / 10 }, (_, at) => [`type-${at}`, 'random']),
    );
    expect(faultsOf({ by_task_type })).toEqual([expect.stringContaining(`more than ${policyBytesMax}`)]);
  });

  it('not when it is empty, or has everything a policy may have', () => {
    expect(faultsOf({})).toEqual([]);
    expect(
      faultsOf({
        strategies: { near: { use: 'geographic', region: 'eu', fallback: 'cheap' }, cheap: { use: 'cost_aware' } },
        strategy: 'near',
        by_task_type: { llm: 'predictive' },
        rules: [
          { name: 'night', match: { priority: ['low'] }, strategy: 'cheap', prefer_agents: ['a'], until: iso(0) },
        ],
        emergency: { match: { priority: ['critical'] }, keep_labels: { lane: 'emergency' } },
      }),
    ).toEqual([]);
  });
});

/** Who gets each task, one after the other. */
function given(document: PolicyDocument, agents: readonly AgentRow[], tasks: readonly Partial<ReadyTask>[]) {
  const list = tasks.map((each, at) => readyTask({ task_id: `t${at}`, ...each }));
  const policy = { pool: 'default', version: 1, document: policyDocument.parse(document), at: iso(startMs), by: 'me' };
  const heads = new Map(Map.groupBy(list, (task) => task.route));
  const pool = { ...poolRows(agents, [route(), route([], 'b', 'c')]), policy };
  const { assignments, blocked } = decideDispatch({ now: startMs, pool, heads, full: new Set() });
  return { by: assignments.map(({ task, agent }) => `${task.task_id}→${agent.agent_id}`), assignments, blocked };
}
const [a, b, c] = ['a', 'b', 'c'].map((agent_id) => agentRow({ agent_id, capacity: 9 })) as [
  AgentRow,
  AgentRow,
  AgentRow,
];

describe('a policy chooses', () => {
  it('by the first rule that matches, then the task, then its type, then the pool', () => {
    const document: PolicyDocument = {
      strategies: {
        only_a: { use: 'weighted', weights: { a: 1 }, otherwise: 0 },
        only_b: { use: 'weighted', weights: { b: 1 }, otherwise: 0 },
        only_c: { use: 'weighted', weights: { c: 1 }, otherwise: 0 },
      },
      strategy: 'only_a',
      by_task_type: { typed: 'only_b' },
      rules: [
        { name: 'over', match: { priority: ['high'] }, strategy: 'random', until: iso(startMs) },
        { name: 'first', match: { priority: ['high'], task_type: ['typed', 'other'] }, strategy: 'only_c' },
        { name: 'second', match: { priority: ['high'] }, strategy: 'only_b' },
      ],
    };
    const { by, assignments } = given(
      document,
      [a, b, c],
      [
        { priority: 'high', task_type: 'typed', distribution_rules: { routing_strategy: 'random' } },
        { priority: 'high' },
        { task_type: 'typed' },
        {},
      ],
    );
    expect(by).toEqual(['t0→c', 't1→b', 't2→b', 't3→a']);
    expect(assignments.map(({ log }) => log.policy_rule)).toEqual(['first', 'second', undefined, undefined]);
    expect(assignments[0]?.log).toMatchObject({ routing_rule: 'weighted', candidates: [{ agent_id: 'c' }] });
  });

  it('only those that a rule leaves: labels, exclusions, a pin that overrides even what the task names', () => {
    const labelled = agentRow({ agent_id: 'c', labels: { gpu: 'yes' } });
    const rules: PolicyDocument['rules'] = [
      { name: 'gpu', match: { task_type: ['gpu'] }, require_labels: { gpu: 'yes' } },
      { name: 'not-a', match: { task_type: ['not-a'] }, exclude_agents: ['a', 'c'] },
      { name: 'pin', match: { task_type: ['pin'] }, pin: 'a' },
    ];
    const named = {
      route: route([], 'b', 'c').route,
      distribution_rules: { primary_agent: 'b', backup_agents: ['c'] },
    };
    const tasks = [{ task_type: 'gpu' }, { task_type: 'not-a' }, { task_type: 'pin', ...named }, named];
    expect(given({ rules }, [a, b, labelled], tasks).by.sort()).toEqual(['t0→c', 't1→b', 't2→a', 't3→b']);
  });

  it('those that a rule prefers while one of them is free, then the others', () => {
    const rules: PolicyDocument['rules'] = [{ name: 'prefer', match: {}, prefer_agents: ['b'] }];
    const once = agentRow({ agent_id: 'b' });
    expect(given({ rules }, [a, once], [{}, {}]).by).toEqual(['t0→b', 't1→a']);
  });

  it('keeps the emergency lane for those it is for', () => {
    const kept = agentRow({ agent_id: 'k', labels: { lane: 'emergency' }, capacity: 9 });
    const emergency = { match: { priority: ['critical' as const] }, keep_labels: { lane: 'emergency' } };
    const { by } = given({ emergency }, [kept], [{ priority: 'critical' }, { priority: 'high' }]);
    expect(by).toEqual(['t0→k']);
  });

  it('the fallback where a strategy finds nobody, and in the end anybody who is free', () => {
    const strategies: PolicyDocument['strategies'] = {
      mine: { use: 'custom', score: 'agent.free', fallback: 'only_b' },
      only_b: { use: 'weighted', weights: { b: 1 }, otherwise: 0, fallback: 'best' },
      best: { use: 'custom', score: 'agent.known' },
    };
    const { by, assignments } = given({ strategies, strategy: 'mine' }, [a, agentRow({ agent_id: 'b' })], [{}, {}]);
    expect(by).toEqual(['t0→b', 't1→a']);
    expect(assignments.map(({ log }) => log.routing_rule)).toEqual(['weighted', 'least_loaded']);
  });

  it('nobody of weight 0, also when all others are full', () => {
    const strategies: PolicyDocument['strategies'] = {
      only_b: { use: 'weighted', weights: { b: 1 }, otherwise: 0 },
    };
    const once = agentRow({ agent_id: 'b' });
    expect(given({ strategies, strategy: 'only_b' }, [a, once], [{}, {}]).by).toEqual(['t0→b']);
  });

  it('so that a task which it holds back holds up nobody, and its full agents are asked for', () => {
    const rules: PolicyDocument['rules'] = [{ name: 'pin', match: { task_type: ['pin'] }, pin: 'b' }];
    const full = agentRow({ agent_id: 'b', busy: 1 });
    const { by, blocked } = given({ rules }, [a, full], [{ task_type: 'pin' }, {}]);
    expect(by).toEqual(['t1→a']);
    expect(blocked).toEqual([{ route: '*', agents: [full] }]);
  });
});

describe('a scoring expression', () => {
  it('gives each agent a number from its own figures', async () => {
    const agents = [agentRow({ agent_id: 'a', capacity: 3 }), agentRow({ agent_id: 'b', labels: { tier: '2' } })];
    const scores = await scoresOf('agent.free + (agent.labels.tier = "2" ? 10 : 0)', agents, 'demo');
    expect(scores).toEqual({
      ok: true,
      value: new Map([
        ['a', 3],
        ['b', 11],
      ]),
    });
    expect(await scoresOf('agent.capacity', [a], 'demo')).toEqual({ ok: true, value: new Map([['a', 9]]) });
    expect(await scoresOf('1', [], 'demo')).toEqual({ ok: true, value: new Map() });
  });

  it.each([
    ['no number', '"text"'],
    ['nothing', 'agent.missing'],
    ['a number that is none', '1 / 0'],
    ['without end', '($f := function($n) { $f($n + 1) }; $f(1))'],
    ['what is closed early', '1) ; (2'],
    ['chance', '$random()'],
  ])('that gives %s is refused', async (_what, text) => {
    expect(await scoresOf(text, [a, b], 'demo')).toMatchObject({ ok: false, error: { code: 'invalid-expression' } });
  });
});
