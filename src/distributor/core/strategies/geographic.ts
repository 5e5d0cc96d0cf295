import type { ReadyTask } from '../../../contracts/rows.ts';
import type { StrategySettings } from '../../../contracts/distributor/strategy.ts';
import { leisure } from './ranking.ts';
import type { Strategy } from './strategy.ts';

/** Farther than any distance of a policy: between regions that it does not name. */
const unknownDistanceMs = 100_000;

/** The region that a task is near to; undefined: it says none, and neither does the policy. */
export function regionOf(
  { distribution_rules }: Pick<ReadyTask, 'distribution_rules'>,
  { region }: Extract<StrategySettings, { use: 'geographic' }>,
): string | undefined {
  return distribution_rules?.region ?? region;
}

/** The nearest agent by network distance; in its own region the distance is 0. A task that says no region is near to everybody. */
export const geographic: Strategy<'geographic'> = (task, _candidates, { settings }) => {
  const here = regionOf(task, settings);
  const { distances_ms } = settings;
  const distance = (there: string | undefined): number => {
    if (here === undefined || here === there) return 0;
    if (there === undefined) return unknownDistanceMs;
    return distances_ms[here]?.[there] ?? distances_ms[there]?.[here] ?? unknownDistanceMs;
  };
  return {
    key: `geographic ${here ?? ''} ${JSON.stringify(distances_ms)}`,
    score: (each) => leisure(each) - Math.round(distance(each.agent.labels?.['region'])),
  };
};
