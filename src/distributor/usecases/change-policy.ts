import { type Outcome, refused } from '../../contracts/errors.ts';
import type { PolicyDocument } from '../../contracts/policy.ts';
import type { PolicyRow } from '../../contracts/rows.ts';
import { checkedPolicy } from '../core/policy/check-policy.ts';
import { namespacesOf } from '../core/route.ts';
import type { DistributorDeps } from '../ports.ts';

interface Change {
  readonly pool: string;
  /** The version that the author saw; 0: there was none. */
  readonly expected_version: number;
  readonly principal: string;
}

async function write(
  deps: DistributorDeps,
  { pool, expected_version, principal }: Change,
  document: PolicyDocument,
): Promise<Outcome<PolicyRow>> {
  const head = await deps.policies.head(pool);
  const version = head?.version ?? 0;
  const conflict = () =>
    refused('version-conflict', `the policy is at version ${version}, not ${expected_version}`, 'expected_version');
  if (version !== expected_version) return conflict();
  // Should its author have died before: no version that was ever in force is missing from the history.
  if (head !== undefined) await deps.policies.keep(head);
  const row = { pool, version: version + 1, document, at: new Date(deps.sources.now()).toISOString(), by: principal };
  if (!(await deps.policies.put(row))) return conflict();
  // What waited under the old policy may start under the new one.
  const { routes } = await deps.agents.pool(pool);
  if (routes.length > 0) await deps.messenger.hint([{ pool, routes: routes.map(({ route }) => route) }]);
  return { ok: true, value: row };
}

/**
 * Puts a new version of a pool's policy in force, live: the next dispatch follows it. Throws with all faults of the document; refused with `version-conflict` when
 * somebody else was first.
 */
export async function putPolicy(
  deps: DistributorDeps,
  change: Change & { readonly document: unknown },
): Promise<Outcome<PolicyRow>> {
  const namespaces = namespacesOf(await deps.agents.pool(change.pool));
  return write(deps, change, checkedPolicy(change.document, namespaces));
}

/** Puts the document of an earlier version in force again, as a new version. */
export async function rollBackPolicy(
  deps: DistributorDeps,
  change: Change & { readonly version: number },
): Promise<Outcome<PolicyRow>> {
  const before = await deps.policies.version(change.pool, change.version);
  if (before === undefined) return refused('not-found', `the policy has no version ${change.version}`, 'version');
  return write(deps, change, before.document);
}
