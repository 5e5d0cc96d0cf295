import type * as z from 'zod';
import type { ChangeAnswer, deleteDocumentRequest } from '../../../contracts/context/requests.ts';
import { CadreError } from '../../../contracts/errors.ts';
import { deletion } from '../../core/version.ts';
import type { Caller, ContextDeps } from '../../ports.ts';
import { changeDocument, repeated, stampOf } from './change-document.ts';
import { liveFor } from './load-document.ts';

/** Deletes a document: its history stays and it can be restored. Throws `not-found`, `forbidden` and `version-conflict`. */
export async function deleteDocument(
  deps: ContextDeps,
  caller: Caller,
  request: z.output<typeof deleteDocumentRequest>,
): Promise<ChangeAnswer> {
  const { namespace, context_id, expected_version } = request;
  const stamp = stampOf(deps, caller, request);
  return changeDocument(deps, caller, { namespace, context_id }, async (state) => {
    const answer = await repeated(deps, state, expected_version, stamp.operation_id);
    if (answer !== undefined) return { answer };
    const { live } = liveFor(state, caller, 'delete');
    if (live.version !== expected_version) {
      throw new CadreError('version-conflict', `${context_id} is at version ${String(live.version)}`, {
        path: 'expected_version',
      });
    }
    return { commit: { previous: live, next: deletion(live, stamp) }, outcome: 'written' };
  });
}
