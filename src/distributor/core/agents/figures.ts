import { figuredAttemptsMax, figuredTypesMax } from '../../../contracts/limits.ts';
import type { TaskResult } from '../../../contracts/messages.ts';
import type { AgentRow, TypeFigures } from '../../../contracts/rows.ts';
import { amountOf } from '../dispatch/budget.ts';

/** Work of agents that do not say what type a task was. */
const unknownType = '*';
/** A logarithm is kept as an integer of this many parts: a number of a row costs its digits. */
export const logParts = 1_000;
/** How far p95 lies above the median of a normal spread, in standard deviations. */
const p95Deviations = 1.645;
/** Figures of no attempts. */
export const nothing: TypeFigures = { completed: 0, failed: 0, log: 0, log_squared: 0, micro_usd: 0, tokens: 0 };

/** Figures to add, by task type. */
export type FiguresChange = Readonly<Record<string, TypeFigures>>;

function figuresOf({ outcome, duration_ms, usage }: TaskResult): TypeFigures {
  if (outcome === 'failed') return { ...nothing, failed: 1 };
  if (outcome === 'released') return nothing;
  const log = Math.log(Math.max(1, duration_ms ?? 1));
  return {
    completed: 1,
    failed: 0,
    log: Math.round(log * logParts),
    log_squared: Math.round(log * log * logParts),
    ...amountOf(usage),
  };
}

/** Two sets of figures of one task type together. */
export function sumOfFigures(one: TypeFigures, other: TypeFigures): TypeFigures {
  return {
    completed: one.completed + other.completed,
    failed: one.failed + other.failed,
    log: one.log + other.log,
    log_squared: one.log_squared + other.log_squared,
    micro_usd: one.micro_usd + other.micro_usd,
    tokens: one.tokens + other.tokens,
  };
}

/** What these results add to the figures of the agent that sent them. */
export function addedFigures(results: readonly TaskResult[]): FiguresChange {
  const added: Record<string, TypeFigures> = {};
  for (const result of results) {
    if (result.outcome === 'released') continue;
    const type = result.task_type ?? unknownType;
    added[type] = sumOfFigures(added[type] ?? nothing, figuresOf(result));
  }
  return added;
}

/** What an agent's figures say of one task type; `known` counts the ended attempts behind it. Durations are ms, `usd` is per completed task. */
export interface TypeRecord {
  readonly known: number;
  /** Share of attempts that succeeded, with two imagined successes so that one early failure does not condemn an agent. */
  readonly success: number;
  readonly p50_ms: number | undefined;
  readonly p95_ms: number | undefined;
  readonly usd: number | undefined;
}

/** Share of attempts that succeed, by how many did and how many did not. */
export function successOf(completed: number, failed: number): number {
  return (completed + 2) / (completed + failed + 2);
}

/** Reads figures. Without a completed task there is no duration and no cost. */
export function recordOf(figures: TypeFigures = nothing): TypeRecord {
  const { completed, failed, log, log_squared, micro_usd } = figures;
  const known = completed + failed;
  const success = successOf(completed, failed);
  if (completed <= 0) return { known, success, p50_ms: undefined, p95_ms: undefined, usd: undefined };
  const mean = log / logParts / completed;
  const variance = Math.max(0, log_squared / logParts / completed - mean * mean);
  const p95 = mean + p95Deviations * Math.sqrt(variance);
  return { known, success, p50_ms: Math.exp(mean), p95_ms: Math.exp(p95), usd: micro_usd / 1e6 / completed };
}

/** The figures of all types together. */
export function totalFigures(agent: Pick<AgentRow, 'figures'>): TypeFigures {
  return Object.values(agent.figures ?? {}).reduce(sumOfFigures, nothing);
}

/** How old work comes to count less: types with many attempts are halved, those beyond the limit on types, the least worked first, are forgotten. */
export interface FiguresAging {
  /** The types to halve, as they were seen: whoever halves them first changes them, so that it happens once. */
  readonly halve: FiguresChange;
  readonly forget: readonly string[];
}

/** What is to be done about an agent's figures; undefined: nothing. */
export function agingOf(agent: Pick<AgentRow, 'figures'>): FiguresAging | undefined {
  const attempts = ([, figures]: readonly [string, TypeFigures]) => figures.completed + figures.failed;
  const types = Object.entries(agent.figures ?? {}).sort((one, other) => attempts(other) - attempts(one));
  const halve = types.slice(0, figuredTypesMax).filter((entry) => attempts(entry) >= figuredAttemptsMax);
  const forget = types.slice(figuredTypesMax).map(([type]) => type);
  if (halve.length === 0 && forget.length === 0) return undefined;
  return { halve: Object.fromEntries(halve), forget };
}
