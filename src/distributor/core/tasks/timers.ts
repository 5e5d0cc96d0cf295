import { timerHorizonMs } from '../../../contracts/limits.ts';

/**
 * Delays in whole seconds, rising, of the ticks that come when these times (RFC 3339) have come; one for all that fall into a second. What is due
 * already wants a tick at once; what is due beyond the horizon gets its tick from a later watchdog.
 */
export function tickDelays(dues: readonly string[], now: number): readonly number[] {
  const waits = dues.map((due) => Math.max(0, Date.parse(due) - now)).filter((wait) => wait <= timerHorizonMs);
  return [...new Set(waits.map((wait) => Math.ceil(wait / 1_000)))].sort((a, b) => a - b);
}
