import { describe, expect, it } from '@jest/globals';
import { defaultMix } from '../../../src/simulator/generator.ts';
import { brier, type ForecastPlan, type Told, toldAndDone } from './forecasting.ts';

const seeds = [1, 2, 3];
const plan = { tasks: 1_600, duration_ms: 10_000, shape: 'lognormal', agents: 10, every: 20, warmUp: 200 } as const;
const mean = (list: readonly number[]): number => list.reduce((sum, each) => sum + each, 0) / list.length;
const missed = (told: readonly Told[]): number => mean(told.map((each) => (each.missed ? 1 : 0)));

const run = (more: Pick<ForecastPlan, 'rate' | 'mix' | 'deadline_ms'>): readonly Told[] =>
  seeds.flatMap((seed) => toldAndDone({ ...plan, seed, ...more }));

describe('forecasts against what the simulator makes of it', () => {
  it('are reliable within a level: of those to which a chance was told, as many miss', () => {
    const told = run({ rate: 1.02, mix: { critical: 0, high: 0, medium: 1, low: 0 }, deadline_ms: 40_000 });
    const base = missed(told);
    expect(base).toBeGreaterThan(0.05);
    expect(Math.abs(mean(told.map(({ miss }) => miss)) - base)).toBeLessThan(0.05);
    // Brier's score of one who always tells the share that misses is its variance.
    expect(brier(told)).toBeLessThan(0.7 * base * (1 - base));
    for (const [from, until] of [
      [0, 0.2],
      [0.2, 0.8],
      [0.8, 1.01],
    ] as const) {
      const some = told.filter(({ miss }) => miss >= from && miss < until);
      if (some.length >= 20) expect(Math.abs(mean(some.map(({ miss }) => miss)) - missed(some))).toBeLessThan(0.15);
    }
  });

  it('tell much of what will happen where higher levels go first, though these are not foreseen one by one', () => {
    const told = run({ rate: 0.95, mix: defaultMix, deadline_ms: 30_000 });
    const base = missed(told);
    expect(base).toBeGreaterThan(0.05);
    expect(Math.abs(mean(told.map(({ miss }) => miss)) - base)).toBeLessThan(0.1);
    expect(brier(told)).toBeLessThan(0.7 * base * (1 - base));
  });
});
