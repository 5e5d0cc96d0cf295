import { type PlainStrategy, plainStrategies } from '../contracts/distributor/strategy.ts';
import type { PolicyDocument, TaskMatch } from '../contracts/distributor/policy.ts';
import { checkedPolicy } from '../distributor/core/policy/check-policy.ts';
import { decideDispatch } from '../distributor/core/dispatch/dispatch.ts';
import type { Scenario } from './engine.ts';
import { randomScheduling } from './random-scheduling.ts';
import { coreScheduling } from './scheduling.ts';

/** What production does with tasks that name no strategy. */
export const defaultPolicy = 'default';
/** The yardstick: each task at once to a random agent, each agent first come first served. */
export const randomPolicy = 'fifo-random';

/** Names that `--policy` takes: the default, a strategy that every task names, and the yardstick. */
export const policyNames: readonly string[] = [defaultPolicy, ...plainStrategies, randomPolicy];

/** A routing policy document for a simulation. Throws CadreError with all that is wrong with it. */
export const readPolicy = (value: unknown): PolicyDocument => checkedPolicy(value);

/** What of a routing policy a simulation leaves out, by its path: its agents have no labels, its tasks one type and no workflow, and nothing is refused, shed or spilled. */
export function unsimulated({ strategies = {}, by_task_type, ...policy }: PolicyDocument): readonly string[] {
  const { rules = [], limits = [], reservations = [], overflow, emergency } = policy;
  const ofMatch = (path: string, match: TaskMatch): string[] =>
    (['task_type', 'workflow'] as const).flatMap((name) =>
      match[name] === undefined ? [] : [`${path}.match.${name}`],
    );
  return [
    ...Object.entries(strategies).flatMap(([name, { use }]) =>
      use === 'custom' || use === 'geographic' ? [`strategies.${name} (${use})`] : [],
    ),
    ...(by_task_type === undefined ? [] : ['by_task_type']),
    ...rules.flatMap(({ match, require_labels }, at) => [
      ...ofMatch(`rules[${at}]`, match),
      ...(require_labels === undefined ? [] : [`rules[${at}].require_labels`]),
    ]),
    ...limits.flatMap(({ match }, at) => ofMatch(`limits[${at}]`, match)),
    ...reservations.flatMap(({ match }, at) => ofMatch(`reservations[${at}]`, match)),
    ...(overflow === undefined ? [] : ['overflow']),
    ...(emergency === undefined ? [] : ['emergency.keep_labels', ...ofMatch('emergency', emergency.match)]),
  ];
}

/**
 * The scheduling of a policy; `seed` is for those that draw. With a document it is what production decides under that routing policy. `alone`: one dispatcher hands out everything, which in
 * production it does only in pools that are not large.
 */
export function schedulingOf(
  policy: string,
  seed: number,
  { document, alone }: { readonly document?: PolicyDocument | undefined; readonly alone?: boolean } = {},
): Scenario['scheduling'] {
  if (policy === randomPolicy) return (crew) => randomScheduling(crew, seed);
  const named = plainStrategies.find((name): name is PlainStrategy => name === policy);
  const row = { pool: 'default', version: 1, at: '2026-01-01T00:00:00.000Z', by: 'simulation' };
  const inForce = document === undefined ? undefined : { ...row, document };
  return (crew, room) => coreScheduling(crew, room, decideDispatch, named, inForce, alone);
}
