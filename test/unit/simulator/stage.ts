import { noLatencies } from '../../../src/simulator/aws-model.ts';
import { type Scenario, Simulation } from '../../../src/simulator/engine.ts';
import { equalAgents } from '../../../src/simulator/fleet.ts';
import { defaultMix, type Generated, generate } from '../../../src/simulator/generator.ts';
import { schedulingOf } from '../../../src/simulator/policies.ts';
import { type Report, reportOf } from '../../../src/simulator/report.ts';

/** Generated work of this kind; ten tasks a second of a second each unless something else is said. */
export function works(over: Partial<Generated> = {}) {
  return generate({
    seed: 1,
    tasks: 1_000,
    rate: 10,
    mix: defaultMix,
    duration_ms: 1_000,
    shape: 'exponential',
    ...over,
  });
}

/** Runs a scenario; an instant cloud and twelve agents unless something else is said. */
export function simulated(over: Partial<Scenario> = {}, policy = 'default'): { run: Simulation; report: Report } {
  const seed = over.seed ?? 1;
  const scenario: Scenario = {
    ...{ seed, work: works({ seed }), fleet: equalAgents(12), latencies: noLatencies },
    scheduling: schedulingOf(policy, seed),
    ...over,
  };
  const run = new Simulation(scenario).run();
  return { run, report: reportOf(policy, scenario, run) };
}
