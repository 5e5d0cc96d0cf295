import type { AgentRow } from '../../../contracts/rows.ts';
import { recordOf, type TypeRecord } from '../agents/figures.ts';
import type { Candidate } from './strategy.ts';

/** What an attempt of a task type is expected to be with an agent; what is not known of it is what is typical of the others. */
export interface Expectation {
  readonly success: number;
  readonly ms: number;
  readonly usd: number;
  /** Ended attempts behind it. */
  readonly known: number;
}

const hourMs = 3_600_000;

function typical(values: readonly (number | undefined)[], otherwise: number): number {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? otherwise : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** What an attempt costs: what the agent reports and the price of its slot; undefined when neither is known. */
function usdOf(agent: AgentRow, { usd }: TypeRecord, ms: number): number | undefined {
  if (usd === undefined && agent.usd_per_hour === undefined) return undefined;
  return (usd ?? 0) + ((agent.usd_per_hour ?? 0) * ms) / hourMs;
}

/** Expectations of one task type; read at the first question, since tasks that share a ranking ask only once. */
export function expectations(all: readonly Candidate[], task_type: string): (candidate: Candidate) => Expectation {
  let found: Map<AgentRow, Expectation> | undefined;
  const read = () => {
    const records = all.map(({ agent }) => ({ agent, record: recordOf(agent.figures?.[task_type]) }));
    const ms = typical(
      records.map(({ record }) => record.p50_ms),
      1_000,
    );
    const costs = records.map(({ agent, record }) => usdOf(agent, record, record.p50_ms ?? ms));
    const usd = typical(costs, 0);
    return new Map(
      records.map(({ agent, record: { known, success, p50_ms } }, at): [AgentRow, Expectation] => [
        agent,
        { success, known, ms: p50_ms ?? ms, usd: costs[at] ?? usd },
      ]),
    );
  };
  return ({ agent }) => (found ??= read()).get(agent) ?? { success: 1, ms: 1_000, usd: 0, known: 0 };
}

/** A quantity on a logarithmic scale in whole steps of this share, so that chance differences leave the choice to the load. The least amount told apart is 1e-6. */
export function steps(value: number, share = 0.05): number {
  return Math.round(Math.log(Math.max(1e-6, value)) / Math.log1p(share));
}
