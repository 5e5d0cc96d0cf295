import type * as z from 'zod';
import type { ChangeAnswer, createDocumentRequest } from '../../../contracts/context/requests.ts';
import { CadreError } from '../../../contracts/errors.ts';
import { headOf, nextVersion, type Change, type Stamp } from '../../core/version.ts';
import type { Caller, Commit, ContextDeps } from '../../ports.ts';
import { changeDocument, stampOf, type Decision } from './change-document.ts';
import { permitted, type DocumentState } from './load-document.ts';

/**
 * The commit that creates a document. One that is deleted, or whose time is over, still guards its place until it is erased, because its history is there
 * and may be held: its policy stays, and its creator, unless an admin of it creates the new one. Throws `forbidden`.
 */
export function creationOf(
  { key, namespace, latest }: DocumentState,
  caller: Caller,
  change: Omit<Change, 'created_by'>,
  stamp: Stamp,
): Commit {
  const stood = latest?.erasure === undefined ? latest : undefined;
  const { actions } = permitted(namespace, stood ?? key, caller, 'write');
  if (stood !== undefined && change.access_policy !== undefined) permitted(namespace, stood, caller, 'admin');
  const access_policy = change.access_policy ?? stood?.access_policy;
  const created_by = actions.has('admin') ? undefined : stood?.created_by;
  return { previous: latest, next: nextVersion(key, latest, { ...change, access_policy, created_by }, stamp) };
}

/** Decides about a creation: its own repeat gets its answer. Throws `context-conflict` when a document of this id is there, told at this path of the request. */
export async function decideCreation(
  deps: ContextDeps,
  caller: Caller,
  state: DocumentState,
  { path, ...change }: Omit<Change, 'created_by'> & { readonly path: string },
  stamp: Stamp,
): Promise<Decision> {
  const { key, live, namespace } = state;
  if (live === undefined) return { commit: creationOf(state, caller, change, stamp), outcome: 'written' };
  permitted(namespace, live, caller, 'write');
  const first = await deps.documents.version(key, live.created_version);
  if (first?.operation_id === stamp.operation_id) return { answer: { outcome: 'repeated', head: headOf(first) } };
  throw new CadreError('context-conflict', `${key.context_id} is there already, at version ${String(live.version)}`, {
    path,
  });
}

/** Creates a document. Throws `context-conflict` when one of this id is there; the creation's own repeat gets its answer. */
export async function createDocument(
  deps: ContextDeps,
  caller: Caller,
  request: z.output<typeof createDocumentRequest>,
): Promise<ChangeAnswer> {
  const { namespace, context_id, operation_id, origin, ...fields } = request;
  const stamp = stampOf(deps, caller, { operation_id, origin });
  return changeDocument(deps, caller, { namespace, context_id }, (state) => {
    const base_version = state.latest?.version ?? 0;
    return decideCreation(deps, caller, state, { kind: 'create', base_version, ...fields, path: 'context_id' }, stamp);
  });
}
