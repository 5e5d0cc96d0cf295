import type * as z from 'zod';
import type { ChangeAnswer, lifecycleRequest } from '../../../contracts/context/requests.ts';
import { CadreError } from '../../../contracts/errors.ts';
import { headOf, withHold, type StoredVersion } from '../../core/version.ts';
import type { Caller, ContextDeps } from '../../ports.ts';
import { changeData, repeatedOf, stampOf } from '../documents/change-document.ts';
import { permitted } from '../documents/load-document.ts';

type LifecycleRequest = z.output<typeof lifecycleRequest>;

/** A change of the hold of whatever is the latest version, a deletion included, for admins. */
async function changeHold(
  deps: ContextDeps,
  caller: Caller,
  request: LifecycleRequest,
  holdOf: (latest: StoredVersion, at: string) => StoredVersion['legal_hold'],
): Promise<ChangeAnswer> {
  const { namespace, context_id } = request;
  const key = { namespace, context_id };
  const stamp = stampOf(deps, caller, request);
  return changeData(deps, caller, key, async ({ namespace: room, latest }) => {
    permitted(room, latest ?? key, caller, 'admin');
    if (latest === undefined || latest.erasure?.done_at !== undefined)
      throw new CadreError('not-found', `no document ${context_id} is in ${namespace}`, { path: 'context_id' });
    const answer = request.operation_id === undefined ? undefined : await repeatedOf(deps, key, stamp.operation_id);
    if (answer !== undefined) return { answer };
    const legal_hold = holdOf(latest, new Date(stamp.now).toISOString());
    const next = withHold(latest, { legal_hold, reason: request.reason }, stamp);
    return { commit: { previous: headOf(latest), next, once: true }, outcome: 'written' };
  });
}

/** Lets nothing of a document be removed until it is released; a document that is deleted can be held too. Changes go on: they keep what was. */
export function holdDocument(deps: ContextDeps, caller: Caller, request: LifecycleRequest): Promise<ChangeAnswer> {
  const { reason } = request;
  return changeHold(deps, caller, request, (_latest, since) => ({ reason, by: caller.principal, since }));
}

/** Ends a hold. Throws `not-found` where there is none. */
export function releaseDocument(deps: ContextDeps, caller: Caller, request: LifecycleRequest): Promise<ChangeAnswer> {
  return changeHold(deps, caller, request, ({ context_id, legal_hold }) => {
    if (legal_hold === undefined)
      throw new CadreError('not-found', `${context_id} is under no hold`, { path: 'context_id' });
    return undefined;
  });
}
