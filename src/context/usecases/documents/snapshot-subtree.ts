import type * as z from 'zod';
import type {
  discardAnswer,
  discardRequest,
  Snapshot,
  snapshotAnswer,
  snapshotRequest,
  snapshotsAnswer,
  snapshotsRequest,
} from '../../../contracts/context/snapshots.ts';
import { CadreError } from '../../../contracts/errors.ts';
import { snapshotsMax } from '../../../contracts/limits.ts';
import type { Caller, ContextDeps } from '../../ports.ts';
import { forAdmin, isAdminOf } from '../access/guard-namespace.ts';

const dayMs = 24 * 3_600_000;

/** The snapshots that have not expired. */
export async function standing(deps: ContextDeps, namespace: string): Promise<readonly Snapshot[]> {
  const now = deps.sources.now();
  return (await deps.documents.snapshots(namespace)).filter(({ expires_at }) => Date.parse(expires_at) > now);
}

/** A snapshot that has not expired, for admins of its place. Throws `not-found` and `forbidden`. */
export async function snapshotFor(
  deps: ContextDeps,
  caller: Caller,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<Snapshot> {
  const found = (await standing(deps, namespace)).find((each) => each.name === name);
  await forAdmin(deps, caller, namespace, found?.under);
  if (found === undefined)
    throw new CadreError('not-found', `no snapshot ${name} is in ${namespace}`, { path: 'name' });
  return found;
}

/**
 * Names the version of every document at and below a place, for its admins: one row with the time, because versions never change. From now on no
 * retention removes what it names. Throws `context-conflict` for a name that another place has, `too-large` for one too many.
 */
export async function takeSnapshot(
  deps: ContextDeps,
  caller: Caller,
  { namespace, name, under, reason, keep_days }: z.output<typeof snapshotRequest>,
): Promise<z.output<typeof snapshotAnswer>> {
  await forAdmin(deps, caller, namespace, under);
  const known = await standing(deps, namespace);
  const same = known.find((each) => each.name === name);
  if (same !== undefined && same.under === under) return { outcome: 'repeated', snapshot: same };
  const conflict = () => new CadreError('context-conflict', `a snapshot ${name} is there already`, { path: 'name' });
  if (same !== undefined) throw conflict();
  if (known.length >= snapshotsMax)
    throw new CadreError('too-large', `a namespace has at most ${String(snapshotsMax)} snapshots`, { path: 'name' });
  const now = deps.sources.now();
  const snapshot: Snapshot = {
    namespace,
    name,
    ...(under === undefined ? {} : { under }),
    at: new Date(now).toISOString(),
    by: caller.principal,
    ...(reason === undefined ? {} : { reason }),
    expires_at: new Date(now + keep_days * dayMs).toISOString(),
  };
  if (!(await deps.documents.keepSnapshot(snapshot))) throw conflict();
  return { outcome: 'taken', snapshot };
}

/** The snapshots whose places the caller is an admin of, by name. */
export async function listSnapshots(
  deps: ContextDeps,
  caller: Caller,
  { namespace }: z.output<typeof snapshotsRequest>,
): Promise<z.output<typeof snapshotsAnswer>> {
  const [known, room] = await Promise.all([standing(deps, namespace), deps.documents.namespace(namespace)]);
  return { items: known.filter(({ under }) => isAdminOf(room, caller, under)) };
}

/** Removes a snapshot: within a day what it alone kept goes as its retention says. Throws `not-found` and `forbidden`. */
export async function discardSnapshot(
  deps: ContextDeps,
  caller: Caller,
  request: z.output<typeof discardRequest>,
): Promise<z.output<typeof discardAnswer>> {
  const discarded = await snapshotFor(deps, caller, request);
  await deps.documents.removeSnapshot(discarded.namespace, discarded.name);
  return { discarded };
}
