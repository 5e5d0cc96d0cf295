import type { PoolRows } from '../../../contracts/rows.ts';
import { noSums, verdictOn } from '../../core/policy/canary.ts';
import type { DistributorDeps } from '../../ports.ts';

/**
 * Takes a canary back that does worse than the policy in force by more than its margin: the policy goes on as a new version without it, if nobody has changed it
 * meanwhile. Reads nothing: what it needs comes with the pool. Answers whether it did.
 */
export async function judgeCanary(
  deps: DistributorDeps,
  { pool, policy, canary: sums, routes }: PoolRows,
): Promise<boolean> {
  if (policy?.canary === undefined) return false;
  const verdict = verdictOn(policy, sums ?? noSums);
  if (verdict?.isWorse !== true) return false;
  const { canary, version, document } = policy;
  const row = { pool, document, version: version + 1, at: new Date(deps.sources.now()).toISOString(), by: 'cadre' };
  if (!(await deps.policies.put(row))) return false;
  const data = {
    pool,
    version: row.version,
    canary_version: version,
    watch: canary.watch,
    old: verdict.old,
    new: verdict.new,
  };
  await deps.messenger.announce([{ type: 'PolicyRolledBack', data, correlation_id: pool, causation_id: pool }]);
  // What the canary held back may start now.
  await deps.messenger.hint(routes.length === 0 ? [] : [{ pool, routes: routes.map(({ route }) => route) }]);
  return true;
}
