import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowDefinition } from '../src/contracts/workflow/workflow.ts';
import { createAgent } from '../src/sdk/agent/create-agent.ts';
import { createClient } from '../src/sdk/client/client.ts';
import { longestWay } from '../src/workflow/core/run/critical-path.ts';
import { graphOf } from '../src/workflow/core/run/graph.ts';
import { listSchedule } from '../test/support/list-scheduling.ts';
import { instanceNames, readInstance, timedTasks } from '../test/support/wfinstances.ts';
import { type Bench, type Figure, rounded } from './figure.ts';
import { onLocalCloud } from './support/local-stage.ts';

/** The same agents as in the twin's test of these workflows: for each of them three of its own. */
const agentsEach = 3;
const slots = 8;
/** How long list scheduling takes for each of them, by the scale of their times. */
const defaultSeconds = 90;
const warmUpSeconds = 2;

interface Instance {
  readonly name: string;
  readonly definition: WorkflowDefinition;
  /** What list scheduling takes on as many slots, ms. */
  readonly listMs: number;
}

/** A recorded workflow whose tasks only the agents of its name can do, scaled so that list scheduling takes about so many seconds. */
function readScaled(name: string, seconds: number): Instance {
  const options = { requiredCapabilities: [name] };
  const unscaled = listSchedule(timedTasks(readInstance(name, options)), agentsEach * slots);
  const definition = readInstance(name, { ...options, timeScale: (seconds * 1_000) / unscaled });
  return { name, definition, listMs: listSchedule(timedTasks(definition), agentsEach * slots) };
}

/** Tasks of the longest chain of dependencies: whatever is lost between a result and the next start is lost so often. */
function stepsOf(definition: WorkflowDefinition): number {
  const graph = graphOf(definition);
  return longestWay(
    graph,
    graph.nodes.map(() => 1),
  );
}

const quiet = { debug: () => undefined, info: () => undefined, warn: console.error, error: console.error };

const agentsOf = ({ name }: Instance) =>
  Array.from({ length: agentsEach }, (_, index) =>
    createAgent<{ readonly duration_ms: number }>({
      id: `${name}-${index + 1}`,
      type: 'bench',
      capabilities: [name],
      slots,
      handler: async ({ payload }) => {
        await sleep(payload.duration_ms);
        return null;
      },
      deps: { log: quiet },
    }),
  );

/** Runs all of them at once. */
async function runAll(client: ReturnType<typeof createClient>, instances: readonly Instance[], run: string) {
  return Promise.all(
    instances.map(async (instance) => {
      const handle = await client.run(instance.definition, undefined, { workflow_id: `${run}-${instance.name}` });
      return { instance, view: await handle.wait() };
    }),
  );
}

async function* measure(seconds: number): AsyncIterable<Figure> {
  const instances = instanceNames.map((name) => readScaled(name, seconds));
  const agents = instances.flatMap(agentsOf);
  await Promise.all(agents.map((agent) => agent.start()));
  try {
    yield* compare(instances);
  } finally {
    await Promise.all(agents.map((agent) => agent.stop({ graceMs: 0 })));
  }
}

/** Runs them once to warm up, then measured: each, and the worst. */
async function* compare(instances: readonly Instance[]): AsyncIterable<Figure> {
  const client = createClient();
  // The emulator starts a process for each function when it is first asked to run.
  await runAll(
    client,
    instanceNames.map((name) => readScaled(name, warmUpSeconds)),
    'warm-up',
  );
  const ended = await runAll(client, instances, 'measured');
  const ratios: { readonly name: string; readonly ratio: number }[] = [];
  for (const { instance, view } of ended) {
    const { name, definition, listMs } = instance;
    if (view.status !== 'Completed') throw new Error(`${name} is ${view.status}`);
    const makespanMs = view.makespan_ms ?? Number.NaN;
    ratios.push({ name, ratio: makespanMs / listMs });
    yield {
      bench: 'makespan',
      metric: 'over_list_scheduling',
      value: rounded(makespanMs / listMs, 3),
      unit: 'times',
      detail: {
        ...{ workflow: name, tasks: definition.nodes.length, makespan_ms: makespanMs, list_ms: Math.round(listMs) },
        lost_ms_a_step: Math.round((makespanMs - listMs) / stepsOf(definition)),
      },
    };
  }
  const worst = ratios.reduce((one, other) => (other.ratio > one.ratio ? other : one));
  yield {
    bench: 'makespan',
    metric: 'worst_over_list_scheduling',
    value: rounded(worst.ratio, 3),
    unit: 'times',
    detail: {
      workflow: worst.name,
      workflows: ratios.length,
      ...{ agents_each: agentsEach, slots },
      how: 'recorded workflows (WfFormat) at once on the local cloud, each with agents of its own that wait as long as its tasks took, scaled; over the makespan of list scheduling on as many slots, which loses no time between tasks',
    },
  };
}

async function* makespan(say: (line: string) => void, [seconds = defaultSeconds]: readonly number[]) {
  if (instanceNames.length === 0) {
    say('makespan: skipped, the recorded workflows (../shared/data/wfinstances) are not here');
    return;
  }
  yield* await onLocalCloud(say, () => {
    say(`makespan: ${instanceNames.length} recorded workflows at once, list scheduling takes ${seconds} s`);
    return measure(seconds);
  });
}

export const makespanBench: Bench = {
  about: 'recorded scientific workflows on the local cloud: makespan over that of list scheduling; SIZE: its seconds',
  run: makespan,
};
