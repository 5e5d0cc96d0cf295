import { type Outcome, refused } from '../../../contracts/errors.ts';
import { defaultNamespace, defaultPool } from '../../../contracts/ids.ts';
import type { NamespaceKill, NamespaceView } from '../../../contracts/distributor/namespace.ts';
import { namespacesOf } from '../../core/ready/route.ts';
import type { DistributorDeps } from '../../ports.ts';
import { sweepNamespaces } from '../pulse/sweep-namespaces.ts';

/**
 * Kills a namespace: from now on nothing of it is handed out or accepted, and its work is cancelled, a part at once and the rest by the pulse. The row is written first:
 * whatever breaks off after it is finished by the pulse. It stays so until it is revived. Refused for the namespace of everything that names none.
 */
export async function killNamespace(
  deps: DistributorDeps,
  { namespace, principal, reason }: { readonly namespace: string; readonly principal: string; readonly reason: string },
): Promise<Outcome<NamespaceView>> {
  if (namespace === defaultNamespace)
    return refused('invalid-input', `${namespace} is whatever names no namespace: kill its agents or workflows`, 'id');
  const killed = { by: principal, at: new Date(deps.sources.now()).toISOString(), reason };
  await deps.namespaces.kill(defaultPool, namespace, killed);
  await deps.messenger.ticks(defaultPool, [1]);
  await sweepNamespaces(deps, await deps.agents.pool(defaultPool));
  await deps.messenger.announce([
    {
      type: 'NamespaceKilled',
      data: { namespace, ...killed },
      correlation_id: namespace,
      causation_id: namespace,
    },
  ]);
  return { ok: true, value: { namespace, killed } };
}

/** Lets a killed namespace have work again; what was cancelled stays so. One that was not killed stays as it is. */
export async function reviveNamespace(
  deps: DistributorDeps,
  { namespace, principal }: { readonly namespace: string; readonly principal: string },
): Promise<NamespaceView> {
  await deps.namespaces.revive(defaultPool, namespace);
  const data = { namespace, by: principal };
  await deps.messenger.announce([
    { type: 'NamespaceRevived', data, correlation_id: namespace, causation_id: namespace },
  ]);
  return { namespace };
}

/** The namespaces of which tasks have come to the pool, and those that were killed. */
export async function listNamespaces(deps: Pick<DistributorDeps, 'agents'>): Promise<readonly NamespaceView[]> {
  const pool = await deps.agents.pool(defaultPool);
  const killed = pool.killed ?? new Map<string, NamespaceKill>();
  return [...new Set([...namespacesOf(pool), ...killed.keys()])].sort().map((namespace) => {
    const kill = killed.get(namespace);
    return kill === undefined ? { namespace } : { namespace, killed: kill };
  });
}
