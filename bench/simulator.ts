import { awsLatencies } from '../src/simulator/aws-model.ts';
import { type Scenario, Simulation } from '../src/simulator/engine.ts';
import { equalAgents } from '../src/simulator/fleet.ts';
import { defaultMix, generate } from '../src/simulator/generator.ts';
import { defaultPolicy, schedulingOf } from '../src/simulator/policies.ts';
import { type Bench, rounded } from './figure.ts';
import { threadCpuMs } from './support/handler-clock.ts';

const seed = 1;
const tasks = 1_000_000;
const agents = 1_000;

async function* simulator(say: (line: string) => void): AsyncIterable<Awaited<ReturnType<typeof one>>> {
  say(`simulator: ${tasks} tasks over ${agents} agents`);
  yield one();
}

/** One run, timed by the CPU of its thread: what a core of its own would need. */
function one() {
  const start = { cpu: threadCpuMs(), clock: performance.now() };
  const duration_ms = 10_000;
  const rate = (0.8 * agents) / (duration_ms / 1000);
  const scenario: Scenario = {
    seed,
    work: generate({ seed, tasks, rate, mix: defaultMix, duration_ms, shape: 'lognormal' }),
    fleet: equalAgents(agents),
    latencies: awsLatencies,
    scheduling: schedulingOf(defaultPolicy, seed),
  };
  const { rounds, endMs, violations } = new Simulation(scenario).run();
  return {
    bench: 'simulator',
    metric: 'million_tasks_s',
    value: rounded((threadCpuMs() - start.cpu) / 1000, 1),
    unit: 's',
    detail: {
      ...{ seed, tasks, agents, slots: 1, load: 0.8, rounds, order_violations: violations },
      virtual_h: rounded(endMs / 3_600_000),
      clock_s: rounded((performance.now() - start.clock) / 1000, 1),
      how: 'generation and run of a million tasks, every round decided by the core of production; CPU of the one thread that does all',
    },
  };
}

export const simulatorBench: Bench = {
  about: 'a million tasks over a thousand agents in virtual time',
  run: simulator,
};
