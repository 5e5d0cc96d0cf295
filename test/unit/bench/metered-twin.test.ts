import { describe, expect, it } from '@jest/globals';
import { percentile, rounded } from '../../../bench/figure.ts';
import { callsOf } from '../../../bench/support/bill.ts';
import { createHandlerClock } from '../../../bench/support/handler-clock.ts';
import { warmTwin } from '../../../bench/support/metered-twin.ts';
import { benchTask } from '../../../bench/support/twin-fleet.ts';

describe('a metered twin', () => {
  it('counts what tasks use, by role, and forgets what came before the start', async () => {
    const twin = await warmTwin({ agents: 2, slots: 4 });
    await twin.submit([benchTask(1)]);
    await twin.cloud.clock.run(() => twin.completed() === 1, 60_000);
    twin.start();
    expect(callsOf(twin.read().total)).toBe(0);
    await twin.submit([benchTask(2), benchTask(3), benchTask(4)]);
    await twin.cloud.clock.run(() => twin.completed() === 3, 60_000);
    const { byRole, functions, total } = twin.read();
    expect(byRole['submitter']?.calls).toEqual({ 'sqs:SendMessageBatch': 3 });
    expect(Object.keys(byRole)).toEqual(expect.arrayContaining(['agents', 'accept-tasks', 'dispatch-tasks']));
    expect(total.writeUnits).toBeGreaterThan(0);
    expect(functions.invocations['accept-tasks']).toBeGreaterThan(0);
    expect(functions.durationMs['apply-results']).toBeGreaterThan(0);
    expect(functions.eventSourceCalls).toBeGreaterThan(0);
  });
});

describe('the clock of handlers', () => {
  it('lets handlers take turns, also when one of them fails', async () => {
    const clock = createHandlerClock();
    const order: string[] = [];
    const handler = clock.wrapHandler(async (event: { name: string }) => {
      order.push(`${event.name} starts`);
      await Promise.resolve();
      order.push(`${event.name} ends`);
      if (event.name === 'one') throw new Error('no');
    });
    const run = (name: string) => handler({ name } as never, {} as never) as Promise<unknown>;
    const [one] = await Promise.allSettled([run('one'), run('two')]);
    expect(one.status).toBe('rejected');
    expect(order).toEqual(['one starts', 'one ends', 'two starts', 'two ends']);
    expect(clock.read().invocations).toBe(2);
  });
});

describe('figures', () => {
  it('are rounded, and percentiles are values of the sample', () => {
    expect(rounded(1.23456)).toBe(1.23);
    expect(percentile([3, 1, 2, 4], 0.5)).toBe(3);
    expect(percentile([3, 1, 2, 4], 0.99)).toBe(4);
    expect(percentile([], 0.5)).toBeNaN();
  });
});
