import type { CanarySettings } from '../../../contracts/distributor/canary.ts';
import { type Outcome, refused } from '../../../contracts/errors.ts';
import type { PolicyRow } from '../../../contracts/rows.ts';
import { checkedPolicy } from '../../core/policy/check-policy.ts';
import { namespacesOf } from '../../core/ready/route.ts';
import type { DistributorDeps } from '../../ports.ts';

interface Change {
  readonly pool: string;
  /** The version that the author saw; 0: there was none. */
  readonly expected_version: number;
  readonly principal: string;
}

async function write(
  deps: DistributorDeps,
  { pool, expected_version, principal }: Change,
  decide: (head: PolicyRow | undefined) => Outcome<Pick<PolicyRow, 'document' | 'canary'>>,
): Promise<Outcome<PolicyRow>> {
  const head = await deps.policies.head(pool);
  const version = head?.version ?? 0;
  const conflict = () =>
    refused('version-conflict', `the policy is at version ${version}, not ${expected_version}`, 'expected_version');
  if (version !== expected_version) return conflict();
  const decided = decide(head);
  if (!decided.ok) return decided;
  // Should its author have died before: no version that was ever in force is missing from the history.
  if (head !== undefined) await deps.policies.keep(head);
  const at = new Date(deps.sources.now()).toISOString();
  const row = { pool, version: version + 1, ...decided.value, at, by: principal };
  if (!(await deps.policies.put(row))) return conflict();
  // What waited under the old policy may start under the new one.
  const { routes } = await deps.agents.pool(pool);
  if (routes.length > 0) await deps.messenger.hint([{ pool, routes: routes.map(({ route }) => route) }]);
  return { ok: true, value: row };
}

/**
 * Puts a new version of a pool's policy in force, live: the next dispatch follows it. With `canary` it decides for a share of the tasks only, until it is promoted, taken
 * back, or replaced. Throws with all faults of the document; refused with `version-conflict` when somebody else was first.
 */
export async function putPolicy(
  deps: DistributorDeps,
  change: Change & { readonly document: unknown; readonly canary?: CanarySettings | undefined },
): Promise<Outcome<PolicyRow>> {
  const document = checkedPolicy(change.document, namespacesOf(await deps.agents.pool(change.pool)));
  const { canary } = change;
  return write(deps, change, (head) => ({
    ok: true,
    value: canary === undefined ? { document } : { document: head?.document ?? {}, canary: { ...canary, document } },
  }));
}

/** Puts what is tried in force for all tasks, as a new version. Refused with `not-found` when nothing is. */
export async function promotePolicy(deps: DistributorDeps, change: Change): Promise<Outcome<PolicyRow>> {
  return write(deps, change, (head) =>
    head?.canary === undefined
      ? refused('not-found', 'no policy is tried on a share of the tasks', 'canary')
      : { ok: true, value: { document: head.canary.document } },
  );
}

/** Puts the document that was in force under an earlier version in force again, as a new version. What was tried is not tried any more. */
export async function rollBackPolicy(
  deps: DistributorDeps,
  change: Change & { readonly version: number },
): Promise<Outcome<PolicyRow>> {
  const before = await deps.policies.version(change.pool, change.version);
  if (before === undefined) return refused('not-found', `the policy has no version ${change.version}`, 'version');
  return write(deps, change, () => ({ ok: true, value: { document: before.document } }));
}
