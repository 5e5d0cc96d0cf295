import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AgentRow, ReadyTask } from '../../../src/contracts/rows.ts';
import {
  plainStrategies,
  strategySettings,
  type StrategySettings,
} from '../../../src/contracts/distributor/strategy.ts';
import { addedFigures } from '../../../src/distributor/core/agents/figures.ts';
import { freeSlots } from '../../../src/distributor/core/agents/open-slots.ts';
import { bestOf } from '../../../src/distributor/core/strategies/ranking.ts';
import { plainSettings, rank } from '../../../src/distributor/core/strategies/registry.ts';
import type { Candidate, CandidateSet } from '../../../src/distributor/core/strategies/strategy.ts';
import { agentRow, iso, readyTask, results, route, startMs } from '../../unit/distributor/rows.ts';

type Open = { -readonly [K in keyof Candidate]: Candidate[K] };
const context = { now: startMs, route: route(), customScores: () => new Map([['a', 1]]) };
const setOf = (agents: readonly AgentRow[]): { readonly all: Open[]; readonly pinned: boolean } => ({
  all: agents.map((agent) => ({ agent, free: freeSlots(agent) })),
  pinned: false,
});
const fresh = (set: CandidateSet): CandidateSet => ({ ...set, all: set.all.map((each) => ({ ...each })) });
const choose = (settings: StrategySettings, task: ReadyTask, set: CandidateSet, row = context.route) =>
  bestOf(set, rank(settings, task, set, { ...context, route: row }));

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const agents = fc.uniqueArray(fc.constantFrom(...ids), { minLength: 1 }).chain((chosen) =>
  fc.tuple(
    ...chosen.map((agent_id) =>
      fc
        .record({
          capacity: fc.integer({ min: 1, max: 5 }),
          busy: fc.integer({ min: 0, max: 5 }),
          completed: fc.integer({ min: 0, max: 9 }),
          ended: fc.tuple(fc.nat(9), fc.nat(9), fc.integer({ min: 1, max: 100_000 })),
          usd_per_hour: fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined }),
          region: fc.constantFrom('eu', 'us', 'ap'),
          capabilities: fc.subarray(['x', 'y', 'z']),
          next_turn: fc.nat(5),
        })
        .map(({ ended: [good, bad, ms], region, ...rest }) =>
          agentRow({ agent_id, labels: { region }, figures: addedFigures(results(good, bad, ms)), ...rest }),
        ),
    ),
  ),
);
const settings: fc.Arbitrary<StrategySettings> = fc
  .constantFrom(
    ...plainStrategies.map((use) => ({ use })),
    { use: 'weighted', weights: { a: 3, b: 0.5 }, otherwise: 1 },
    { use: 'weighted', weights: { a: 0, b: 2 }, otherwise: 1 },
    { use: 'weighted', weights: { a: 1 }, otherwise: 0 },
    { use: 'affinity', by: 'task_id', wait_ms: 60_000 },
    { use: 'geographic', region: 'eu', distances_ms: { eu: { us: 90 }, ap: { eu: 250 } } },
    { use: 'custom', score: 'agent.free' },
  )
  .map((each) => strategySettings.parse(each));
const tasks = fc
  .array(fc.record({ task_type: fc.constantFrom('demo', 'other'), attempt: fc.nat(3) }), { maxLength: 12 })
  .map((list) => list.map((each, at) => readyTask({ task_id: `t${at}`, ...each })));

const required = fc.subarray(['x', 'y']);

/** Hands out tasks one after the other, as a round does; what each agent got, in turn. */
function handOut(how: StrategySettings, list: readonly ReadyTask[], set: ReturnType<typeof setOf>) {
  return list.map((task) => {
    const ranking = rank(how, task, set, context);
    const chosen = bestOf<Open>(set, ranking);
    const turn = chosen && ranking.nextTurn?.(chosen);
    if (chosen !== undefined) chosen.free -= 1;
    return { agent_id: chosen?.agent.agent_id, turn };
  });
}

/** The agents after many rounds of a few tasks each; all slots are free again before each round. */
function rounds(how: StrategySettings, rows: readonly AgentRow[], sizes: readonly number[]) {
  let now = rows;
  const counts = new Map<string | undefined, number>();
  sizes.forEach((size, round) => {
    const list = Array.from({ length: size }, (_, at) => readyTask({ task_id: `t${round}-${at}` }));
    const turns = new Map<string | undefined, number | undefined>();
    for (const { agent_id, turn } of handOut(how, list, setOf(now))) {
      counts.set(agent_id, (counts.get(agent_id) ?? 0) + 1);
      turns.set(agent_id, turn);
    }
    now = now.map((row) => {
      const next_turn = turns.get(row.agent_id);
      return next_turn === undefined ? row : { ...row, next_turn };
    });
  });
  return counts;
}

describe('every strategy', () => {
  it('chooses a candidate with a free slot, and gives nobody more than it has', () => {
    fc.assert(
      fc.property(settings, agents, tasks, (how, rows, list) => {
        const set = setOf(rows);
        handOut(how, list, set);
        for (const each of set.all) expect(each.free).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 500 },
    );
  });

  it('chooses somebody while anybody is free, unless its settings exclude them or it waits for another one', () => {
    fc.assert(
      fc.property(settings, agents, (how, rows) => {
        const set = setOf(rows);
        const chosen = choose(how, readyTask(), set);
        const own = choose(how, readyTask(), setOf(rows.map((row) => ({ ...row, holds: {} }))))?.agent.agent_id;
        const isOne = how.use === 'custom' || (how.use === 'affinity' && how.wait_ms > 0);
        const weightOf = (id: string) => (how.use === 'weighted' ? (how.weights[id] ?? how.otherwise) : 1);
        const mayHave = (id: string) => weightOf(id) > 0 && (!isOne || id === own);
        const able = set.all.filter(({ agent, free }) => free > 0 && mayHave(agent.agent_id));
        expect(able.length === 0 ? [undefined] : able).toContain(chosen);
      }),
      { numRuns: 500 },
    );
  });

  it('decides alike from the same rows, and what it keeps during a round changes nothing', () => {
    fc.assert(
      fc.property(settings, agents, tasks, fc.array(required, { minLength: 1 }), (how, rows, list, routes) => {
        const set = setOf(rows);
        for (const [at, task] of list.entries()) {
          // Routes that the same agents can serve share what is kept of them.
          const row = route(routes[at % routes.length]);
          const chosen = choose(how, task, set, row) as Open | undefined;
          const again = choose(how, task, fresh(set), row);
          expect(chosen?.agent).toBe(again?.agent);
          if (chosen !== undefined) chosen.free -= 1;
        }
      }),
      { numRuns: 500 },
    );
  });
});

const roomy = (weights: Record<string, number>) =>
  Object.keys(weights).map((agent_id) => agentRow({ agent_id, capacity: 200 }));
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 20 });

describe('turns', () => {
  it('round_robin gives agents with room the same number of tasks, to within one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), sizes, (count, list) => {
        const rows = ids.slice(0, count).map((agent_id) => agentRow({ agent_id, capacity: 200 }));
        const counts = rounds(plainSettings('round_robin'), rows, list);
        const given = ids.slice(0, count).map((id) => counts.get(id) ?? 0);
        expect(Math.max(...given) - Math.min(...given)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('weighted gives work in proportion, to within one turn of each', () => {
    const weights = fc.dictionary(fc.constantFrom(...ids), fc.integer({ min: 1, max: 8 }), { minKeys: 2 });
    fc.assert(
      fc.property(weights, sizes, (shares, list) => {
        const counts = rounds({ use: 'weighted', weights: shares, otherwise: 1 }, roomy(shares), list);
        const served = Object.entries(shares).map(([id, share]) => ({ turns: (counts.get(id) ?? 0) / share, share }));
        for (const one of served) {
          for (const other of served) {
            expect(one.turns - other.turns).toBeLessThanOrEqual(1 / one.share + 1 / other.share + 1e-9);
          }
        }
      }),
    );
  });

  it('let an agent that joins late have its share from now on, not what it missed', () => {
    const old = ['a', 'b'].map((agent_id) => agentRow({ agent_id, capacity: 200, next_turn: 1_000 }));
    const counts = rounds(plainSettings('round_robin'), [...old, agentRow({ agent_id: 'new', capacity: 200 })], [30]);
    expect(counts.get('new')).toBe(10);
  });

  it('weighted gives nothing to weight 0', () => {
    const set = setOf(roomy({ a: 0 }));
    expect(choose({ use: 'weighted', weights: { a: 0 }, otherwise: 1 }, readyTask(), set)).toBeUndefined();
  });
});

describe('hashing', () => {
  const sticky = fc.constantFrom(
    ...['consistent_hashing', 'affinity'].map((use) => strategySettings.parse({ use, by: 'task_id' })),
  );
  const owner = (how: StrategySettings, rows: readonly AgentRow[], task_id: string) =>
    choose(how, readyTask({ task_id }), setOf(rows))?.agent.agent_id;

  it('moves only the keys of an agent that leaves, and to one that joins only its own', () => {
    fc.assert(
      fc.property(sticky, fc.subarray(ids, { minLength: 2 }), fc.string({ minLength: 1 }), (how, chosen, key) => {
        const rows = chosen.map((agent_id) => agentRow({ agent_id }));
        const before = owner(how, rows, key);
        const leaver = chosen.at(-1);
        const after = owner(how, rows.slice(0, -1), key);
        if (before === leaver) expect(after).not.toBe(leaver);
        else expect(after).toBe(before);
      }),
    );
  });

  it('spreads keys evenly', () => {
    const rows = ids.slice(0, 5).map((agent_id) => agentRow({ agent_id }));
    const how = plainSettings('consistent_hashing');
    const counts = new Map<string | undefined, number>();
    for (let at = 0; at < 5_000; at += 1) {
      const id = owner({ ...how, by: 'task_id' } as StrategySettings, rows, `key-${at}`);
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    expect(Math.min(...counts.values())).toBeGreaterThan(900);
    expect(Math.max(...counts.values())).toBeLessThan(1_100);
  });

  it('soft affinity goes to the next agent of the key at once; hard affinity when its time is over', () => {
    const rows = ids.map((agent_id) => agentRow({ agent_id }));
    const rules = { affinity_key: 'checkpoint-1' };
    const task = readyTask({ distribution_rules: rules, queued_at: iso(startMs - 5_000) });
    const own = choose(plainSettings('affinity'), task, setOf(rows))!.agent.agent_id;
    const full = rows.map((row) => (row.agent_id === own ? agentRow({ agent_id: own, busy: 1 }) : row));
    const after = (wait_ms: number) => choose({ use: 'affinity', wait_ms }, task, setOf(full))?.agent.agent_id;
    expect(after(0)).not.toBe(own);
    expect(after(0)).toBeDefined();
    expect(after(5_001)).toBeUndefined();
    expect(after(5_000)).toBe(after(0));
    expect(choose({ use: 'affinity', wait_ms: 60_000 }, task, setOf(rows))?.agent.agent_id).toBe(own);
  });
});

describe('random', () => {
  it('keeps equal agents nearly even: the power of two choices', () => {
    const set = setOf(Array.from({ length: 100 }, (_, at) => agentRow({ agent_id: `a${at}`, capacity: 100 })));
    const list = Array.from({ length: 5_000 }, (_, at) => readyTask({ task_id: `t${at}` }));
    handOut(plainSettings('random'), list, set);
    const busy = set.all.map(({ free }) => 100 - free);
    expect(Math.max(...busy)).toBeLessThanOrEqual(54);
    expect(Math.min(...busy)).toBeGreaterThanOrEqual(44);
  });
});

describe('a strategy chooses by what it is named after:', () => {
  const pick = (how: StrategySettings, ...rows: AgentRow[]) => choose(how, readyTask(), setOf(rows))?.agent.agent_id;
  const known = (agent_id: string, good: number, bad: number, ms: number, usd = 0) =>
    agentRow({
      agent_id,
      figures: addedFigures(results(good, bad, ms).map((each) => ({ ...each, usage: { usd } }))),
    });

  it('least_connections the fewest tasks, capacity_based the most room, least_loaded the greatest share of it', () => {
    const rows = [
      agentRow({ agent_id: 'large', capacity: 100, busy: 30 }),
      agentRow({ agent_id: 'small', capacity: 4, busy: 2 }),
      agentRow({ agent_id: 'middle', capacity: 20, busy: 5 }),
    ];
    expect(pick(plainSettings('least_connections'), ...rows)).toBe('small');
    expect(pick(plainSettings('capacity_based'), ...rows)).toBe('large');
    expect(pick(plainSettings('least_loaded'), ...rows)).toBe('middle');
  });

  it('capability_matching the closest fit', () => {
    const rows = [
      agentRow({ agent_id: 'generalist', capabilities: ['x', 'y', 'z'], capacity: 9 }),
      agentRow({ agent_id: 'specialist', capabilities: ['x'] }),
    ];
    expect(pick(plainSettings('capability_matching'), ...rows)).toBe('specialist');
  });

  it('geographic the nearest region, whichever way the distance is written', () => {
    const at = (agent_id: string, region?: string) =>
      agentRow({ agent_id, ...(region === undefined ? {} : { labels: { region } }) });
    const how = strategySettings.parse({
      use: 'geographic',
      region: 'eu',
      distances_ms: { eu: { us: 90 }, ap: { eu: 250 } },
    });
    expect(pick(how, at('far', 'ap'), at('near', 'us'), at('nowhere'), at('unnamed', 'mars'))).toBe('near');
    expect(pick(how, at('nowhere'), at('far', 'ap'))).toBe('far');
    expect(pick(how, at('near', 'us'), at('here', 'eu'))).toBe('here');
    const task = readyTask({ distribution_rules: { region: 'mars' } });
    expect(choose(how, task, setOf([at('here', 'eu'), at('unnamed', 'mars')]))?.agent.agent_id).toBe('unnamed');
  });

  it('cost_aware the least cost of a success, failures and the price of a slot included', () => {
    expect(pick(plainSettings('cost_aware'), known('dear', 9, 0, 1_000, 0.02), known('cheap', 9, 0, 1_000, 0.01))).toBe(
      'cheap',
    );
    expect(
      pick(plainSettings('cost_aware'), known('sound', 9, 0, 1_000, 0.015), known('flaky', 6, 12, 1_000, 0.01)),
    ).toBe('sound');
    const priced = (agent_id: string, usd_per_hour: number) => ({ ...known(agent_id, 9, 0, 60_000), usd_per_hour });
    expect(pick(plainSettings('cost_aware'), priced('b', 3), priced('c', 2))).toBe('c');
  });

  it('predictive the earliest finish, what fails counting as often as it is repeated', () => {
    const how: StrategySettings = { use: 'predictive', explore: 0 };
    expect(pick(how, known('slow', 9, 0, 9_000), known('fast', 9, 0, 1_000))).toBe('fast');
    expect(pick(how, known('sound', 9, 0, 1_500), known('flaky', 3, 12, 1_000))).toBe('sound');
  });

  it('predictive explores a stated share of the tasks, with the agent least known', () => {
    const rows = [known('known', 9, 0, 1_000), agentRow({ agent_id: 'slow', capacity: 1 }), known('b', 1, 0, 90_000)];
    const how: StrategySettings = { use: 'predictive', explore: 0.1 };
    const explored = Array.from({ length: 5_000 }, (_, at) =>
      choose(how, readyTask({ task_id: `t${at}` }), setOf(rows)),
    ).filter((chosen) => chosen?.agent.agent_id === 'slow').length;
    expect(explored / 5_000).toBeGreaterThan(0.08);
    expect(explored / 5_000).toBeLessThan(0.12);
  });

  it('performance_based by success, speed and cost as they are weighed', () => {
    const rows = [known('fast', 5, 3, 1_000, 0.05), known('sound', 9, 0, 3_000, 0.01)];
    const how = (success: number, speed: number, cost: number) =>
      pick({ use: 'performance_based', success, speed, cost }, ...rows);
    expect(how(0, 1, 0)).toBe('fast');
    expect(how(10, 1, 0)).toBe('sound');
    expect(how(0, 0, 1)).toBe('sound');
  });

  it('custom the highest value of the expression', () => {
    const score = new Map(Object.entries({ b: 2, c: 3 }));
    const set = setOf(['a', 'b', 'c'].map((agent_id) => agentRow({ agent_id })));
    const how: StrategySettings = { use: 'custom', score: 'x' };
    const chosen = bestOf(set, rank(how, readyTask(), set, { ...context, customScores: () => score }));
    expect(chosen?.agent.agent_id).toBe('c');
    const later = fresh(set);
    expect(bestOf(later, rank(how, readyTask(), later, { ...context, customScores: undefined }))).toBeUndefined();
  });
});
