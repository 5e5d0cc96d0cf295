import type { WorkflowEvent, WorkflowDefinition } from '../src/contracts/workflow/workflow.ts';
import { workflowDefinition } from '../src/contracts/workflow/workflow.ts';
import { deployTwin, type TwinDeployment } from '../src/sdk/test-cloud/twin-deployment.ts';
import { decide, evolveAll, replay } from '../src/workflow/core/run/reducer.ts';
import { initialState } from '../src/workflow/core/run/state.ts';
import { submitWorkflow } from '../src/workflow/usecases/submit/submit-workflow.ts';
import { type Bench, type Figure, rounded } from './figure.ts';
import { billOf, callsOf } from './support/bill.ts';
import { createHandlerClock, threadCpuMs } from './support/handler-clock.ts';
import { deployMeteredTwin } from './support/metered-twin.ts';
import { startTwinFleet } from './support/twin-fleet.ts';

/** Tasks of a workflow: one, then all but two side by side, then one. */
const sizes = [10, 100, 1_000, 10_000];
/** The definition whose engine is timed. */
const timedSize = 1_000;
const activeWorkflows = 10_000;
const activeTasksEach = 3;
/** How long a task takes while all workflows are to be active at once (virtual ms). */
const activeTaskMs = 600_000;
const agents = 12;
const slots = 100;
const warmups = 20;
const timedMs = 1_000;
const giveUpMs = 24 * 3_600_000;

/** `first`, then `size - 2` nodes, then `last`. */
function fan(size: number): WorkflowDefinition {
  const task = (name: string, depends_on: readonly string[]) => ({
    name,
    depends_on: [...depends_on],
    task_type: 'bench',
    required_capabilities: ['bench'],
    payload: { name },
  });
  const middles = Array.from({ length: size - 2 }, (_, index) => `n${index}`);
  return workflowDefinition.parse({
    name: `fan-${size}`,
    nodes: [task('first', []), ...middles.map((name) => task(name, ['first'])), task('last', middles)],
  });
}

const statusOf = ({ cloud }: TwinDeployment, workflow_id: string): unknown =>
  cloud.dynamodb.peek(`WORKFLOW#${workflow_id}`, 'HEAD')?.['status'];

async function submit(twin: TwinDeployment, workflow_id: string, definition: WorkflowDefinition): Promise<void> {
  const submission = { workflow_id, definition };
  const request = { submission, principal: 'bench', correlation_id: workflow_id };
  const outcome = await twin.cloud.clock.drive(submitWorkflow(twin.runtime('submitter'), request));
  if (!outcome.ok) throw new Error(outcome.error.message);
}

async function completes(twin: TwinDeployment, workflow_id: string): Promise<void> {
  const ended = () => statusOf(twin, workflow_id) !== 'In Progress' && statusOf(twin, workflow_id) !== 'Not Started';
  await twin.cloud.clock.run(ended, giveUpMs);
  if (statusOf(twin, workflow_id) !== 'Completed')
    throw new Error(`${workflow_id} is ${String(statusOf(twin, workflow_id))}`);
  // What follows the end belongs to the workflow: its execution, and its rows' expiry.
  await twin.cloud.clock.run(
    () => twin.cloud.stepFunctions.executions().every(({ status }) => status !== 'RUNNING'),
    giveUpMs,
  );
}

interface Cost {
  readonly size: number;
  readonly transitions: number;
  readonly calls: number;
  readonly usd: number;
  readonly by_service: Readonly<Record<string, number>>;
}

/** One workflow of a size, metered from its submission to the end of its execution. */
async function costOf(size: number): Promise<Cost> {
  const twin = deployMeteredTwin();
  await startTwinFleet(twin, { agents, slots, handler: () => ({ ok: true }), clientsOf: twin.clientsOf });
  await submit(twin, 'warm-up', fan(10));
  await completes(twin, 'warm-up');
  const before = twin.cloud.stepFunctions.executions().length;
  twin.start();
  await submit(twin, 'measured', fan(size));
  await completes(twin, 'measured');
  const { total, functions } = twin.read();
  const executions = twin.cloud.stepFunctions.executions().slice(before);
  const transitions = executions.reduce((sum, { states }) => sum + states.length, 0);
  const bill = billOf({ ...total, transitions }, functions);
  const usd = Object.values(bill).reduce((sum, each) => sum + each, 0);
  const micro = Object.entries(bill).map(([name, each]) => [name, rounded((each / size) * 1e6, 2)] as const);
  return { size, transitions, calls: callsOf(total), usd, by_service: Object.fromEntries(micro) };
}

async function* costs(say: (line: string) => void, wanted: readonly number[]): AsyncIterable<Figure> {
  const measured: Cost[] = [];
  for (const size of wanted) {
    say(`twin: a workflow of ${size} tasks`);
    const cost = await costOf(size);
    measured.push(cost);
    const { transitions, calls, usd, by_service } = cost;
    const each = rounded((usd / size) * 1e6, 2);
    yield {
      bench: 'workflow',
      metric: `transitions_${size}`,
      value: transitions,
      unit: 'state transitions/workflow',
      detail: { shape: `1 -> ${size - 2} -> 1` },
    };
    yield {
      bench: 'workflow',
      metric: `usd_per_million_tasks_${size}`,
      value: each,
      unit: 'USD/million tasks',
      detail: { usd_per_workflow: rounded(usd, 6), calls_per_task: rounded(calls / size), by_service },
    };
  }
  const large = measured.filter(({ size }) => size >= 100).map(({ size, usd }) => usd / size);
  if (large.length < 2) return;
  yield {
    bench: 'workflow',
    metric: 'cost_per_task_spread',
    value: rounded(Math.max(...large) / Math.min(...large) - 1, 3),
    unit: 'dearest size over cheapest, less 1',
    detail: { sizes: measured.filter(({ size }) => size >= 100).map(({ size }) => size) },
  };
}

/** CPU of all handlers for one workflow. */
async function engineMs(size: number): Promise<number> {
  const clock = createHandlerClock();
  const twin = deployTwin(
    {},
    {
      clients: (_name, clients) => clock.wrapClients(clients),
      handler: (_name, handler) => clock.wrapHandler(handler),
    },
  );
  await startTwinFleet(twin, { agents, slots, handler: () => ({ ok: true }), clientsOf: (_name, clients) => clients });
  await submit(twin, 'warm-up', fan(size));
  await completes(twin, 'warm-up');
  clock.reset();
  await submit(twin, 'measured', fan(size));
  await completes(twin, 'measured');
  return clock.read().handlersMs;
}

/** CPU of one run on average: the clock of a thread is too coarse for less than many. */
function cpuOf(run: () => unknown): number {
  for (let warmup = 0; warmup < warmups; warmup += 1) run();
  const at = threadCpuMs();
  let runs = 0;
  for (; threadCpuMs() - at < timedMs; runs += 1) run();
  return (threadCpuMs() - at) / runs;
}

/** The whole log of a workflow of which every node completes, a result at a time. */
function logOf(definition: WorkflowDefinition): WorkflowEvent[] {
  const events = decide(definition, initialState(definition), { type: 'begin' });
  let state = evolveAll(definition, initialState(definition), events);
  const settle = (nodes: readonly string[]): void => {
    const outcomes = nodes.map((node) => ({ node, attempt: 1, outcome: 'completed' as const }));
    const next = decide(definition, state, { type: 'settle', outcomes });
    state = evolveAll(definition, state, next);
    events.push(...next);
  };
  const names = definition.nodes.map(({ name }) => name);
  settle(names.slice(0, 1));
  for (let at = 1; at < names.length - 1; at += 25) settle(names.slice(at, Math.min(at + 25, names.length - 1)));
  settle(names.slice(-1));
  return events;
}

function* reducer(say: (line: string) => void, size: number): Iterable<Figure> {
  say(`reducer: a join of ${size - 2}, and its log`);
  const definition = fan(size);
  const events = logOf(definition);
  const last = events.findLastIndex((event) => event.type === 'NodeStarted');
  // All but one of the join's dependencies have completed: the state in which the join is decided.
  const joinEvent = events.findLastIndex((event, at) => at < last && event.type === 'NodeCompleted');
  const waiting = replay(definition, events.slice(0, joinEvent));
  const missing = events[joinEvent];
  const node = missing?.type === 'NodeCompleted' ? missing.node : '';
  const outcomes = [{ node, attempt: 1, outcome: 'completed' as const }];
  const join_ms = cpuOf(() =>
    evolveAll(definition, waiting, decide(definition, waiting, { type: 'settle', outcomes })),
  );
  yield {
    bench: 'workflow',
    metric: 'join_ms',
    value: rounded(join_ms, 3),
    unit: 'ms of CPU',
    detail: { width: size - 2, what: "decide and evolve of the last dependency's result, on average" },
  };
  const replay_ms = cpuOf(() => replay(definition, events));
  yield {
    bench: 'workflow',
    metric: 'replay_events_per_s',
    value: rounded((events.length / replay_ms) * 1000, 0),
    unit: 'events/CPU second',
    detail: { events: events.length, nodes: size },
  };
}

/** Workflows that are all under way at the same time. */
async function active(count: number): Promise<Figure> {
  const twin = deployTwin();
  const { clock } = twin.cloud;
  const handler = async () => {
    await clock.sleep(activeTaskMs);
    return {};
  };
  await startTwinFleet(twin, { agents, slots, handler, clientsOf: (_name, clients) => clients });
  const chain = workflowDefinition.parse({
    name: 'chain',
    nodes: Array.from({ length: activeTasksEach }, (_, at) => ({
      name: `n${at}`,
      task_type: 'bench',
      required_capabilities: ['bench'],
      depends_on: at === 0 ? [] : [`n${at - 1}`],
    })),
  });
  let open = 0;
  let most = 0;
  let completed = 0;
  twin.cloud.dynamodb.onCommit(({ changes }) => {
    for (const { before, after } of changes) {
      if (after?.['sk'] !== 'HEAD' || before?.['status'] === after['status']) continue;
      if (after['status'] === 'In Progress') open += 1;
      if (after['status'] === 'Completed') {
        open -= 1;
        completed += 1;
      }
      most = Math.max(most, open);
    }
  });
  const cpu = threadCpuMs();
  for (let index = 0; index < count; index += 1) await submit(twin, `w${index}`, chain);
  const outcome = await clock.run(() => completed >= count, giveUpMs * 30);
  if (outcome !== 'until') throw new Error(`${completed} of ${count} workflows completed (${outcome})`);
  return {
    bench: 'workflow',
    metric: 'active_in_twin',
    value: most,
    unit: 'workflows In Progress at once',
    detail: {
      workflows: count,
      completed,
      tasks_each: activeTasksEach,
      slots: agents * slots,
      cpu_s: rounded((threadCpuMs() - cpu) / 1000, 1),
    },
  };
}

async function* workflow(say: (line: string) => void, wanted: readonly number[]): AsyncIterable<Figure> {
  const chosen = wanted.length > 0 ? wanted : sizes;
  yield* costs(say, chosen);
  say(`twin: CPU of the handlers for a workflow of ${timedSize} tasks`);
  yield {
    bench: 'workflow',
    metric: 'engine_ms_per_node',
    value: rounded((await engineMs(timedSize)) / timedSize, 3),
    unit: 'ms of CPU/node',
    detail: { nodes: timedSize, how: 'CPU of all handlers, tasks included, less what the fakes took; the second run' },
  };
  yield* reducer(say, Math.max(...chosen));
  say(`twin: ${activeWorkflows} workflows at once`);
  yield await active(activeWorkflows);
}

export const workflowBench: Bench = {
  about: 'transitions and dollars of a workflow by its size, CPU of the engine, joins, replay, many at once',
  run: workflow,
};
