import type * as z from 'zod';
import type { ConflictDocument } from '../../../contracts/context/requests.ts';
import type { OfflineEdit, SyncAnswer, syncRequest, VersionVector } from '../../../contracts/context/sync.ts';
import { CadreError, errorAt } from '../../../contracts/errors.ts';
import type { Json } from '../../../contracts/json.ts';
import { keepingMasked, visible } from '../../core/access.ts';
import { advanced, standingOf, vectorOf } from '../../core/version-vector.ts';
import { documentOf, headOf, nextVersion, type StoredVersion } from '../../core/version.ts';
import type { Caller, ContextDeps } from '../../ports.ts';
import { changeData, repeatedOf, stampOf, type Decision } from './change-document.ts';
import { liveFor, loadDocument, permitted, type DocumentState } from './load-document.ts';
import { mergeData } from './merge-change.ts';

type SyncRequest = z.output<typeof syncRequest>;
/** An edit with what it was made from. */
type Based = OfflineEdit & { readonly base: Json };

/** What is to be done about an edit; where it comes too early, what is missing. */
async function decided(
  deps: ContextDeps,
  caller: Caller,
  state: DocumentState<StoredVersion>,
  request: SyncRequest,
  edit: Based,
): Promise<Decision | { readonly missing: VersionVector }> {
  const { live, access } = liveFor(state, caller, 'write');
  // Before anything is written: the answer has the document.
  permitted(state.namespace, live, caller, 'read');
  const head = headOf(live);
  const { writer, base_version, origin } = request;
  const offline = { writer, vector: edit.vector, base_version };
  const stored = vectorOf(live);
  const standing = standingOf(stored, offline);
  // By its id: a writer that was forgotten numbers its edits anew, and two may have taken one name by mistake.
  const known = await repeatedOf(deps, state.key, edit.operation_id);
  if (known !== undefined) return { answer: known };
  if (standing.is === 'repeated') {
    const number = `edit ${String(edit.vector[writer])} of ${writer}`;
    throw new CadreError('version-conflict', `${number} is another one, or landed more than 30 days ago`, {
      path: 'writer',
    });
  }
  if (standing.is === 'early') return { missing: standing.missing };
  const stamp = stampOf(deps, caller, { operation_id: edit.operation_id, origin });
  const vector = advanced(stored, offline, live.version + 1);
  const theirs = keepingMasked(edit.data, live.data, access.mask);
  const commitOf = (kind: 'put' | 'merge', data: Json) => {
    const change = { kind, base_version: kind === 'put' ? live.version : base_version, data, vector };
    return { previous: head, next: nextVersion(live, head, change, stamp), once: true };
  };
  if (standing.is === 'causal') return { commit: commitOf('put', theirs), outcome: 'written' };
  const ours = live.data ?? null;
  const merged = await mergeData({ base: edit.base, ours, theirs }, live.merge ?? [], access);
  if (merged.ok) return { commit: commitOf('merge', merged.data), outcome: 'merged' };
  const conflict: ConflictDocument = {
    ...state.key,
    conflict_id: edit.operation_id,
    at: new Date(stamp.now).toISOString(),
    by: stamp.principal,
    base_version,
    version: live.version,
    data: theirs,
    conflicts: merged.conflicts,
  };
  // A version all the same, which has the stored data: what the writer did next builds on this edit.
  return { conflict, commit: commitOf('merge', ours), outcome: 'merged' };
}

/**
 * Lands the edits of a writer that worked offline, one after the other, each as a version: as it is where the writer knew all that is stored, else merged
 * by the rules of the document, else kept as a conflict with both sides. A repeat changes nothing. Edits that build on some which have not come are not
 * written (`early`), nor is one that is refused after others have landed (`refused`). Throws `not-found`, `forbidden`, `archived`, and `version-conflict` for a number under which another edit landed.
 */
export async function syncDocument(deps: ContextDeps, caller: Caller, request: SyncRequest): Promise<SyncAnswer> {
  const { namespace, context_id, edits } = request;
  const key = { namespace, context_id };
  const items: SyncAnswer['items'] = [];
  let missing: VersionVector | undefined;
  let refusal: CadreError | undefined;
  for (const [index, edit] of edits.entries()) {
    const base = edit.base ?? edits[index - 1]?.data ?? null;
    let conflict: ConflictDocument | undefined;
    const landing = changeData(deps, caller, key, async (state) => {
      const decision = await decided(deps, caller, state, request, { ...edit, base });
      conflict = 'conflict' in decision ? decision.conflict : undefined;
      if (!('missing' in decision)) return decision;
      ({ missing } = decision);
      return { answer: { outcome: 'repeated', head: headOf(liveFor(state, caller, 'write').live) } };
    });
    const answer = await landing.catch((error: unknown) => {
      const told = errorAt(`edits[${String(index)}]`, error);
      // What has landed is told, so that its writer does not send it again.
      if (!(told instanceof CadreError) || items.length === 0) throw told;
      refusal = told;
      return undefined;
    });
    if (missing !== undefined || answer === undefined) break;
    const outcome = conflict !== undefined ? 'conflict' : (answer.outcome as 'written' | 'merged' | 'repeated');
    items.push({ operation_id: edit.operation_id, outcome, version: answer.head.version });
  }
  const { live, access } = liveFor(await loadDocument(deps, key), caller, 'read');
  const document = visible(documentOf(live), access);
  if (refusal !== undefined) {
    const { code, message, path } = refusal;
    return { outcome: 'refused', items, error: { code, message, path }, document };
  }
  return { outcome: missing === undefined ? 'synced' : 'early', items, ...(missing && { missing }), document };
}
