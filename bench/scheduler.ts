import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  agentPartsMax,
  agentsTogetherMax,
  largePoolReadyPartsMax,
  readyPartsMax,
  roundShardsMax,
} from '../src/contracts/limits.ts';
import { projectRoot } from '../src/cli/local/places.ts';
import { awsLatencies } from '../src/simulator/aws-model.ts';
import { agentsFor } from '../src/simulator/compare.ts';
import { type Scenario, Simulation } from '../src/simulator/engine.ts';
import { equalAgents, type Fleet } from '../src/simulator/fleet.ts';
import { defaultMix, type Generated, generate, levelsOf } from '../src/simulator/generator.ts';
import { defaultPolicy, policyNames, randomPolicy, schedulingOf } from '../src/simulator/policies.ts';
import { variation } from '../src/simulator/measures.ts';
import { type Report, reportOf } from '../src/simulator/report.ts';
import { defaultTokenRates, parseTrace, type Work } from '../src/simulator/work.ts';
import { type Bench, type Figure, rounded } from './figure.ts';
import { boundedWaits } from './support/bounded-waits.ts';
import { busiest, countingLoad, partitionReadUnitsMax, partitionWriteUnitsMax } from './support/partition-load.ts';
import { feasibleWork } from './support/feasible-work.ts';
import { idlePool } from './support/idle-pool.ts';

const seeds = [1, 2, 3];
const taskMs = 10_000;

interface Done {
  readonly run: Simulation;
  readonly report: Report;
  readonly work: readonly Work[];
}

function simulate(policy: string, seed: number, work: readonly Work[], fleet: Fleet): Done {
  const scenario: Scenario = { seed, work, fleet, latencies: awsLatencies, scheduling: schedulingOf(policy, seed) };
  const run = new Simulation(scenario).run();
  return { run, work, report: reportOf(policy, scenario, run) };
}

const mean = (list: readonly number[]): number => list.reduce((sum, each) => sum + each, 0) / list.length;

/** One measure of every policy: the default's value, with the best of all beside it; the mean over its seeds. */
interface Measure {
  readonly seeds?: readonly number[];
  readonly metric: string;
  readonly unit: string;
  readonly aim: string;
  readonly better: 'less' | 'more';
  readonly setting: object;
  readonly policies?: readonly string[];
  readonly of: (policy: string, seed: number) => number;
}

function measured({ metric, unit, aim, better, setting, policies = policyNames, of, ...over }: Measure): Figure {
  const those = over.seeds ?? seeds;
  const values = policies.map((policy) => [policy, rounded(mean(those.map((seed) => of(policy, seed))), 5)] as const);
  const sorted = values.toSorted(([, one], [, other]) => (better === 'less' ? one - other : other - one));
  const [best] = sorted;
  return {
    bench: 'scheduler',
    metric,
    value: values.find(([policy]) => policy === defaultPolicy)?.[1] ?? Number.NaN,
    unit,
    detail: {
      ...{ aim, policy: defaultPolicy, seeds: those, value: 'mean over the seeds', ...setting },
      ...{ best: best && { policy: best[0], value: best[1] }, by_policy: Object.fromEntries(sorted) },
    },
  };
}

function steady(seed: number, agents: number, over: Partial<Generated> = {}): readonly Work[] {
  const { duration_ms = taskMs } = over;
  const rate = (0.8 * agents) / (duration_ms / 1000);
  return generate({ seed, tasks: agents * 100, rate, mix: defaultMix, duration_ms, shape: 'lognormal', ...over });
}

const backlog = (seed: number, tasks: number): readonly Work[] =>
  generate({ seed, tasks, rate: Infinity, mix: defaultMix, duration_ms: taskMs, shape: 'lognormal' });

/**
 * How even the work is. Whoever is free and has worked least is next, so what is left is the spread of about one task: `one_task`, the spread of durations over the
 * tasks that each agent has had. It does not depend on how many agents there are.
 */
function loadVariance(agents: number, tasksEach: number, durationMs: number, over: Partial<Measure> = {}): Figure {
  const setting = { agents, slots: 1, load: 0.8, tasks_per_agent: tasksEach, mean_task_ms: durationMs };
  const workOf = (seed: number) => steady(seed, agents, { tasks: agents * tasksEach, duration_ms: durationMs });
  const one_task = rounded(variation(workOf(1).map(({ duration_ms }) => duration_ms)) / tasksEach, 5);
  return measured({
    metric: `load_variance_${agents}_agents`,
    ...{ unit: 'coefficient of variation', aim: '<= 0.03', better: 'less' },
    setting: { ...setting, durations: 'lognormal', one_task, what: 'of the share of its time that each agent worked' },
    of: (policy, seed) => simulate(policy, seed, workOf(seed), equalAgents(agents)).report.load_variance,
    ...over,
  });
}

function* backlogFigures(): Iterable<Figure> {
  const setting = { agents: 100, slots: 1, tasks: 10_000, mean_task_ms: taskMs, durations: 'lognormal' };
  const known = new Map<string, { utilisation: number; overhead: number }>();
  const runOf = (policy: string, seed: number) => {
    const key = `${policy} ${seed}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const { run, report } = simulate(policy, seed, backlog(seed, 10_000), equalAgents(100));
    const { backlogWorking, backlogSlots } = run.meter.sums();
    const figures = { utilisation: backlogWorking / backlogSlots, overhead: report.overhead };
    known.set(key, figures);
    return figures;
  };
  yield measured({
    metric: 'utilisation_backlog',
    ...{ unit: 'share', aim: '>= 0.97', better: 'more' },
    setting: { ...setting, what: 'working slots over all slots while tasks wait' },
    of: (policy, seed) => runOf(policy, seed).utilisation,
  });
  yield measured({
    metric: 'coordination_overhead',
    ...{ unit: 'share', aim: '<= 0.02', better: 'less' },
    setting: { ...setting, what: 'time of slots that are held but do not work, or are free although a task waits' },
    of: (policy, seed) => runOf(policy, seed).overhead,
  });
}

function deadlineFigure(): Figure {
  const plan = { agents: 50, tasks: 10_000, load: 0.85, meanMs: taskMs, leadMs: 30_000, slackMs: 10_000 };
  return measured({
    metric: 'deadlines_met_feasible',
    ...{ unit: 'share', aim: '>= 0.99', better: 'more' },
    setting: {
      ...plan,
      what: 'instances cut from a schedule that meets every deadline: released up to leadMs before their planned start, due up to slackMs after their planned end (both exponential means)',
    },
    of: (policy, seed) =>
      simulate(policy, seed, feasibleWork({ ...plan, seed }), equalAgents(plan.agents)).report.deadlines_met,
  });
}

function violationsFigure(): Figure {
  const fleet = equalAgents(30, 2, { fails_every_ms: 120_000, repair_ms: 20_000 });
  const capable = [...equalAgents(10, 2, { capabilities: ['gpu'] }), ...fleet];
  const many = Array.from({ length: 30 }, (_, index) => index + 1);
  // The others for comparison only.
  const fewer = many.slice(0, 10);
  const worksOf = (seed: number): readonly Work[] =>
    steady(seed, 80, { tasks: 3_000, rate: 8 }).map((work, index) =>
      index % 3 === 0 ? { ...work, capabilities: ['gpu'] } : work,
    );
  const of = (policy: string): number =>
    (policy === defaultPolicy ? many : fewer).reduce(
      (sum, seed) => sum + simulate(policy, seed, worksOf(seed), capable).run.violations,
      0,
    );
  const values = Object.fromEntries(policyNames.map((policy) => [policy, of(policy)]));
  return {
    bench: 'scheduler',
    metric: 'order_violations',
    value: values[defaultPolicy] ?? Number.NaN,
    unit: 'tasks',
    detail: {
      ...{
        aim: '0',
        policy: defaultPolicy,
        seeds: '1-30; of the others 1-10',
        tasks_per_seed: 3_000,
        agents: 40,
        slots: 2,
        load: 1,
        by_policy: values,
      },
      faults: 'three quarters of the agents fail every two minutes on average and are back after 20 s',
      what: 'hand-outs to an agent that could have run a waiting task of a higher level which the index showed',
    },
  };
}

/** Six hours of more critical work than the agents can do, with a few low tasks: only their due times bring those forward. */
function boundFigure(): Figure {
  const [agents, durationMs, load] = [10, 60_000, 1.15];
  const rate = (load * agents) / (durationMs / 1000);
  const plan = { tasks: Math.round(rate * 6 * 3_600), rate, duration_ms: durationMs, shape: 'fixed' } as const;
  const mix = { critical: 0.97, high: 0, medium: 0, low: 0.03 };
  const waits = seeds.flatMap((seed) => {
    const work = generate({ seed, mix, ...plan });
    return boundedWaits('low', work, simulate(defaultPolicy, seed, work, equalAgents(agents)).run);
  });
  return {
    bench: 'scheduler',
    metric: 'waits_above_their_bound',
    value: waits.filter(({ waitMs, boundMs }) => waitMs > boundMs).length,
    unit: 'low tasks',
    detail: {
      ...{ aim: '0', policy: defaultPolicy, seeds, agents, load, mean_task_ms: durationMs, low_tasks: waits.length },
      longest_wait_s: rounded(Math.max(...waits.map(({ waitMs }) => waitMs)) / 1000, 0),
      smallest_margin_s: rounded(Math.min(...waits.map(({ waitMs, boundMs }) => boundMs - waitMs)) / 1000, 1),
      what: 'six hours of critical tasks beyond what the agents can do; each low task against the bound that the core states when it comes due',
    },
  };
}

interface Shards {
  readonly metric: string;
  readonly aim?: string;
  /** Dispatchers that hand out what is decided. */
  readonly shards: number;
  readonly agents: number;
  readonly tasks: number;
}

/** A backlog of short tasks: how fast the dispatchers of one pool are, and how fast the partitions behind them may be. */
function shardFigure({ metric, aim, shards, ...plan }: Shards): Figure {
  const setting = { ...plan, slots: 10, mean_task_ms: 1_000, seed: 1 };
  const { agents, slots, tasks, mean_task_ms: duration_ms, seed } = setting;
  const isLarge = agents >= agentsTogetherMax;
  const partitions = {
    agents: isLarge ? 1 + agentPartsMax : 1,
    index: isLarge ? largePoolReadyPartsMax : readyPartsMax,
  };
  const work = generate({ seed, tasks, rate: Infinity, mix: defaultMix, duration_ms, shape: 'lognormal' });
  const { scheduling, load } = countingLoad(
    schedulingOf(defaultPolicy, seed, { alone: shards === 1 }),
    partitions.index,
  );
  const fleet = equalAgents(agents, slots);
  const run = new Simulation({ seed, work, fleet, latencies: awsLatencies, scheduling }).run();
  // From the first start to the last one: what comes after is the work of the last tasks.
  const starts = run.startedAt.toSorted();
  const handingOutS = ((starts.at(-1) ?? 0) - (starts[0] ?? 0)) / 1000;
  const byDispatchers = tasks / handingOutS;
  const unitsOf = (kind: 'agents' | 'index') => busiest(load.writes, kind) / tasks;
  const byPartitions = partitionWriteUnitsMax / Math.max(unitsOf('agents'), unitsOf('index'));
  const value = Math.min(byDispatchers, byPartitions);
  const readUnits = busiest(load.reads, 'agents') / handingOutS;
  return {
    bench: 'scheduler',
    metric,
    value: rounded(value, 0),
    unit: 'tasks/s',
    detail: {
      ...{
        ...(aim === undefined ? {} : { aim }),
        shards,
        ...setting,
        tasks_per_s_by_dispatchers: rounded(byDispatchers, 0),
        one_route: true,
      },
      ...{ order_violations: run.violations, rounds: run.rounds, partitions },
      // Of the busiest one of each kind.
      write_units_per_task: { agents: rounded(unitsOf('agents'), 3), index: rounded(unitsOf('index'), 3) },
      tasks_per_s_by_partitions: rounded(byPartitions, 0),
      read_units_per_s: { busiest: rounded(readUnits, 0), max: partitionReadUnitsMax },
      what: 'the least of what the dispatchers hand out with the modelled latencies and what the busiest partition of agents and of the ready index may write; docs/adr/0012-one-decides-many-hand-out.md',
    },
  };
}

const tracePath = join(projectRoot, '..', 'shared', 'data', 'traces', 'llm-conversation.jsonl');

function traceFigure(): Figure | undefined {
  if (!existsSync(tracePath)) return undefined;
  const text = readFileSync(tracePath, 'utf8');
  const works = new Map(
    seeds.map((seed) => [seed, parseTrace(text, 'trace', defaultTokenRates, levelsOf(defaultMix, seed))]),
  );
  const agents = agentsFor(works.get(1) ?? [], 0.8, 1);
  const waitOf = (policy: string, seed: number): number => {
    const { run, work } = simulate(policy, seed, works.get(seed) ?? [], equalAgents(agents));
    return mean(work.map(({ at }, index) => (run.startedAt[index] ?? 0) - at));
  };
  const yardstick = new Map(seeds.map((seed) => [seed, waitOf(randomPolicy, seed)]));
  return measured({
    metric: 'wait_ratio_trace',
    ...{ unit: 'of the mean wait under fifo-random', aim: '<= 0.333', better: 'less' },
    setting: {
      ...{ trace: 'llm-conversation (12,031 requests)', agents, slots: 1, load: 0.8, token_rates: defaultTokenRates },
      fifo_random_mean_wait_ms: rounded(mean([...yardstick.values()]), 0),
    },
    of: (policy, seed) => waitOf(policy, seed) / (yardstick.get(seed) ?? Number.NaN),
  });
}

async function* scheduler(say: (line: string) => void): AsyncIterable<Figure> {
  say('scheduler: load variance');
  yield loadVariance(100, 100, taskMs);
  // A thousand agents are a sample large enough: one seed tells what three would.
  yield loadVariance(1_000, 40, taskMs, { seeds: [1] });
  // Longer tasks: reading ten thousand rows takes a round of one shard half a second.
  yield loadVariance(10_000, 40, 60_000, { seeds: [1], policies: [defaultPolicy, 'random'] });
  say('scheduler: backlog');
  yield* backlogFigures();
  say('scheduler: deadlines, order, the real trace');
  yield deadlineFigure();
  yield violationsFigure();
  yield boundFigure();
  yield shardFigure({ metric: 'tasks_per_s_one_shard', aim: '>= 1000', shards: 1, agents: 400, tasks: 40_000 });
  const eight = { shards: roundShardsMax, agents: 800, tasks: 80_000 };
  yield shardFigure({ metric: 'tasks_per_s_8_shards', aim: '>= 4000', ...eight });
  // The largest pool whose rounds are not divided, and whose agents stand in one partition.
  yield shardFigure({ metric: 'tasks_per_s_small_pool', shards: 1, agents: agentsTogetherMax - 1, tasks: 20_000 });
  const trace = traceFigure();
  if (trace === undefined) say(`scheduler: wait_ratio_trace is left out: there is no ${tracePath}`);
  else yield trace;
  say('scheduler: an hour of an idle pool');
  yield await idlePool();
}

export const schedulerBench: Bench = {
  about: 'load, deadlines, order and waits of every policy, simulated',
  run: scheduler,
};
