import { describe, expect, it } from '@jest/globals';
import { awsLatencies } from '../../../src/simulator/aws-model.ts';
import { type AgentGroup, equalAgents, fleet } from '../../../src/simulator/fleet.ts';
import type { Work } from '../../../src/simulator/work.ts';
import { simulated, works } from './stage.ts';

const small = { at: 0, duration_ms: 1_000, priority: 'medium' as const, capabilities: [] };
const tasks = (count: number, over: Partial<Work> = {}): Work[] =>
  Array.from({ length: count }, () => ({ ...small, ...over }));
const taking = (batch: Partial<NonNullable<AgentGroup['batch']>>, count = 1) =>
  equalAgents(count, 1, { batch: { tasks_max: 4, added_time: 0.1, ...batch } });
/** When each task begins and ends, in seconds. */
const times = (work: readonly Work[], agents: ReturnType<typeof taking>) => {
  const { run } = simulated({ work, fleet: agents });
  return [...run.startedAt].map((at, index) => [at / 1_000, (run.endedAt[index] ?? 0) / 1_000]);
};

describe('an agent of the simulator that takes batches', () => {
  it('gets as many as its batch holds, which begin and end together; each but the longest adds its share', () => {
    expect(times(tasks(6), taking({}))).toEqual([
      ...Array.from({ length: 4 }, () => [0, 1.3]),
      ...Array.from({ length: 2 }, () => [1.3, 2.4]),
    ]);
  });

  it('works them one after the other where nothing else is said', () => {
    const [group] = fleet.parse([{ count: 1, batch: { tasks_max: 4 } }]);
    expect(times(tasks(4), [group!])).toEqual(Array.from({ length: 4 }, () => [0, 4]));
  });

  it('gets no more bytes than its batch holds, and what goes by reference alone', () => {
    const work = [...tasks(3, { payload_bytes: 400 }), ...tasks(1, { payload_bytes: 70_000 })];
    expect(times(work, taking({ bytes_max: 1_000 })).map(([start]) => start)).toEqual([0, 0, 1.1, 2.1]);
  });

  it('lets the first wait for company as long as it says, or until the batch is full', () => {
    const alone = [...tasks(1), ...tasks(1, { at: 1_500 })];
    expect(times(alone, taking({ wait_ms: 2_000 })).map(([start]) => start)).toEqual([2, 2]);
    const full = [...tasks(3), ...tasks(1, { at: 500 })];
    expect(times(full, taking({ wait_ms: 2_000 })).map(([start]) => start)).toEqual([0.5, 0.5, 0.5, 0.5]);
  });

  it('never gets two levels together, and the order is kept', () => {
    const work = [...tasks(2), ...tasks(2, { priority: 'low' })];
    expect(times(work, taking({})).map(([start]) => start)).toEqual([0, 0, 1.1, 1.1]);
    const { report } = simulated({ fleet: taking({ wait_ms: 1_000 }, 3), work: works({ rate: 12 }) });
    expect(report).toMatchObject({ order_violations: 0 });
  });

  it('loses all of a batch when it fails, and every task ends once nonetheless', () => {
    const failing = equalAgents(4, 2, { batch: { tasks_max: 5, added_time: 0.2 }, fails_every_ms: 60_000 });
    const { run, report } = simulated({ fleet: failing, latencies: awsLatencies, work: works({ rate: 12 }) });
    expect(run.endedAt.filter((at) => Number.isNaN(at))).toHaveLength(0);
    for (const { row, running } of run.agents) expect([row.occupied, row.holds, running]).toEqual([0, {}, 0]);
    expect(report.utilisation).toBeLessThanOrEqual(1);
    expect(run.meter.levels).toMatchObject({ held: 0, working: 0, waiting: 0 });
  });

  it('is refused with more tasks in all its slots than an agent may hold', () => {
    expect(fleet.safeParse([{ count: 1, slots: 10, batch: { tasks_max: 100 } }]).success).toBe(false);
  });
});
