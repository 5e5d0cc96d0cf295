import type { Bench, Figure } from './figure.ts';
import { rounded } from './figure.ts';
import { prices, pricesDate, pricesRegion } from './prices.ts';
import { billOf, callsOf, perMillion } from './support/bill.ts';
import { latencyMs } from '../src/simulator/aws-model.ts';
import { functionOverheadMs } from './support/latencies.ts';
import { type MeteredTwin, type Reading, warmTwin } from './support/metered-twin.ts';
import { countPlainMap, plainUsd, runPlainSingle } from './support/plain-step-functions.ts';
import { benchTask } from './support/twin-fleet.ts';

const warmupTasks = 20;
const singleTasks = 200;
/** Between two submissions: twice as long as a task takes, so that nothing overlaps. Longer: more of the pulse's ticks fall on each task. */
const singleSpacingMs = 200;
/** The same with long pauses, in which the pulse's last ticks run and agents report that they are idle. */
const sparseSpacingMs = 60_000;
const sparseTasks = 30;
const saturatedTasks = 20_000;
const saturatedAgents = 12;
const saturatedSlots = 10;
const mapItems = 2_000;
const giveUpMs = 3_600_000;

interface Measured {
  readonly tasks: number;
  readonly reading: Reading;
  readonly setting: Readonly<Record<string, unknown>>;
}

async function untilCompleted(twin: MeteredTwin, count: number): Promise<void> {
  const outcome = await twin.cloud.clock.run(() => twin.completed() >= count, giveUpMs);
  if (outcome !== 'until') throw new Error(`${twin.completed()} of ${count} tasks were completed (${outcome})`);
}

async function oneAtATime(tasks: number, spacingMs: number): Promise<Measured> {
  const twin = await warmTwin({ agents: 1, slots: saturatedSlots });
  const { clock } = twin.cloud;
  let tookMs = 0;
  const one = async (index: number): Promise<void> => {
    const [before, at] = [twin.completed(), clock.now()];
    await twin.submit([benchTask(index)]);
    await untilCompleted(twin, before + 1);
    tookMs = clock.now() - at;
    await clock.run(() => false, spacingMs - tookMs);
  };
  for (let index = 0; index < warmupTasks; index += 1) await one(index);
  twin.start();
  for (let index = 0; index < tasks; index += 1) await one(warmupTasks + index);
  return {
    tasks,
    reading: twin.read(),
    setting: { tasks, spacing_ms: spacingMs, virtual_ms_per_task: tookMs, agents: 1 },
  };
}

async function saturated(): Promise<Measured> {
  const twin = await warmTwin({ agents: saturatedAgents, slots: saturatedSlots });
  const { clock } = twin.cloud;
  await twin.submit(Array.from({ length: saturatedAgents * saturatedSlots }, (_, index) => benchTask(index)));
  await untilCompleted(twin, saturatedAgents * saturatedSlots);
  twin.start();
  const at = clock.now();
  await twin.submit(Array.from({ length: saturatedTasks }, (_, index) => benchTask(100_000 + index)));
  await untilCompleted(twin, saturatedTasks);
  const virtual_s = (clock.now() - at) / 1000;
  const setting = { tasks: saturatedTasks, agents: saturatedAgents, slots: saturatedSlots, virtual_s };
  return { tasks: saturatedTasks, reading: twin.read(), setting };
}

/** Both figures come from the same runs; asked for both, they run once. */
let runs: Promise<{ single: Measured; sparse: Measured; full: Measured }> | undefined;

async function measure(say: (line: string) => void) {
  say('twin: one task at a time');
  const single = await oneAtATime(singleTasks, singleSpacingMs);
  const sparse = await oneAtATime(sparseTasks, sparseSpacingMs);
  say(`twin: saturation, ${saturatedTasks} tasks`);
  return { single, sparse, full: await saturated() };
}

function callsFigure(metric: string, { reading, tasks, setting }: Measured, more: object = {}): Figure {
  const each = (count: number): number => rounded(count / tasks, 3);
  const roles = Object.entries(reading.byRole).filter(([, usage]) => callsOf(usage) > 0);
  return {
    bench: 'calls',
    metric,
    value: rounded(callsOf(reading.total) / tasks),
    unit: 'calls/task',
    detail: {
      ...setting,
      by_operation: Object.fromEntries(Object.entries(reading.total.calls).map(([name, count]) => [name, each(count)])),
      by_role: Object.fromEntries(roles.map(([role, usage]) => [role, each(callsOf(usage))])),
      event_source_calls: each(reading.functions.eventSourceCalls),
      note: "calls of our own clients (submitter, functions, agents, pulse included); the receives and deletes of Lambda's pollers are event_source_calls",
      ...more,
    },
  };
}

function dollarsFigure(metric: string, { reading, tasks, setting }: Measured, more: object = {}): Figure {
  const { total, by_service } = perMillion(billOf(reading.total, reading.functions), tasks);
  return {
    bench: 'dollars',
    metric,
    value: total,
    unit: 'USD/million tasks',
    detail: {
      ...setting,
      by_service,
      write_units: rounded(reading.total.writeUnits / tasks, 3),
      read_units: rounded(reading.total.readUnits / tasks, 3),
      prices: `${pricesRegion} list prices of ${pricesDate}, no free tier`,
      duration: {
        note: 'Lambda durations are modelled: waits by this table',
        latency_ms: latencyMs,
        functionOverheadMs,
      },
      ...more,
    },
  };
}

const plainNote =
  'plain Step Functions (Standard): one SQS callback a task, no priorities, no leases, no matching of capabilities, nothing stored beyond the execution history';

async function* calls(say: (line: string) => void): AsyncIterable<Figure> {
  const { single, sparse, full } = await (runs ??= measure(say));
  const sparseCalls = rounded(callsOf(sparse.reading.total) / sparse.tasks);
  yield callsFigure('per_task_single', single, { one_task_a_minute: sparseCalls });
  yield callsFigure('per_task_saturated', full);
  const [one, many] = [await runPlainSingle(), countPlainMap(mapItems)];
  const figure = (metric: string, value: number, detail: object): Figure => ({
    bench: 'calls',
    metric,
    value: rounded(value),
    unit: 'calls/task',
    detail: { ...detail, note: plainNote },
  });
  yield figure('per_task_single_step_functions', one.calls, { ...one, definition: 'bench/baseline/one-task.asl.json' });
  yield figure('per_task_saturated_step_functions', many.calls, {
    ...many,
    items: mapItems,
    definition: 'bench/baseline/many-tasks.asl.json',
  });
}

async function* dollars(say: (line: string) => void): AsyncIterable<Figure> {
  const { single, sparse, full } = await (runs ??= measure(say));
  const [one, many] = [await runPlainSingle(), countPlainMap(mapItems)];
  const totalOf = ({ reading, tasks }: Measured): number =>
    perMillion(billOf(reading.total, reading.functions), tasks).total;
  const plainTotal = (usage: typeof one): number => Object.values(plainUsd(usage)).reduce((sum, usd) => sum + usd, 0);
  const ratio = (plain: typeof one, ours: Measured) => ({
    step_functions_costs_times: rounded(plainTotal(plain) / totalOf(ours), 1),
  });
  yield dollarsFigure('usd_per_million_single', single, { one_task_a_minute: totalOf(sparse), ...ratio(one, single) });
  yield dollarsFigure('usd_per_million_saturated', full, ratio(many, full));
  const figure = (metric: string, usage: typeof one): Figure => ({
    bench: 'dollars',
    metric,
    value: rounded(plainTotal(usage)),
    unit: 'USD/million tasks',
    detail: { by_service: plainUsd(usage), ...usage, transition: prices.transition, note: plainNote },
  });
  yield figure('usd_per_million_single_step_functions', one);
  yield figure('usd_per_million_saturated_step_functions', many);
}

export const callsBench: Bench = {
  about: 'calls a task: one at a time, at saturation, plain Step Functions',
  run: calls,
};
export const dollarsBench: Bench = { about: 'dollars for a million tasks, at published prices', run: dollars };
