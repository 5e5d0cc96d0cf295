import { type PlainStrategy, plainStrategies } from '../contracts/strategy.ts';
import { decideDispatch } from '../distributor/core/dispatch.ts';
import type { Scenario } from './engine.ts';
import { coreScheduling, randomScheduling } from './scheduling.ts';

/** What production does with tasks that name no strategy. */
export const defaultPolicy = 'default';
/** The yardstick: each task at once to a random agent, each agent first come first served. */
export const randomPolicy = 'fifo-random';

/** Names that `--policy` takes: the default, a strategy that every task names, and the yardstick. */
export const policyNames: readonly string[] = [defaultPolicy, ...plainStrategies, randomPolicy];

/** The scheduling of a policy; `seed` is for those that draw. */
export function schedulingOf(policy: string, seed: number): Scenario['scheduling'] {
  if (policy === randomPolicy) return (crew) => randomScheduling(crew, seed);
  const named = plainStrategies.find((name): name is PlainStrategy => name === policy);
  return (crew, freeSlots) => coreScheduling(crew, freeSlots, decideDispatch, named);
}
