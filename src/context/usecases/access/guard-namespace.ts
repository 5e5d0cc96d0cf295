import type * as z from 'zod';
import type { namespaceAnswer, namespaceRequest, setPolicyRequest } from '../../../contracts/context/queries.ts';
import { CadreError } from '../../../contracts/errors.ts';
import { settleMs } from '../../../contracts/limits.ts';
import { canonicalJson } from '../../../contracts/json.ts';
import { accessOf } from '../../core/access.ts';
import type { Caller, ContextDeps, NamespaceRow } from '../../ports.ts';

type NamespaceAnswer = z.output<typeof namespaceAnswer>;

/** Whether somebody is an admin of a place, or of the whole namespace. Before anybody has set a policy everybody is. */
export function isAdminOf(row: NamespaceRow | undefined, { principal }: Caller, place: string | undefined): boolean {
  const rules = row?.policy.rules.filter(({ under }) => place !== undefined || under === undefined) ?? [];
  return accessOf(row && { ...row.policy, rules }, { context_id: place ?? '' }, principal).actions.has('admin');
}

/** Throws `forbidden` for whoever is no admin of the place, or of the whole namespace where none is given. */
export async function forAdmin(
  deps: ContextDeps,
  caller: Caller,
  namespace: string,
  place?: string,
): Promise<NamespaceRow | undefined> {
  const row = await deps.documents.namespace(namespace);
  if (!isAdminOf(row, caller, place))
    throw new CadreError('forbidden', `${caller.principal} is no admin of ${place ?? namespace}`, {
      path: place === undefined ? 'namespace' : 'under',
    });
  return row;
}

function view(namespace: string, row: NamespaceRow | undefined): NamespaceAnswer {
  return row === undefined
    ? { namespace, revision: 0 }
    : { namespace, revision: row.revision, policy: row.policy, updated_by: row.updated_by };
}

/** The policy of a namespace, for its admins. */
export async function getPolicy(
  deps: ContextDeps,
  caller: Caller,
  { namespace }: z.output<typeof namespaceRequest>,
): Promise<NamespaceAnswer> {
  return view(namespace, await forAdmin(deps, caller, namespace));
}

/** Sees to it that a sweep compares all documents with a retention, once every change that was decided by the old one has ended. */
async function announceWalk(deps: ContextDeps, namespace: string, revision: number): Promise<void> {
  const from = new Date(deps.sources.now() + settleMs).toISOString();
  await deps.documents.setWalk(namespace, { revision, from });
  await deps.sweeps.arm(namespace, from);
}

/** Sets the policy of a namespace. Throws `invalid-input` for one that leaves no admin, `version-conflict` when another one was set meanwhile. */
export async function setPolicy(
  deps: ContextDeps,
  caller: Caller,
  { namespace, policy, expected_revision }: z.output<typeof setPolicyRequest>,
): Promise<NamespaceAnswer> {
  const row = await forAdmin(deps, caller, namespace);
  if (!policy.rules.some(({ under, actions }) => under === undefined && actions.includes('admin')))
    throw new CadreError('invalid-input', 'a rule of the whole namespace must grant admin to somebody', {
      path: 'policy.rules',
    });
  const next = { namespace, revision: expected_revision + 1, policy, updated_by: caller.principal };
  const overtaken = () =>
    new CadreError('version-conflict', 'another policy was set meanwhile', { path: 'expected_revision' });
  if ((row?.revision ?? 0) !== expected_revision) throw overtaken();
  // Before the policy, so that no crash leaves documents that nobody compares with it.
  if (canonicalJson(row?.policy.retention ?? {}) !== canonicalJson(policy.retention ?? {}))
    await announceWalk(deps, namespace, next.revision);
  if (!(await deps.documents.setNamespace(next))) throw overtaken();
  return view(namespace, next);
}
