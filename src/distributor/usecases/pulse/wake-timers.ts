import { timerHorizonMs, timersPerPulseMax } from '../../../contracts/limits.ts';
import type { Timer } from '../../../contracts/rows.ts';
import { succeeded } from '../../core/tasks/succeeded.ts';
import { tickDelays } from '../../core/tasks/timers.ts';
import type { DistributorDeps, Woken } from '../../ports.ts';

const timeOf = (ms: number): string => new Date(ms).toISOString();

/**
 * Wakes what is due in a pool, each kind by its waker. With `ahead` it also puts ticks on their way to the times that come within the horizon. A waker
 * that fails leaves its rows as they are: the next tick, at the latest the watchdog's, tries again.
 */
export async function wakeTimers(
  deps: Pick<DistributorDeps, 'timers' | 'wakers' | 'messenger' | 'sources' | 'log'>,
  pool: string,
  { ahead }: { readonly ahead: boolean },
): Promise<Woken> {
  const now = deps.sources.now();
  const found = await deps.timers.due(pool, timeOf(ahead ? now + timerHorizonMs : now), timersPerPulseMax);
  const isDue = ({ due }: Timer): boolean => due <= timeOf(now);
  const later = found.filter((timer) => !isDue(timer));
  if (later.length > 0)
    await deps.messenger.ticks(
      pool,
      tickDelays(
        later.map(({ due }) => due),
        now,
      ),
    );
  const kinds = [...Map.groupBy(found.filter(isDue), ({ kind }) => kind)];
  const woken = await Promise.allSettled(
    kinds.map(([kind, timers]) =>
      deps.wakers[kind](
        pool,
        timers.map(({ id }) => id),
      ),
    ),
  );
  const done = succeeded(woken, (index, reason) => {
    deps.log.warn('due timers could not be woken', { pool, kind: kinds[index]?.[0], reason });
  });
  return {
    count: done.reduce((sum, { count }) => sum + count, 0),
    hints: done.flatMap(({ hints }) => hints),
    announcements: done.flatMap(({ announcements = [] }) => announcements),
  };
}
