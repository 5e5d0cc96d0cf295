import type * as z from 'zod';
import type {
  LockAnswer,
  lockRequest,
  locksRequest,
  LockView,
  RenewAnswer,
  renewRequest,
  unlockAnswer,
  unlockRequest,
} from '../../contracts/context/locks.ts';
import { CadreError } from '../../contracts/errors.ts';
import { commitRepeatsMax } from '../../contracts/limits.ts';
import { accessOf } from '../core/access.ts';
import { acquired, changedHolder, holding, type LockRow } from '../core/lock.ts';
import { liesIn } from '../core/pointer.ts';
import type { Caller, ContextDeps, ContextPage } from '../ports.ts';
import { permitted } from './documents/load-document.ts';

/** Reads a lock, decides, and writes what follows from that very row; decides again when somebody was faster. */
async function change<T>(
  deps: ContextDeps,
  caller: Caller,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  decide: (row: LockRow | undefined) => { readonly next?: LockRow; readonly answer: T },
): Promise<T> {
  permitted(await deps.documents.namespace(namespace), { context_id: name }, caller, 'write');
  for (let repeat = 0; repeat < commitRepeatsMax; repeat += 1) {
    const { next, answer } = decide(await deps.documents.lock(namespace, name));
    if (next === undefined || (await deps.documents.setLock(next))) return answer;
  }
  throw new CadreError('version-conflict', `${name} changes too fast; try again`, { path: 'name' });
}

/**
 * Takes a slot of a lock for a time, or says when one may be free; nobody waits in a queue. A repeat of the call gets the slot that it got. Throws
 * `invalid-input` for another number of slots than its holders have, `forbidden` for whoever may not write there.
 */
export function acquireLock(
  deps: ContextDeps,
  caller: Caller,
  { ttl_ms, slots, operation_id = deps.sources.id(), ...key }: z.output<typeof lockRequest>,
): Promise<LockAnswer> {
  return change<LockAnswer>(deps, caller, key, (row) => {
    const now = deps.sources.now();
    const holders = row === undefined ? [] : holding(row, now);
    const own = holders.find((holder) => holder.operation_id === operation_id && holder.by === caller.principal);
    if (own !== undefined) return { answer: { outcome: 'acquired', token: own.token, until: own.until } };
    if (row !== undefined && holders.length > 0 && row.slots !== slots)
      throw new CadreError('invalid-input', `its holders say that ${key.name} has ${String(row.slots)} slots`, {
        path: 'slots',
      });
    const outcome = acquired(row, key, { now, by: caller.principal, operation_id, ttl_ms, slots });
    if ('taken' in outcome) {
      const [free_at = new Date(now).toISOString()] = outcome.taken.map(({ until }) => until).sort();
      return { answer: { outcome: 'taken', free_at } };
    }
    const { next, holder } = outcome;
    return { next, answer: { outcome: 'acquired', token: holder.token, until: holder.until } };
  });
}

/** The lock after a change by one of its holders; undefined when that one does not hold it any more. Throws `forbidden` for another's token. */
function byHolder(deps: ContextDeps, caller: Caller, row: LockRow | undefined, token: number, ttl_ms?: number) {
  const now = deps.sources.now();
  const holder = row && holding(row, now).find((each) => each.token === token);
  if (row === undefined || holder === undefined) return undefined;
  if (holder.by !== caller.principal)
    throw new CadreError('forbidden', `${row.name} is held by ${holder.by}`, { path: 'token' });
  return changedHolder(row, token, now, ttl_ms);
}

/** Holds a slot for longer, from now on. */
export function renewLock(
  deps: ContextDeps,
  caller: Caller,
  { token, ttl_ms, ...key }: z.output<typeof renewRequest>,
): Promise<RenewAnswer> {
  return change<RenewAnswer>(deps, caller, key, (row) => {
    const next = byHolder(deps, caller, row, token, ttl_ms);
    const until = next?.holders.find((holder) => holder.token === token)?.until;
    return next === undefined || until === undefined
      ? { answer: { outcome: 'lost' } }
      : { next, answer: { outcome: 'renewed', until } };
  });
}

/** Gives a slot back. */
export function releaseLock(
  deps: ContextDeps,
  caller: Caller,
  { token, ...key }: z.output<typeof unlockRequest>,
): Promise<z.output<typeof unlockAnswer>> {
  return change<z.output<typeof unlockAnswer>>(deps, caller, key, (row) => {
    const next = byHolder(deps, caller, row, token);
    return next === undefined ? { answer: { outcome: 'lost' } } : { next, answer: { outcome: 'released' } };
  });
}

/** The locks that somebody holds, by name, as far as the caller may read there. A page may be shorter than asked for. */
export async function listLocks(
  deps: ContextDeps,
  caller: Caller,
  { namespace, under, limit, cursor }: z.output<typeof locksRequest>,
): Promise<ContextPage<LockView>> {
  const [page, room] = await Promise.all([
    deps.documents.locks(namespace, under, limit, cursor),
    deps.documents.namespace(namespace),
  ]);
  const now = deps.sources.now();
  const items = page.items.flatMap((row) => {
    const holders = under === undefined || liesIn(row.name, under) ? [...holding(row, now)] : [];
    const isReadable = accessOf(room?.policy, { context_id: row.name }, caller.principal).actions.has('read');
    return holders.length > 0 && isReadable ? [{ name: row.name, slots: row.slots, holders }] : [];
  });
  return { ...page, items };
}
