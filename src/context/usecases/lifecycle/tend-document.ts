import type { ContextHead, Due } from '../../../contracts/context/context.ts';
import type { NamespacePolicy } from '../../../contracts/context/policy.ts';
import { pinnedLookMs, settleMs } from '../../../contracts/limits.ts';
import { firstKept, withDue } from '../../core/lifecycle.ts';
import { isGone } from '../../core/version.ts';
import type { SearchDeps } from '../../index-ports.ts';
import type { Caller, ContextDeps } from '../../ports.ts';
import { changeDocument, stampOf } from '../documents/change-document.ts';
import { purgeIndex } from '../search/compact-index.ts';
import { erasureOf } from './erase-document.ts';
import { pinnedVersion } from '../documents/pinned-version.ts';

const time = (ms: number) => new Date(ms).toISOString();

/** Who does what is due: no principal of a caller has a colon at its beginning. */
const principal = ':lifecycle';

/**
 * Removes what is stored of documents that are being erased. A change that had begun before the tombstone may still write an object, and a question or
 * a compaction may still hold the old index: so one look is never enough, and an erasure is done when a look that long after finds nothing.
 */
export async function removeErased(deps: SearchDeps, namespace: string, heads: readonly ContextHead[]): Promise<void> {
  if (heads.length === 0) return;
  const now = deps.sources.now();
  const ids = new Set(heads.map(({ context_id }) => context_id));
  const inIndex = await purgeIndex(await deps.indexes(), namespace, ids);
  for (const head of heads) {
    const isThere = await deps.documents.removeContent(head);
    const settled = Date.parse(head.updated_at) + settleMs <= now;
    const { due: _due, erasure, ...rest } = head;
    if (erasure === undefined) continue;
    const isDone = settled && !isThere && !inIndex.has(head.context_id);
    await deps.documents.note(
      head,
      isDone
        ? { ...rest, erasure: { ...erasure, done_at: time(now) } }
        : { ...head, due: { at: time(now + settleMs), action: 'erase' } },
    );
  }
}

/** Begins the erasure of a document whose life is over. */
async function eraseDue(deps: ContextDeps, head: ContextHead): Promise<void> {
  const caller: Caller = { principal, correlation_id: deps.sources.id() };
  await changeDocument(deps, caller, head, async ({ latest }) => {
    const isStill = latest !== undefined && latest.version === head.version && latest.erasure === undefined;
    // Somebody changed it meanwhile, and so began its life anew.
    if (!isStill) return { answer: { outcome: 'repeated', head } };
    const isOver = isGone(head, deps.sources.now());
    const reason = isOver ? 'the time in which it could be restored is over' : 'its retention is over';
    return { commit: await erasureOf(deps, latest, reason, stampOf(deps, caller, {})), outcome: 'written' };
  });
}

/** Moves the data and history of a document to the archive: packed first, then noted on the head, then removed; the note is what others go by. */
async function archive(deps: ContextDeps, policy: NamespacePolicy | undefined, head: ContextHead): Promise<void> {
  let archived = head;
  if (head.archive === undefined) {
    const id = deps.sources.id();
    await deps.documents.pack(head, id);
    archived = { ...head, archive: { since: time(deps.sources.now()), id } };
    if (!(await deps.documents.note(head, archived))) return;
  }
  await deps.documents.removeArchived(archived);
  await deps.documents.note(archived, withDue(archived, policy));
}

/** Removes the versions beyond those that are kept; what a snapshot keeps is looked at again later. */
async function prune(
  deps: ContextDeps,
  policy: NamespacePolicy | undefined,
  head: ContextHead,
  { pinned = Infinity, later }: { readonly pinned: number | undefined; readonly later: Due },
): Promise<void> {
  const first_version = Math.min(firstKept(head, policy), pinned);
  await deps.documents.prune(head, first_version);
  const pruned = withDue({ ...head, first_version }, policy);
  await deps.documents.note(head, pruned.due?.action === 'prune' ? { ...pruned, due: later } : pruned);
}

/** Does what is due with a document that lives. The retention may have changed since that was noted: then only what is due by it now is noted. */
export async function tendDocument(
  deps: ContextDeps,
  policy: NamespacePolicy | undefined,
  head: ContextHead,
): Promise<void> {
  if (head.archive !== undefined && head.due?.action === 'archive') return archive(deps, policy, head);
  const after = withDue(head, policy);
  if (after.due === undefined || after.due.at > time(deps.sources.now())) {
    await deps.documents.note(head, after);
    return undefined;
  }
  // A step is taken under what the head says is due.
  const noted = after.due.action === head.due?.action ? head : after;
  if (noted === after && !(await deps.documents.note(head, after))) return undefined;
  if (after.due.action === 'archive') return archive(deps, policy, noted);
  const pinned = await pinnedVersion(deps, noted);
  const later = { action: after.due.action, at: time(deps.sources.now() + pinnedLookMs) };
  if (after.due.action === 'prune') return prune(deps, policy, noted, { pinned, later });
  if (pinned === undefined) return eraseDue(deps, noted);
  await deps.documents.note(noted, { ...noted, due: later });
  return undefined;
}
