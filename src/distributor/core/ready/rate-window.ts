import type { Starts } from '../../../contracts/rows.ts';
import type { RateLimit } from '../../../contracts/distributor/task.ts';

/** Slices that a period is remembered in. More: a fuller use of the limit, by a longer row. */
const slices = 10;

/** What may still lie within a period before `now` (epoch ms): a slice counts until its last moment has left it. */
function recent({ slices: all }: Starts, period_ms: number, now: number): Starts['slices'] {
  return all.filter(([until]) => until > now - period_ms);
}

/** Starts within the limit's period before `now`, those of the oldest slice all counted: never fewer than there were. */
export function startsWithin(starts: Starts, { period_ms }: RateLimit, now: number): number {
  return recent(starts, period_ms, now).reduce((sum, [, count]) => sum + count, 0);
}

/** The recent starts with one more at `now`; what has left the period is forgotten. */
export function withStart(starts: Starts | undefined, rate: RateLimit, now: number): Starts {
  // Of two periods that share a key the longer one says what is remembered.
  const period_ms = Math.max(rate.period_ms, starts?.period_ms ?? 0);
  const slice = period_ms / slices;
  const until = Math.ceil((Math.floor(now / slice) + 1) * slice);
  const kept = starts === undefined ? [] : recent(starts, period_ms, now);
  const last = kept.at(-1);
  if (last === undefined || last[0] < until) return { period_ms, slices: [...kept, [until, 1]] };
  // A clock that went back adds to the newest slice: it is remembered longer, never shorter.
  return { period_ms, slices: [...kept.slice(0, -1), [last[0], last[1] + 1]] };
}

/** Whether no limit can still meet these starts. */
export function isForgotten({ period_ms, slices: all }: Starts, now: number): boolean {
  return (all.at(-1)?.[0] ?? 0) <= now - period_ms;
}

/** When the limit allows the next start (epoch ms); `now` when it does already. */
export function nextStartAt(starts: Starts, rate: RateLimit, now: number): number {
  let left = startsWithin(starts, rate, now);
  for (const [until, count] of recent(starts, rate.period_ms, now)) {
    if (left < rate.limit) break;
    left -= count;
    if (left < rate.limit) return until + rate.period_ms;
  }
  return now;
}
