import type { LockHolder } from '../../contracts/context/locks.ts';

/** A lock as it is stored. */
export interface LockRow {
  readonly namespace: string;
  readonly name: string;
  /** Counts the changes: each is made from the one that was read. */
  readonly revision: number;
  /** The highest token that was given out. */
  readonly token: number;
  readonly slots: number;
  readonly holders: readonly LockHolder[];
}

/** Those whose time is not over. */
export function holding({ holders }: Pick<LockRow, 'holders'>, now: number): readonly LockHolder[] {
  return holders.filter(({ until }) => Date.parse(until) > now);
}

const time = (ms: number) => new Date(ms).toISOString();

/** Who asks for a slot, when, and for how long. */
export interface Asking {
  readonly now: number;
  readonly by: string;
  readonly operation_id: string;
  readonly ttl_ms: number;
  readonly slots: number;
}

/**
 * The lock with one more holder, who has the highest token; or who holds it, when no slot is free. A token is never lower than the time, so that tokens go
 * on growing when the row of a forgotten lock has expired. While somebody holds it the number of slots stays.
 */
export function acquired(
  before: LockRow | undefined,
  key: Pick<LockRow, 'namespace' | 'name'>,
  { now, by, operation_id, ttl_ms, slots }: Asking,
): { readonly next: LockRow; readonly holder: LockHolder } | { readonly taken: readonly LockHolder[] } {
  const holders = before === undefined ? [] : holding(before, now);
  const allowed = before === undefined || holders.length === 0 ? slots : before.slots;
  if (holders.length >= Math.min(slots, allowed)) return { taken: holders };
  const holder = {
    token: Math.max((before?.token ?? 0) + 1, Math.floor(now)),
    until: time(now + ttl_ms),
    by,
    operation_id,
  };
  const revision = (before?.revision ?? 0) + 1;
  return {
    next: { ...key, revision, token: holder.token, slots: allowed, holders: [...holders, holder] },
    holder,
  };
}

/** The lock with a holder who stays until another time (undefined: who goes); undefined when that one no longer holds it. */
export function changedHolder(
  before: LockRow,
  token: number,
  now: number,
  ttl_ms: number | undefined,
): LockRow | undefined {
  const holders = holding(before, now);
  if (!holders.some((holder) => holder.token === token)) return undefined;
  const next = holders.flatMap((holder) => {
    if (holder.token !== token) return [holder];
    return ttl_ms === undefined ? [] : [{ ...holder, until: time(now + ttl_ms) }];
  });
  return { ...before, revision: before.revision + 1, holders: next };
}
