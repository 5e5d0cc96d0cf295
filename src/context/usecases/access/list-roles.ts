import { rolesOf } from '../../core/access.ts';
import type { ContextDeps } from '../../ports.ts';

/** The roles that a principal has in a namespace, by its policy; none without one. */
export async function listRoles(
  deps: Pick<ContextDeps, 'documents'>,
  namespace: string,
  principal: string,
): Promise<readonly string[]> {
  const row = await deps.documents.namespace(namespace);
  return rolesOf(row?.policy, principal);
}
