import type * as z from 'zod';
import type {
  appendDocumentRequest,
  ChangeAnswer,
  patchDocumentRequest,
  PatchOperation,
} from '../../../contracts/context/requests.ts';
import { CadreError } from '../../../contracts/errors.ts';
import type { Json } from '../../../contracts/json.ts';
import { keepingMasked, visible, type Access } from '../../core/access.ts';
import { mergePatched, patched } from '../../core/patch.ts';
import { canHold, isList, keysOf, valueAt, withValueAt } from '../../core/pointer.ts';
import { documentOf, headOf, nextVersion, type StoredVersion } from '../../core/version.ts';
import type { Caller, ContextDeps } from '../../ports.ts';
import { changeData, repeatedOf, stampOf } from './change-document.ts';
import { liveFor } from './load-document.ts';
import { putDocument } from './put-document.ts';

/** What a patch makes of a version, as far as the writer sees it. */
export function patchedData(
  version: StoredVersion,
  access: Access,
  {
    patch,
    merge_patch,
  }: { readonly patch?: readonly PatchOperation[] | undefined; readonly merge_patch?: Json | undefined },
): Json {
  if (!access.actions.has('read') && patch?.some(({ op }) => op === 'test') === true)
    throw new CadreError('forbidden', `who may not read ${version.context_id} cannot test it`, { path: 'patch' });
  const { data } = visible(documentOf(version), access);
  return patch === undefined ? mergePatched(data, merge_patch ?? null) : patched(data, patch);
}

/**
 * A change that is made on whatever is the latest version. Its operation has a row of its own, so that a repeat finds where it landed.
 */
async function changeLatest(
  deps: ContextDeps,
  caller: Caller,
  request: z.output<typeof appendDocumentRequest> | z.output<typeof patchDocumentRequest>,
  kind: 'patch' | 'append',
  dataOf: (live: StoredVersion, access: Access) => Json,
): Promise<ChangeAnswer> {
  const { namespace, context_id } = request;
  const key = { namespace, context_id };
  const stamp = stampOf(deps, caller, request);
  return changeData(deps, caller, key, async (state) => {
    const { live, access } = liveFor(state, caller, 'write');
    const answer = request.operation_id === undefined ? undefined : await repeatedOf(deps, key, stamp.operation_id);
    if (answer !== undefined) return { answer };
    const data = keepingMasked(dataOf(live, access), live.data, access.mask);
    const previous = headOf(live);
    const change = { kind, base_version: live.version, data };
    return { commit: { previous, next: nextVersion(key, previous, change, stamp), once: true }, outcome: 'written' };
  });
}

/** Patches a document: the latest version, or the expected one with the same outcomes as a put. Throws `patch-failed`, `not-found` and `forbidden`. */
export async function patchDocument(
  deps: ContextDeps,
  caller: Caller,
  request: z.output<typeof patchDocumentRequest>,
): Promise<ChangeAnswer> {
  const { expected_version, patch: _patch, merge_patch: _merge, ...rest } = request;
  if (expected_version === undefined)
    return changeLatest(deps, caller, request, 'patch', (live, access) => patchedData(live, access, request));
  return putDocument(deps, caller, { ...rest, expected_version }, (base, access) => patchedData(base, access, request));
}

/** Appends to a list of a document. Nobody's append is refused because of another one. Throws `invalid-input` where something else is. */
export async function appendDocument(
  deps: ContextDeps,
  caller: Caller,
  request: z.output<typeof appendDocumentRequest>,
): Promise<ChangeAnswer> {
  const keys = keysOf(request.pointer);
  return changeLatest(deps, caller, request, 'append', ({ data = null }, { mask }) => {
    if (mask.some((place) => request.pointer === place || request.pointer.startsWith(`${place}/`)))
      throw new CadreError('forbidden', `${request.pointer} is masked for ${caller.principal}`, { path: 'pointer' });
    const list = valueAt(data, keys) ?? [];
    if (!isList(list) || !canHold(data, keys))
      throw new CadreError('invalid-input', `no list is at "${request.pointer}", and none can be made there`, {
        path: 'pointer',
      });
    return withValueAt(data, keys, [...list, ...request.items]) ?? null;
  });
}
