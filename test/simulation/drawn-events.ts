import { defaultEventTtlMs } from '../../src/contracts/limits.ts';
import type { Random } from '../../src/platform/twin/random.ts';
import type { Scenario } from './scenario.ts';

/** An event that the workflow waits for, unless that is published, and one that it does not want; some come twice. */
export function drawSignals(
  random: Random,
  workflow_id: string,
  spread: number,
  isPublished: boolean,
): Scenario['signals'] {
  const wanted = random.chance(0.5) ? { name: 'yes', key: 'this one' } : { name: 'no' };
  const signals = [
    ...(isPublished ? [] : [{ ...wanted, id: 'wanted' }]),
    { name: 'yes', key: 'another one', id: 'unwanted' },
  ];
  return signals.flatMap((signal) =>
    Array.from({ length: 1 + random.below(2) }, () => ({
      after: random.below(spread),
      signal: { workflow_id, ...signal },
      via: random.pick(['bus', 'api'] as const),
    })),
  );
}

/** Events that are published at any time, also before a workflow is there, or all at once; some come twice. */
export function drawEvents(random: Random, spread: number): Scenario['events'] {
  return Array.from({ length: 1 + random.below(3) }, (_, index) => {
    const event = { name: 'yes', key: 'this one', id: `published-${index}`, ttl_ms: defaultEventTtlMs };
    // Most come when somebody waits already.
    const at = spread / 3 + random.below(spread);
    return Array.from({ length: 1 + random.below(2) }, () => ({
      at: at + random.below(3_000),
      event,
      via: random.pick(['bus', 'api'] as const),
    }));
  }).flat();
}
