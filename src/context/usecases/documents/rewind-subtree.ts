import * as z from 'zod';
import type { ContextHead } from '../../../contracts/context/context.ts';
import { jsonBytes } from '../../../contracts/context/data.ts';
import type { RewindAnswer, rewindRequest, RewoundDocument, Snapshot } from '../../../contracts/context/snapshots.ts';
import { CadreError } from '../../../contracts/errors.ts';
import { timestamp } from '../../../contracts/ids.ts';
import { canonicalJson } from '../../../contracts/json.ts';
import { changeSettleMs, shownPatchBytesMax } from '../../../contracts/limits.ts';
import { difference } from '../../core/patch.ts';
import { liesIn } from '../../core/pointer.ts';
import { deletion, headOf, isGone, type DocumentKey, type StoredVersion } from '../../core/version.ts';
import type { Caller, Commit, ContextDeps } from '../../ports.ts';
import { changeData, stampOf } from './change-document.ts';
import { loadDocument, permitted, type DocumentState } from './load-document.ts';
import { versionAt } from './pinned-version.ts';
import { restored, versionOf } from './restore-document.ts';
import { snapshotFor } from './snapshot-subtree.ts';

type RewindRequest = z.output<typeof rewindRequest>;

/** Pages of changes that one call looks through for some of the snapshot's place. More: in a busy namespace the answer comes too late. */
const pagesPerCall = 20;

/** Where a rewind goes on: it is about changes until its beginning. */
const place = z.strictObject({ until: timestamp, feed: z.string().optional() });
type Place = z.infer<typeof place>;

function placeOf(cursor: string): Place {
  try {
    return place.parse(JSON.parse(atob(cursor)));
  } catch (cause) {
    throw new CadreError('invalid-input', 'this cursor was not given out by a rewind', { path: 'cursor', cause });
  }
}

/** A rewind that was begun. */
interface Rewind {
  readonly snapshot: Snapshot;
  readonly until: string;
  readonly request: RewindRequest;
  readonly caller: Caller;
}

/** What is to be done about a document; nothing where it is as it was. */
interface Plan {
  readonly shown?: RewoundDocument;
  readonly commit?: Commit;
}

/** What a version says beside its data, as far as a rewind has it again. */
const described = ({ context_type, tags, relations, merge, ttl_ms, retention, hash }: ContextHead) =>
  canonicalJson({
    hash,
    context_type,
    tags,
    relations,
    merge: merge ?? [],
    ttl_ms: ttl_ms ?? 0,
    retention: retention ?? {},
  });

/** The version that a snapshot names, with its data; undefined where the document was not there. */
async function namedVersion(
  deps: ContextDeps,
  latest: StoredVersion,
  { at }: Snapshot,
): Promise<StoredVersion | undefined> {
  const entry = await versionAt(deps, latest, at);
  if (entry === undefined || isGone(entry, Date.parse(at))) return undefined;
  if (entry.version === latest.version && latest.archive === undefined) return latest;
  const stored = await versionOf(deps, latest, entry.version);
  return stored === undefined || isGone(stored, Date.parse(at)) ? undefined : stored;
}

/** Decides about a document that changed since the snapshot. Each of its changes may lead here: the last one before the rewind is answered for. */
async function planned(
  deps: ContextDeps,
  state: DocumentState<StoredVersion>,
  seen: number,
  rewind: Rewind,
): Promise<Plan> {
  const { latest, live, namespace: room, key } = state;
  const { snapshot, until, request, caller } = rewind;
  if (latest === undefined) return {};
  const stamp = stampOf(deps, caller, { operation_id: `rewind.${snapshot.name}.${Date.parse(until).toString(36)}` });
  const { context_id, version: from } = latest;
  if (latest.operation_id === stamp.operation_id) {
    if (latest.version !== seen + 1) return {};
    const outcome = latest.kind === 'delete' ? 'deleted' : 'restored';
    return {
      shown: { context_id, outcome, from: seen, ...(outcome === 'restored' ? { version: latest.base_version } : {}) },
    };
  }
  const last = await versionAt(deps, latest, until);
  if (last?.version !== seen) return {};
  if (latest.erasure !== undefined) return { shown: { context_id, outcome: 'erased', from } };
  if (latest.version !== seen) return { shown: { context_id, outcome: 'overtaken', from } };
  const named = await namedVersion(deps, latest, snapshot);
  if (named === undefined) {
    // Deleting again what is gone, or what was there before and has lost its history, is nobody's wish.
    if (live === undefined || live.created_at <= snapshot.at) return {};
    if (request.newer === 'keep') return { shown: { context_id, outcome: 'kept', from } };
    permitted(room, live, caller, 'delete');
    return {
      shown: { context_id, outcome: 'deleted', from },
      commit: { previous: headOf(live), next: deletion(headOf(live), stamp) },
    };
  }
  const shown: RewoundDocument = { context_id, outcome: 'restored', version: named.version, from };
  const access = permitted(room, latest, caller, 'write');
  if (access.mask.length > 0)
    throw new CadreError('forbidden', `${caller.principal} does not see all of ${key.context_id}`, {
      path: 'context_id',
    });
  if (named.data === undefined)
    throw new CadreError('archived', `version ${String(named.version)} of ${context_id} left its data in the archive`);
  const commit = restored(headOf(latest), named, stamp);
  if (live !== undefined && described(commit.next) === described(live)) return {};
  const patch = live?.data === undefined ? undefined : difference(live.data, named.data ?? null);
  const isShown = request.dry_run && access.actions.has('read') && jsonBytes(patch ?? []) <= shownPatchBytesMax;
  return { shown: { ...shown, ...(isShown && patch !== undefined ? { patch } : {}) }, commit };
}

/** Rewinds one document, or tells what that would do. What refuses it, refuses it alone. */
async function rewound(
  deps: ContextDeps,
  key: DocumentKey,
  seen: number,
  rewind: Rewind,
): Promise<RewoundDocument | undefined> {
  try {
    if (rewind.request.dry_run) return (await planned(deps, await loadDocument(deps, key), seen, rewind)).shown;
    let shown: RewoundDocument | undefined;
    await changeData(deps, rewind.caller, key, async (state) => {
      const plan = await planned(deps, state, seen, rewind);
      shown = plan.shown;
      if (plan.commit !== undefined) return { commit: plan.commit, outcome: 'written' };
      return { answer: { outcome: 'repeated', head: headOf(state.latest as StoredVersion) } };
    });
    return shown;
  } catch (error) {
    if (!(error instanceof CadreError) || error.code === 'internal') throw error;
    const { code, message } = error;
    return { context_id: key.context_id, outcome: 'refused', from: seen, error: { code, message } };
  }
}

/**
 * Has the documents of a snapshot as they were, each as a new version, a page of changes at a time: only what changed since is looked at. What somebody
 * changes after the beginning stays. A repeat of a call, or of the whole, writes nothing again. Throws `not-found` and `forbidden` about the snapshot;
 * what refuses one document is told with it.
 */
export async function rewindSubtree(deps: ContextDeps, caller: Caller, request: RewindRequest): Promise<RewindAnswer> {
  const { namespace, limit, cursor } = request;
  const snapshot = await snapshotFor(deps, caller, request);
  const now = deps.sources.now();
  const { until, ...from } = cursor === undefined ? { until: new Date(now).toISOString() } : placeOf(cursor);
  const settled = Math.min(Date.parse(until), now - changeSettleMs);
  const rewind = { snapshot, until, request, caller };
  let { feed } = from as Pick<Place, 'feed'>;
  const goOn = (items: RewoundDocument[]) => ({ items, cursor: btoa(JSON.stringify({ until, feed })) });
  for (let looked = 0; looked < pagesPerCall; looked += 1) {
    const page = await deps.documents.changes(namespace, { since: snapshot.at, until: settled }, limit, feed);
    if (page.items.length === 0) return settled < Date.parse(until) ? goOn([]) : { items: [] };
    feed = page.cursor;
    const { under } = snapshot;
    const placed = page.items.filter(({ context_id }) => under === undefined || liesIn(context_id, under));
    const newest = new Map<string, number>();
    for (const { context_id, version } of placed)
      newest.set(context_id, Math.max(version, newest.get(context_id) ?? 0));
    const shown = await Promise.all(
      [...newest].map(([context_id, seen]) => rewound(deps, { namespace, context_id }, seen, rewind)),
    );
    const items = shown.flatMap((each) => each ?? []);
    if (items.length > 0) return goOn(items);
  }
  return goOn([]);
}
