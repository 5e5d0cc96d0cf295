import type * as z from 'zod';
import type { ChangeAnswer, forkDocumentRequest, restoreDocumentRequest } from '../../../contracts/context/requests.ts';
import type { ContextHead } from '../../../contracts/context/context.ts';
import { CadreError } from '../../../contracts/errors.ts';
import { visible } from '../../core/access.ts';
import { documentOf, nextVersion, type Stamp, type StoredVersion } from '../../core/version.ts';
import type { Caller, Commit, ContextDeps } from '../../ports.ts';
import { changeDocument, repeated, stampOf } from './change-document.ts';
import { decideCreation } from './create-document.ts';
import { liveFor, loadDocument, permitted } from './load-document.ts';

/** A version of a document, from the archive where it lies there. */
export async function versionOf(deps: ContextDeps, head: ContextHead, version: number) {
  const [stored] = head.archive === undefined ? [] : await deps.documents.archived(head, version, 1);
  return stored?.version === version ? stored : deps.documents.version(head, version);
}

async function versionWithData(deps: ContextDeps, head: ContextHead, version: number): Promise<StoredVersion> {
  const stored = await versionOf(deps, head, version);
  if (stored?.data === undefined || stored.deleted === true)
    throw new CadreError('not-found', `${head.context_id} has no data at version ${String(version)}`, {
      path: 'version',
    });
  return stored;
}

/** The commit that makes an older version the latest again; the policy of today stays. */
export function restored(latest: ContextHead, older: StoredVersion, stamp: Stamp): Commit {
  const { version: base_version, data = null, context_type, tags, relations, merge, ttl_ms, retention } = older;
  const description = { context_type, tags, relations, merge, ttl_ms, retention };
  const change = { kind: 'restore' as const, base_version, data, ...description };
  return { previous: latest, next: nextVersion(latest, latest, change, stamp) };
}

/** Makes an older version the latest again, as a new version; a deleted document is there again, and an archived one comes back with its history. Its policy of today stays. */
export async function restoreDocument(
  deps: ContextDeps,
  caller: Caller,
  request: z.output<typeof restoreDocumentRequest>,
): Promise<ChangeAnswer> {
  const { namespace, context_id, version, expected_version } = request;
  const key = { namespace, context_id };
  const stamp = stampOf(deps, caller, request);
  return changeDocument(deps, caller, key, async (state) => {
    const answer = await repeated(deps, state, expected_version, stamp.operation_id);
    if (answer !== undefined) return { answer };
    const { latest, namespace: room } = state;
    const access = permitted(room, latest ?? key, caller, 'write');
    if (access.mask.length > 0)
      throw new CadreError('forbidden', 'who does not see all of a document cannot restore it', { path: 'context_id' });
    if (latest === undefined)
      throw new CadreError('not-found', `no document ${context_id} is in ${namespace}`, { path: 'context_id' });
    if (latest.version !== expected_version)
      throw new CadreError('version-conflict', `${context_id} is at version ${String(latest.version)}`, {
        path: 'expected_version',
      });
    return { commit: restored(latest, await versionWithData(deps, latest, version), stamp), outcome: 'written' };
  });
}

/** Creates a document from a version of another one, as far as the caller sees it. Throws `context-conflict` when one is there. */
export async function forkDocument(
  deps: ContextDeps,
  caller: Caller,
  request: z.output<typeof forkDocumentRequest>,
): Promise<ChangeAnswer> {
  const { namespace, context_id, version, to } = request;
  const source = { namespace, context_id };
  const { live, access } = liveFor(await loadDocument(deps, source), caller, 'read');
  const stored = version === undefined ? live : await versionWithData(deps, live, version);
  const { data, context_type, tags, merge, access_policy } = visible(documentOf(stored), access);
  const stamp = stampOf(deps, caller, request);
  // The subject may have been told after the version that is copied.
  const description = { context_type, tags, merge, access_policy, subject: live.subject };
  const change = { kind: 'fork' as const, base_version: stored.version, data, ...description, path: 'to.context_id' };
  return changeDocument(deps, caller, to, (state) => decideCreation(deps, caller, state, change, stamp));
}
