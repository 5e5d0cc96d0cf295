import type { ReadyTask } from '../../../src/contracts/rows.ts';
import { forecast, overtaking } from '../../../src/distributor/core/explain/forecast.ts';
import { awsLatencies } from '../../../src/simulator/aws-model.ts';
import { Simulation } from '../../../src/simulator/engine.ts';
import { equalAgents } from '../../../src/simulator/fleet.ts';
import { generate, type Generated } from '../../../src/simulator/generator.ts';
import { defaultPolicy, schedulingOf } from '../../../src/simulator/policies.ts';
import type { Scenario } from '../../../src/simulator/engine.ts';

/** The chance that was told when a task came, and whether it missed. */
export interface Told {
  readonly miss: number;
  readonly missed: boolean;
}

export interface ForecastPlan extends Generated {
  readonly agents: number;
  /** Every how manieth task is forecast. */
  readonly every: number;
  /** Tasks before the first forecast: the agents have no record yet. */
  readonly warmUp: number;
}

/** Runs the plan with production's scheduling; asks the forecast as tasks come, from what stands in the rows at that moment, and looks afterwards what became of them. */
export function toldAndDone(plan: ForecastPlan): readonly Told[] {
  const waiting = new Map<string, ReadyTask>();
  const told = new Map<number, number>();
  const make = schedulingOf(defaultPolicy, plan.seed);
  const work = generate(plan);
  const scheduling: Scenario['scheduling'] = (crew, freeSlots) => {
    const inner = make(crew, freeSlots);
    return {
      ...inner,
      insert(task, route) {
        const index = Number(task.task_id.slice('task-'.length));
        if (index >= plan.warmUp && index % plan.every === 0) {
          const before = [...waiting.values()].filter(({ order }) => order < task.order);
          const now = Date.parse(task.created_at);
          const ahead = before.map(({ task_type }) => ({ task_type, share: 1 }));
          const { task_type, deadline } = task;
          const view = {
            now,
            task_type,
            deadline,
            agents: crew,
            able: crew,
            before: ahead,
            more: false,
            overtaking: overtaking(crew, task.order),
          };
          told.set(index, forecast(view).miss ?? Number.NaN);
        }
        waiting.set(task.task_id, task);
        inner.insert(task, route);
      },
      decide(now) {
        const decision = inner.decide(now);
        for (const { task } of decision.handouts) waiting.delete(task.task_id);
        return decision;
      },
    };
  };
  const fleet = equalAgents(plan.agents);
  const run = new Simulation({ seed: plan.seed, work, fleet, latencies: awsLatencies, scheduling }).run();
  return [...told].map(([index, miss]) => {
    const { at = 0, deadline_ms = Infinity } = work[index] ?? {};
    return { miss, missed: !((run.endedAt[index] ?? Number.NaN) <= at + deadline_ms) };
  });
}

/** Brier's score: the mean square of what the chance was off; 0 is perfect, and always telling the share that misses scores its variance. */
export const brier = (told: readonly Told[]): number =>
  told.reduce((sum, { miss, missed }) => sum + (miss - (missed ? 1 : 0)) ** 2, 0) / told.length;
