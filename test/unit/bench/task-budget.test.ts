import { describe, expect, it } from '@jest/globals';
import { callsOf } from '../../../bench/support/bill.ts';
import { type MeteredTwin, warmTwin } from '../../../bench/support/metered-twin.ts';
import { benchTask } from '../../../bench/support/twin-fleet.ts';

async function run(twin: MeteredTwin, first: number, count: number) {
  const before = twin.completed();
  await twin.submit(Array.from({ length: count }, (_, index) => benchTask(first + index)));
  await twin.cloud.clock.run(() => twin.completed() >= before + count, 600_000);
}

/** Calls, write units and read units a task. */
async function costOf(agents: number, tasks: number, together: number) {
  const twin = await warmTwin({ agents, slots: 10 });
  await run(twin, 0, agents * 10);
  twin.start();
  for (let at = 0; at < tasks; at += together) await run(twin, 1_000 + at, together);
  const { total } = twin.read();
  return { calls: callsOf(total) / tasks, writes: total.writeUnits / tasks, reads: total.readUnits / tasks };
}

describe('a task of 200 bytes', () => {
  it('by itself takes 13 calls and the pulse, and seven write units: no row outgrows a unit', async () => {
    const { calls, writes } = await costOf(1, 20, 1);
    expect(Math.floor(calls)).toBe(13);
    expect(writes).toBeGreaterThanOrEqual(7);
    expect(writes).toBeLessThan(7.3);
  });

  it('among many takes one call, and little more than its own five write units', async () => {
    const { calls, writes, reads } = await costOf(4, 2_000, 2_000);
    expect(calls).toBeLessThan(1.1);
    expect(writes).toBeLessThan(5.6);
    expect(reads).toBeLessThan(0.3);
  });
});
