import type { ChangeAnswer, ConflictDocument } from '../../../contracts/context/requests.ts';
import type { ContextHead, Origin } from '../../../contracts/context/context.ts';
import { CadreError, errorAt } from '../../../contracts/errors.ts';
import type { Announcement } from '../../../contracts/events.ts';
import { canonicalJson } from '../../../contracts/json.ts';
import { commitRepeatsMax } from '../../../contracts/limits.ts';
import { accessOf } from '../../core/access.ts';
import { headOf, type Stamp, type DocumentKey, type StoredVersion } from '../../core/version.ts';
import { endsSooner, withDue } from '../../core/lifecycle.ts';
import type { Caller, Commit, ContextDeps, NamespaceRow } from '../../ports.ts';
import { typed } from '../define-type.ts';
import { checkRelations } from './check-relations.ts';
import { headFor, loadDocument, loadHead, permitted, type DocumentState } from './load-document.ts';

/** What to do about a document as it is now: write its next version, keep a conflict, or only answer. */
export type Decision =
  | { readonly commit: Commit; readonly outcome: 'written' | 'merged'; readonly conflict?: ConflictDocument }
  | { readonly conflict: ConflictDocument; readonly answer: ChangeAnswer }
  | { readonly answer: ChangeAnswer };

/** Decides about the state that was loaded. */
type Decide<V extends ContextHead> = (state: DocumentState<V>) => Promise<Decision>;
type Load<V extends ContextHead> = (deps: ContextDeps, key: DocumentKey) => Promise<DocumentState<V>>;

/** The stamp of a change, whose time is that of each decision about it. Without an operation id the change gets one, and a repeat of the call is another change. */
export function stampOf(
  { sources }: ContextDeps,
  { principal }: Caller,
  { operation_id, origin }: { readonly operation_id?: string | undefined; readonly origin?: Origin | undefined },
): Stamp {
  return {
    get now() {
      return sources.now();
    },
    principal,
    operation_id: operation_id ?? sources.id(),
    origin,
    hash: (text) => sources.hash(text),
  };
}

/** Tells everybody that a document changed. A hint: who must miss nothing reads the changes with a cursor. */
export function changed(version: StoredVersion, { correlation_id }: Caller): Announcement {
  const { namespace, context_id, context_type, kind, tags, updated_by, updated_at, deleted = false } = version;
  return {
    type: 'ContextChanged',
    data: {
      namespace,
      context_id,
      context_type,
      version: version.version,
      kind,
      tags: [...tags],
      by: updated_by,
      at: updated_at,
      deleted,
    },
    correlation_id,
    causation_id: version.operation_id,
  };
}

/** Whoever may only write ends nothing: neither a document nor its history. Throws `forbidden`. */
function checkLife(room: NamespaceRow | undefined, caller: Caller, { previous, next }: Commit): void {
  if (previous === undefined || previous.erasure !== undefined || next.erasure !== undefined) return;
  if (endsSooner(previous, next, room?.policy)) permitted(room, previous, caller, 'delete');
}

/**
 * An expression is evaluated for whoever merges next, with all that one sees: who sees less sets none that would take masked places to others. A fork has
 * those of its source. Throws `forbidden`.
 */
function checkExpressions(room: NamespaceRow | undefined, { principal }: Caller, { previous, next }: Commit): void {
  const { merge = [], kind, context_id } = next;
  if (kind === 'fork' || !merge.some(({ policy }) => policy === 'custom')) return;
  if (canonicalJson(merge) === canonicalJson(previous?.merge ?? [])) return;
  if (accessOf(room?.policy, next, principal).mask.length > 0)
    throw new CadreError('forbidden', `${principal} does not see all of ${context_id}, and sets no expression there`, {
      path: 'merge',
    });
}

/**
 * The commits, checked for what not every writer may do, against their types and for circles of relations, with what the lifecycle does with each document next; the timer is set before it is due, and a document that a change brings back from
 * the archive has its history again before it is written.
 */
export async function prepared(
  deps: ContextDeps,
  room: NamespaceRow | undefined,
  caller: Caller,
  commits: readonly Commit[],
): Promise<Commit[]> {
  const placed = (commit: Commit) => (error: unknown) => {
    throw commit.place === undefined ? error : errorAt(commit.place, error);
  };
  for (const commit of commits) {
    try {
      checkLife(room, caller, commit);
      checkExpressions(room, caller, commit);
    } catch (error) {
      placed(commit)(error);
    }
  }
  await checkRelations(deps, room, caller, commits);
  const checked = await Promise.all(commits.map((commit) => typed(deps, commit).catch(placed(commit))));
  const timed = checked.map((commit) => ({ ...commit, next: withDue(commit.next, room?.policy) }));
  const [earliest] = timed.flatMap(({ next }) => next.due ?? []).sort((a, b) => (a.at < b.at ? -1 : 1));
  if (earliest !== undefined && timed[0] !== undefined) await deps.sweeps.arm(timed[0].next.namespace, earliest.at);
  for (const { previous, next } of timed) {
    if (previous?.archive !== undefined && next.archive === undefined && next.erasure === undefined)
      await thawDocument(deps, room, previous);
  }
  return timed;
}

/** Writes back the history of a document that is in the archive. The archiving, where it has not ended, ends first. Throws `version-conflict` when somebody was faster. */
async function thawDocument(deps: ContextDeps, room: NamespaceRow | undefined, archived: ContextHead) {
  const [head] = await deps.documents.heads([archived]);
  if (head?.archive === undefined) return;
  if (head.due?.action === 'archive' && !(await deps.documents.note(head, withDue(head, room?.policy))))
    throw new CadreError('version-conflict', `${head.context_id} changes too fast; try again`, { path: 'context_id' });
  await deps.documents.thaw(head);
}

async function changeLoaded<V extends ContextHead>(
  load: Load<V>,
  deps: ContextDeps,
  caller: Caller,
  key: DocumentKey,
  decide: Decide<V>,
): Promise<ChangeAnswer> {
  for (let repeat = 0; repeat < commitRepeatsMax; repeat += 1) {
    const state = await load(deps, key);
    const decision = await decide(state);
    if ('conflict' in decision) await deps.documents.keepConflict(decision.conflict);
    const { latest, namespace: room } = state;
    if ('answer' in decision) {
      const { head } = decision.answer;
      return { ...decision.answer, head: headFor(room, latest ?? head, caller, head) };
    }
    const commits = await prepared(deps, room, caller, [decision.commit]);
    const overtaken = await deps.documents.commit(commits);
    for (const { next } of overtaken.length === 0 ? commits : []) {
      await deps.messenger.announce([changed(next, caller)]);
      return { outcome: decision.outcome, head: headFor(room, next, caller, headOf(next)) };
    }
  }
  throw new CadreError('version-conflict', `${key.context_id} changes too fast; try again`, { path: 'context_id' });
}

/** Loads the head, decides, writes; decides again when somebody was faster, a few times. Throws `version-conflict` on a document that never stands still. */
export function changeDocument(
  deps: ContextDeps,
  caller: Caller,
  key: DocumentKey,
  decide: Decide<ContextHead>,
): Promise<ChangeAnswer> {
  return changeLoaded(loadHead, deps, caller, key, decide);
}

/** The same for a change that is made from the data: its decision has it. */
export function changeData(
  deps: ContextDeps,
  caller: Caller,
  key: DocumentKey,
  decide: Decide<StoredVersion>,
): Promise<ChangeAnswer> {
  return changeLoaded(loadDocument, deps, caller, key, decide);
}

/**
 * The answer to a repeat, when this operation wrote the version after the one that it expected: the answer to its first call was lost. An operation
 * that landed on a later version is found by its own row.
 */
export async function repeated(
  deps: ContextDeps,
  { key, latest }: DocumentState,
  expected: number,
  operation_id: string,
): Promise<ChangeAnswer | undefined> {
  if (latest === undefined || latest.version <= expected) return undefined;
  const after = await deps.documents.version(key, expected + 1);
  if (after?.operation_id === operation_id) return { outcome: 'repeated', head: headOf(after) };
  return repeatedOf(deps, key, operation_id);
}

/** The answer to a repeat of an operation that landed wherever the head was. */
export async function repeatedOf(
  deps: ContextDeps,
  key: DocumentKey,
  operation_id: string,
): Promise<ChangeAnswer | undefined> {
  const landed = await deps.documents.operation(key, operation_id);
  const version = landed === undefined ? undefined : await deps.documents.version(key, landed);
  return version === undefined ? undefined : { outcome: 'repeated', head: headOf(version) };
}
