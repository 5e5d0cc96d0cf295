import { decideDispatch } from '../distributor/core/dispatch.ts';
import type { Scenario } from './engine.ts';
import { coreScheduling, randomScheduling } from './scheduling.ts';

/** The scheduling that production runs when nobody chose another one. */
export const defaultPolicy = 'default';
/** The yardstick: each task at once to a random agent, each agent first come first served. */
export const randomPolicy = 'fifo-random';

/** Names that `--policy` takes. */
export const policyNames: readonly string[] = [defaultPolicy, randomPolicy];

/** The scheduling of a policy; `seed` is for those that draw. */
export function schedulingOf(policy: string, seed: number): Scenario['scheduling'] {
  if (policy === randomPolicy) return (crew) => randomScheduling(crew, seed);
  return (crew, freeSlots) => coreScheduling(crew, freeSlots, decideDispatch);
}
