import { describe, expect, it } from '@jest/globals';
import type { Priority } from '../../../src/contracts/distributor/task.ts';
import { type Dispatch, orderViolations } from '../../../bench/support/order.ts';

const task = (priority: Priority, acceptedAt: number, decidedAt: number): Dispatch => ({
  priority,
  acceptedAt,
  decidedAt,
});

describe('violations of the order', () => {
  it('are a low task given out while a higher one had been waiting', () => {
    expect(orderViolations([task('critical', 0, 300), task('low', 0, 200)], 100)).toBe(1);
  });

  it('are none when the higher one went first, or in the same decision', () => {
    expect(orderViolations([task('critical', 0, 200), task('low', 0, 200)], 100)).toBe(0);
    expect(orderViolations([task('critical', 0, 200), task('low', 0, 300)], 100)).toBe(0);
  });

  it('are none when the higher one came after the decision, or within the tolerance before it', () => {
    expect(orderViolations([task('critical', 250, 300), task('low', 0, 200)], 100)).toBe(0);
    expect(orderViolations([task('critical', 150, 300), task('low', 0, 200)], 100)).toBe(0);
    expect(orderViolations([task('critical', 150, 300), task('low', 0, 200)], 0)).toBe(1);
  });

  it('are none among tasks of one priority, and none when a lower one waits', () => {
    expect(orderViolations([task('high', 0, 900), task('high', 0, 200)], 0)).toBe(0);
    expect(orderViolations([task('low', 0, 900), task('high', 0, 200)], 0)).toBe(0);
  });

  it('count each task that was given out too early, once', () => {
    const waiting = [task('critical', 0, 900), task('high', 0, 800)];
    const early = [task('low', 0, 300), task('medium', 0, 400)];
    expect(orderViolations([...waiting, ...early], 100)).toBe(3);
  });
});
