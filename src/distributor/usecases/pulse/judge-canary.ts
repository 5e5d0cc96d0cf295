import type { SideSums } from '../../../contracts/distributor/canary.ts';
import type { PoolRows } from '../../../contracts/rows.ts';
import { figuresOf, noSums, verdictOn } from '../../core/policy/canary.ts';
import type { Head } from '../../core/agents/demand.ts';
import { starvedTask } from '../../core/policy/starved.ts';
import type { DistributorDeps } from '../../ports.ts';

/**
 * Takes a canary back that does worse than the policy in force by more than its margin, or leaves nobody to a task at the head of a route: the policy goes on as a new version without it, if nobody has changed it
 * meanwhile. Reads nothing: what it needs comes with the pool. Answers whether it did.
 */
export async function judgeCanary(
  deps: DistributorDeps,
  { pool, policy, canary: sums, routes, agents }: PoolRows,
  heads: readonly Head[],
): Promise<boolean> {
  if (policy?.canary === undefined) return false;
  const { canary, version, document } = policy;
  const now = deps.sources.now();
  const verdict = verdictOn(policy, sums ?? noSums);
  const starved = starvedTask({ policy, agents }, heads, now);
  if (verdict?.isWorse !== true && starved === undefined) return false;
  const figureOf = (side: SideSums): number => figuresOf(side)[canary.watch] ?? 0;
  const row = { pool, document, version: version + 1, at: new Date(now).toISOString(), by: 'cadre' };
  if (!(await deps.policies.put(row))) return false;
  const data = {
    pool,
    version: row.version,
    canary_version: version,
    watch: canary.watch,
    old: figureOf((sums ?? noSums).old),
    new: figureOf((sums ?? noSums).new),
    ...(starved === undefined ? {} : { starved: starved.task_id }),
  };
  await deps.messenger.announce([{ type: 'PolicyRolledBack', data, correlation_id: pool, causation_id: pool }]);
  // What the canary held back may start now.
  await deps.messenger.hint(routes.length === 0 ? [] : [{ pool, routes: routes.map(({ route }) => route) }]);
  return true;
}
