import type { Latencies, Latency } from './aws-model.ts';
import { createRandom } from './random.ts';

/** How long the steps around a decision take in a run (ms), drawn from the table of latencies. */
export type Delays = ReturnType<typeof createDelays>;

/** Draws the delays of a run; the same seed draws the same. */
export function createDelays(table: Latencies, seed: number) {
  const chance = createRandom(seed, 'latencies');
  const draw = ({ median, p99 }: Latency): number => (median === 0 ? 0 : chance.logNormal(median, p99));
  return {
    /** From a submission to its row. */
    accept: () => draw(table.accept),
    hint: () => draw(table.hint),
    nextHint: () => draw(table.nextHint),
    /** Reading a pool of so many agents. */
    read: (agents: number) => draw(table.read) + (table.readPer100Agents * agents) / 100,
    /** Reserving and claiming. */
    claim: () => draw(table.reserve) + draw(table.claim),
    send: () => draw(table.send),
    /** From a message to its agent. */
    toAgent: () => draw(table.send) + draw(table.inbox),
    /** From an agent's report to what it changes. */
    settle: () => draw(table.result) + draw(table.settle),
  };
}
