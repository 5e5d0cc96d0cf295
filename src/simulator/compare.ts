import type { PolicyDocument } from '../contracts/distributor/policy.ts';
import { priorities } from '../contracts/distributor/task.ts';
import type { Latencies } from './aws-model.ts';
import { type Scenario, Simulation } from './engine.ts';
import { type Fleet, withMore } from './fleet.ts';
import type { Moment } from './measures.ts';
import { schedulingOf } from './policies.ts';
import { type Report, reportOf } from './report.ts';
import type { Work } from './work.ts';

/** What is compared: every policy with the fleet as it is and with each change of its size, on the same work with the same chance. */
export interface Comparison {
  readonly work: readonly Work[];
  readonly fleet: Fleet;
  /** Agents more (or fewer), each a run of its own. */
  readonly more: readonly number[];
  /** Names, and the documents of those that are files. */
  readonly policies: readonly string[];
  readonly documents?: ReadonlyMap<string, PolicyDocument>;
  readonly latencies: Latencies;
  readonly seed: number;
  /** Tasks that run long have a second run elsewhere. @default false */
  readonly hedged?: boolean;
}

/** A run with what a plot shows of it. */
export interface Compared {
  readonly report: Report;
  readonly moments: readonly Moment[];
}

/** Runs the comparison, one run after the other. */
export function* compare(comparison: Comparison): Iterable<Compared> {
  const { work, fleet, more, policies, documents, latencies, seed, hedged = false } = comparison;
  for (const policy of policies) {
    for (const change of [0, ...more]) {
      const scenario: Scenario = {
        ...{ seed, work, latencies, hedged, fleet: withMore(fleet, change) },
        scheduling: schedulingOf(policy, seed, { document: documents?.get(policy) }),
      };
      const run = new Simulation(scenario).run();
      yield { report: reportOf(policy, scenario, run), moments: run.meter.moments() };
    }
  }
}

/** The fewest equal agents that keep the load at or below a share of their time. */
export function agentsFor(work: readonly Work[], load: number, slots: number): number {
  const spanMs = Math.max(1, work.at(-1)?.at ?? 0);
  const workMs = work.reduce((sum, { duration_ms }) => sum + duration_ms, 0);
  return Math.max(1, Math.ceil(workMs / spanMs / load / slots));
}

/** What tells a run from the others of its comparison. */
export const runName = ({ policy, agents }: Report, all: readonly Report[]): string =>
  new Set(all.map((each) => each.agents)).size > 1 ? `${policy} with ${agents} agents` : policy;

/** Which of two runs serves better: more deadlines met, then the shorter p95 of the highest level in which they differ by more than a twentieth. */
function isBetter(one: Report, other: Report): boolean {
  if (Math.abs(one.deadlines_met - other.deadlines_met) > 0.0005) return one.deadlines_met > other.deadlines_met;
  for (const level of priorities) {
    const [mine, its] = [one.wait_ms[level].p95, other.wait_ms[level].p95];
    if (Math.abs(mine - its) > 0.05 * Math.max(mine, its)) return mine < its;
  }
  return one.cost_usd < other.cost_usd;
}

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;
const seconds = (ms: number): string => `${(ms / 1000).toPrecision(3)} s`;

/** The comparison in a sentence: who is best, by which figure, against whom. */
export function verdictOf(reports: readonly Report[]): string {
  const [first, ...others] = [...reports].sort((one, other) => (isBetter(one, other) ? -1 : 1));
  if (first === undefined) return 'Nothing was compared.';
  const best = runName(first, reports);
  const urgent = priorities.find((level) => first.wait_ms[level].max > 0) ?? 'medium';
  const p95 = (report: Report): string => seconds(report.wait_ms[urgent].p95);
  const [second] = others;
  if (second === undefined) {
    return `${best}: 95 % of the ${urgent} tasks start within ${p95(first)}, at ${percent(first.utilisation)} utilisation.`;
  }
  const next = runName(second, reports);
  if (Math.abs(first.deadlines_met - second.deadlines_met) > 0.0005) {
    return `${best} meets ${percent(first.deadlines_met)} of the deadlines, ${next} ${percent(second.deadlines_met)}.`;
  }
  if (!isBetter(first, second) && !isBetter(second, first)) return `${best} and ${next} serve alike.`;
  const level = priorities.find((each) => {
    const [mine, its] = [first.wait_ms[each].p95, second.wait_ms[each].p95];
    return Math.abs(mine - its) > 0.05 * Math.max(mine, its);
  });
  if (level === undefined)
    return `${best} serves as well as ${next}, for ${dollars(first)} instead of ${dollars(second)}.`;
  const [mine, its] = [first.wait_ms[level].p95, second.wait_ms[level].p95];
  return `${best} serves best: 95 % of the ${level} tasks start within ${seconds(mine)}, with ${next} within ${seconds(its)}.`;
}

const dollars = ({ cost_usd }: Report): string => `$${cost_usd.toPrecision(3)}`;
