import { defaultNamespace } from '../contracts/ids.ts';
import type { Priority } from '../contracts/distributor/task.ts';
import { awsUsd } from './aws-model.ts';
import type { Scenario, Simulation } from './engine.ts';
import { type SharerReport, sharersOf } from './sharers.ts';
import { nobody } from './simulated-task.ts';
import { variation, type Waits, waitsByLevel } from './measures.ts';

/** What a run was like: shares are 0 to 1, times milliseconds. */
export interface Report {
  readonly policy: string;
  readonly seed: number;
  readonly tasks: number;
  readonly agents: number;
  /** From the submission to the first start, by level; 0 where a level has no tasks. */
  readonly wait_ms: Readonly<Record<Priority, Waits>>;
  /** By namespace, and by submitter, where tasks name one. */
  readonly namespaces?: Readonly<Record<string, SharerReport>>;
  readonly submitters?: Readonly<Record<string, SharerReport>>;
  /** Share of the tasks with a deadline that ended in time; 1 when none has one. */
  readonly deadlines_met: number;
  /** Share of the slots' time that was work. */
  readonly utilisation: number;
  /** Coefficient of variation, over the agents, of the share of its time that each worked. */
  readonly load_variance: number;
  /** Tasks handed out to an agent that could have run one of a higher level which was shown and waited. */
  readonly order_violations: number;
  readonly preemptions: number;
  /** Tasks that had a second run elsewhere. */
  readonly hedges: number;
  /** The agents by the hour, and the coordination. */
  readonly cost_usd: number;
  /** Share of the agents' time that coordination took: slots held but not working, or free although a task waited. */
  readonly overhead: number;
}

const hourMs = 3_600_000;

function deadlinesMet({ work }: Scenario, { endedAt }: Simulation): number {
  let met = 0;
  let all = 0;
  for (const [index, { at, deadline_ms }] of work.entries()) {
    if (deadline_ms === undefined) continue;
    all += 1;
    if ((endedAt[index] ?? Number.NaN) <= at + deadline_ms) met += 1;
  }
  return all === 0 ? 1 : met / all;
}

function costOf({ work }: Scenario, { agents, rounds }: Simulation): number {
  const paid = agents.reduce(
    (sum, { presentMs, group }) => sum + (presentMs / hourMs) * group.slots * group.usd_per_hour,
    0,
  );
  return paid + work.length * awsUsd.perTask + rounds * awsUsd.perRound;
}

const digits = (value: number, places: number): number => Math.round(value * 10 ** places) / 10 ** places;

/** Sums up a run. */
export function reportOf(policy: string, scenario: Scenario, run: Simulation): Report {
  const { work, seed } = scenario;
  const { agents, startedAt, meter } = run;
  const sums = meter.sums();
  const waits = waitsByLevel(
    startedAt.map((started, index) => started - (work[index]?.at ?? 0)),
    (index) => work[index]?.priority ?? 'medium',
  );
  const loads = agents.filter(({ presentMs }) => presentMs > 0);
  const namespaces = sharersOf(work, startedAt, { by: 'namespace', unnamed: defaultNamespace });
  const submitters = sharersOf(work, startedAt, { by: 'submitter', unnamed: nobody });
  const shares = loads.map(({ workedMs, presentMs, row }) => workedMs / (presentMs * row.capacity));
  return {
    ...{ policy, seed, tasks: work.length, agents: agents.length, wait_ms: waits },
    ...(namespaces === undefined ? {} : { namespaces }),
    ...(submitters === undefined ? {} : { submitters }),
    deadlines_met: digits(deadlinesMet(scenario, run), 5),
    utilisation: digits(sums.slots === 0 ? 0 : sums.working / sums.slots, 5),
    load_variance: digits(variation(shares), 5),
    ...{ order_violations: run.violations, preemptions: run.preemptions, hedges: run.hedges },
    cost_usd: digits(costOf(scenario, run), 6),
    overhead: digits(sums.lost + sums.working === 0 ? 0 : sums.lost / (sums.lost + sums.working), 5),
  };
}
