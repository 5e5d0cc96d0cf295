import type * as z from 'zod';
import type { ChangeAnswer, createDocumentRequest } from '../../../contracts/context/requests.ts';
import { CadreError } from '../../../contracts/errors.ts';
import { headOf, nextVersion } from '../../core/version.ts';
import type { Caller, ContextDeps } from '../../ports.ts';
import { changeDocument, stampOf } from './change-document.ts';
import { permitted } from './load-document.ts';

/** Creates a document. Throws `context-conflict` when one of this id is there; the creation's own repeat gets its answer. */
export async function createDocument(
  deps: ContextDeps,
  caller: Caller,
  request: z.output<typeof createDocumentRequest>,
): Promise<ChangeAnswer> {
  const { namespace, context_id, operation_id, origin, ...fields } = request;
  const key = { namespace, context_id };
  const stamp = stampOf(deps, caller, { operation_id, origin });
  return changeDocument(deps, caller, key, async ({ namespace: room, latest, live }) => {
    permitted(room, live ?? key, caller, 'write');
    if (live !== undefined) {
      const first = await deps.documents.version(key, live.created_version);
      if (first?.operation_id === stamp.operation_id) return { answer: { outcome: 'repeated', head: headOf(first) } };
      throw new CadreError('context-conflict', `${context_id} is there already, at version ${String(live.version)}`, {
        path: 'context_id',
      });
    }
    const change = { kind: 'create' as const, base_version: latest?.version ?? 0, ...fields };
    return { commit: { previous: latest, next: nextVersion(key, latest, change, stamp) }, outcome: 'written' };
  });
}
