import { describe, expect, it } from '@jest/globals';
import { createMeter } from '../../../src/simulator/measures.ts';

describe('the moments of a simulated run', () => {
  it('lie as far apart early on as later, however long the run is', () => {
    const meter = createMeter();
    for (let now = 100; now <= 1_000_000; now += 100) meter.advance(now);
    const times = meter.moments().map(({ at }) => at);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(times.length).toBeGreaterThan(200);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(2 * Math.min(...gaps));
  });
});
