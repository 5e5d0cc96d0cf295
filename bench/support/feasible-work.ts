import { createRandom } from '../../src/simulator/random.ts';
import type { Work } from '../../src/simulator/work.ts';

/** What a schedule that meets everything looks like. Times are milliseconds. */
export interface FeasiblePlan {
  readonly seed: number;
  readonly agents: number;
  readonly tasks: number;
  /** Share of each agent's time that is planned. */
  readonly load: number;
  readonly meanMs: number;
  /** How long before its planned start a task is submitted, on average. */
  readonly leadMs: number;
  /** How long after its planned end it is due, on average. */
  readonly slackMs: number;
}

/** Time that every hand-over takes on the modelled cloud: a schedule without it could not be kept by anybody. */
const handoverMs = 400;

/**
 * Work whose deadlines can all be met, by construction: a schedule is laid out agent by agent, and each task is submitted before its planned start and due after
 * its planned end.
 */
export function feasibleWork({ seed, agents, tasks, load, meanMs, leadMs, slackMs }: FeasiblePlan): readonly Work[] {
  const random = createRandom(seed, 'feasible');
  const free = Array.from({ length: agents }, () => random.exponential(meanMs));
  const gapMs = Math.max(0, (meanMs * (1 - load)) / load - handoverMs);
  const works = Array.from({ length: tasks }, (_, index): Work => {
    const agent = index % agents;
    const start = (free[agent] ?? 0) + random.exponential(gapMs) + handoverMs;
    const duration_ms = random.exponential(meanMs);
    free[agent] = start + duration_ms;
    const at = Math.max(0, start - handoverMs - random.exponential(leadMs));
    const due = start + duration_ms + random.exponential(slackMs);
    return { at, duration_ms, deadline_ms: due - at, priority: 'medium', capabilities: [] };
  });
  return works.sort((one, other) => one.at - other.at);
}
