import type { AgentRow, TypeFigures } from '../../../contracts/rows.ts';
import { logParts, nothing, sumOfFigures, totalFigures } from './figures.ts';

/** How long an attempt takes: its logarithm (of ms) is spread normally around `mean`. */
export interface Duration {
  readonly mean: number;
  readonly deviation: number;
}

/** What is known of the durations of a pool's task types. */
export interface Durations {
  /** Of a task type, else of all types together, else of a known estimate; undefined: nothing is known. */
  of(task_type: string): { readonly duration: Duration; readonly from: 'type' | 'other_types' } | undefined;
  /** By how many attempts of a task type its durations are known. */
  known(task_type: string): number;
  /** Of whatever an agent has in hand: its row does not say the type. */
  inHand(agent: AgentRow): Duration | undefined;
}

/** The spread where little is known: the slowest twentieth takes three and a half times the median, as in traces of model calls. */
const usualDeviation = 0.77;
/** Imagined attempts with the usual spread: a few that happened to be alike must not look like certainty. */
const imagined = 2;

/** An estimate that somebody gave. */
export function estimated(ms: number): Duration {
  return { mean: Math.log(Math.max(1, ms)), deviation: usualDeviation };
}

function durationOf({ completed, log, log_squared }: TypeFigures): Duration | undefined {
  if (completed <= 0) return undefined;
  const mean = log / logParts / completed;
  const squares = Math.max(0, log_squared / logParts - completed * mean * mean);
  const variance = (squares + imagined * usualDeviation ** 2) / (completed + imagined);
  // The mean is known only so well: the next one varies by that too.
  return { mean, deviation: Math.sqrt(variance * (1 + 1 / completed)) };
}

/** Reads the figures of all agents once. */
export function durationsOf(agents: readonly AgentRow[]): Durations {
  const byType = new Map<string, TypeFigures>();
  for (const { figures = {} } of agents) {
    for (const [type, each] of Object.entries(figures)) {
      byType.set(type, sumOfFigures(byType.get(type) ?? nothing, each));
    }
  }
  const all = durationOf([...byType.values()].reduce(sumOfFigures, nothing));
  return {
    of(task_type) {
      const own = durationOf(byType.get(task_type) ?? nothing);
      if (own !== undefined) return { duration: own, from: 'type' };
      return all === undefined ? undefined : { duration: all, from: 'other_types' };
    },
    known: (task_type) => byType.get(task_type)?.completed ?? 0,
    inHand: (agent) => durationOf(totalFigures(agent)) ?? all,
  };
}

/** The share of a standard normal spread below a value (Abramowitz and Stegun 26.2.17, to 1e-7). */
function normalBelow(value: number): number {
  const size = Math.abs(value);
  const t = 1 / (1 + 0.2316419 * size);
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const above = (Math.exp((-size * size) / 2) / Math.sqrt(2 * Math.PI)) * series;
  return value > 0 ? 1 - above : above;
}

/** The value below which a share (above 0, below 1) of a standard normal spread lies (Abramowitz and Stegun 26.2.23, to 4.5e-4). */
function normalAt(share: number): number {
  const t = Math.sqrt(-2 * Math.log(Math.min(share, 1 - share)));
  const size = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  return share < 0.5 ? -size : size;
}

/** The share of attempts that take no longer than this. */
export function endedBy({ mean, deviation }: Duration, ms: number): number {
  return ms <= 0 ? 0 : normalBelow((Math.log(ms) - mean) / Math.max(1e-9, deviation));
}

/** The time by which a share (0 to 1) of the attempts have ended. */
export function timeOf({ mean, deviation }: Duration, share: number): number {
  return Math.exp(mean + deviation * normalAt(Math.min(0.99999, Math.max(0.00001, share))));
}
