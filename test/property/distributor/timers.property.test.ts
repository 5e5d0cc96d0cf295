import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { timerHorizonMs } from '../../../src/contracts/limits.ts';
import { tickDelays } from '../../../src/distributor/core/tasks/timers.ts';

const now = Date.UTC(2026, 0, 1);
const offsets = fc.array(fc.integer({ min: -10_000, max: timerHorizonMs + 10_000 }), { maxLength: 300 });

describe('the ticks for timers', () => {
  it('come within the second after each time in the horizon, never before it, and no two in one second', () => {
    fc.assert(
      fc.property(offsets, (waits) => {
        const delays = tickDelays(
          waits.map((wait) => new Date(now + wait).toISOString()),
          now,
        );
        expect([...new Set(delays)].sort((a, b) => a - b)).toEqual(delays);
        for (const wait of waits.filter((each) => each <= timerHorizonMs)) {
          const lateness = Math.min(...delays.map((delay) => delay * 1_000 - wait).filter((late) => late >= 0));
          expect(lateness).toBeLessThan(Math.max(1_000, 1 - wait));
        }
        expect(delays.every((delay) => delay <= 900)).toBe(true);
        if (waits.every((wait) => wait > timerHorizonMs)) expect(delays).toEqual([]);
      }),
    );
  });
});
