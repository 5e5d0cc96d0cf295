import { describe, expect, it } from '@jest/globals';
import {
  confirmMsMax,
  degradedFailuresMin,
  heartbeatIntervalMs,
  missedHeartbeatsMax,
} from '../../../../src/contracts/limits.ts';
import {
  agentStatus,
  agentView,
  leaseUntil,
  lostHolds,
  performanceScore,
} from '../../../../src/distributor/core/agents/agent.ts';
import { agentView as agentViewContract } from '../../../../src/contracts/distributor/agent.ts';
import { addedFigures } from '../../../../src/distributor/core/agents/figures.ts';
import { agentRow, iso, results, startMs } from '../rows.ts';

const silenceMs = heartbeatIntervalMs * missedHeartbeatsMax;

describe('the status of an agent', () => {
  const cases = [
    ['Idle', agentRow({ capacity: 2 })],
    ['Active', agentRow({ capacity: 2, busy: 1 })],
    ['Busy', agentRow({ capacity: 2, busy: 2 })],
    ['Busy', agentRow({ capacity: 2, busy: 3 })],
    ['Degraded', agentRow({ capacity: 2, failed_in_a_row: degradedFailuresMin })],
    ['Idle', agentRow({ capacity: 2, failed_in_a_row: degradedFailuresMin - 1 })],
    ['Unavailable', agentRow({ maintenance: [{ from: iso(startMs), until: iso(startMs + 1) }] })],
    ['Idle', agentRow({ maintenance: [{ from: iso(startMs - 1), until: iso(startMs) }] })],
    ['Idle', agentRow({ maintenance: [{ from: iso(startMs + 1), until: iso(startMs + 2) }] })],
    ['Unavailable', agentRow({ draining: true })],
    ['Unavailable', agentRow({ lease_until: iso(startMs) })],
    ['Idle', agentRow({ lease_until: iso(startMs + 1) })],
  ] as const;
  it.each(cases)('is %s (case %#)', (status, agent) => {
    expect(agentStatus(agent, startMs)).toBe(status);
  });

  it('is told in a view that keeps its contract, even when the capacity shrank below what it holds', () => {
    const view = agentView(agentRow({ capacity: 1, busy: 3 }), startMs);
    expect(agentViewContract.parse(view)).toMatchObject({ capacity_score: 0, utilization_rate: 1, status: 'Busy' });
    expect(view.current_tasks).toEqual(['busy-a1-0', 'busy-a1-1', 'busy-a1-2']);
  });

  it('counts a batch as one slot in use, and as free only what is open', () => {
    const batch = { tasks_max: 32 };
    const hold = { at: startMs, until: startMs + 60_000, batch: 1 };
    const holds = Object.fromEntries(Array.from({ length: 32 }, (_, at) => [`t${at}#1`, hold]));
    const view = agentView(agentRow({ capacity: 2, batch, holds }), startMs);
    expect(view).toMatchObject({ busy_slots: 1, free_slots: 1, utilization_rate: 0.5 });
    const degraded = agentRow({ capacity: 10, failed_in_a_row: degradedFailuresMin });
    expect(agentView(degraded, startMs)).toMatchObject({ busy_slots: 0, free_slots: 1, utilization_rate: 0 });
  });

  it('tells what it did since it registered: tasks an hour, and the share of its slots that was work', () => {
    const agent = agentRow({ capacity: 4, completed_since: 30, completed: 500, worked_ms: 3_600_000 });
    expect(agentView(agent, startMs + 1_800_000)).toMatchObject({ throughput_per_hour: 60, utilization: 0.5 });
    expect(agentView(agent, startMs)).toMatchObject({ throughput_per_hour: 0, utilization: 0 });
    // What ran side by side in a slot was reported one by one.
    expect(agentView({ ...agent, worked_ms: 1e12 }, startMs + 1)).toMatchObject({ utilization: 1 });
    expect(agentView(agentRow(), startMs + 1_000)).toMatchObject({ throughput_per_hour: 0, utilization: 0 });
  });

  it('starts from a perfect record that one failure does not ruin', () => {
    const after = (failed: number) => performanceScore({ figures: addedFigures(results(0, failed)) });
    expect(after(0)).toBe(1);
    expect(after(1)).toBeCloseTo(2 / 3);
  });
});

describe('a lease', () => {
  it('lasts two and a half intervals from when the heartbeat was sent', () => {
    expect(leaseUntil(startMs, 3_000)).toBe(iso(startMs + 7_500));
  });

  it('ends at once for an agent that leaves', () => {
    expect(leaseUntil(startMs, 0)).toBe(iso(startMs));
  });
});

describe('a hold is lost', () => {
  const hold = { at: startMs, until: startMs + 3_600_000 };
  const holder = (over: Parameters<typeof agentRow>[0] = {}) => agentRow({ holds: { 't1#1': hold }, ...over });

  it('never while its agent reports it and time is left', () => {
    const now = startMs + 60_000;
    const agent = holder({ last_heartbeat: iso(now - silenceMs), reported: ['t1#1'] });
    expect(lostHolds(agent, now)).toEqual([]);
  });

  it.each([
    [-1, []],
    [0, []],
    [1, [{ key: 't1#1', reason: 'lease-lost' }]],
  ])('when the agent was silent for 2.5 intervals and %d ms', (over, expected) => {
    const heard = startMs + 1_000;
    const agent = holder({ last_heartbeat: iso(heard), reported: ['t1#1'] });
    expect(lostHolds(agent, heard + silenceMs + over)).toEqual(expected);
  });

  it.each([
    [0, []],
    [1, [{ key: 't1#1', reason: 'lease-lost' }]],
  ])('by silence counted from the reservation at the earliest, here and %d ms', (over, expected) => {
    const agent = holder({ last_heartbeat: iso(startMs - 40_000) });
    expect(lostHolds(agent, startMs + silenceMs + over)).toEqual(expected);
  });

  it.each([
    [0, []],
    [1, [{ key: 't1#1', reason: 'unconfirmed' }]],
  ])('when a living agent has not confirmed it %d ms after the time for that', (over, expected) => {
    const now = startMs + confirmMsMax + over;
    expect(lostHolds(holder({ last_heartbeat: iso(now), reported: ['t2#1', 't1#2'] }), now)).toEqual(expected);
  });

  it.each([
    [0, []],
    [1, [{ key: 't1#1', reason: 'timed-out' }]],
  ])('when the attempt runs %d ms over its time-out', (over, expected) => {
    const now = hold.until + over;
    expect(lostHolds(holder({ last_heartbeat: iso(now), reported: ['t1#1'] }), now)).toEqual(expected);
  });

  it('one by one: others of the same agent stay', () => {
    const now = startMs + confirmMsMax + 1;
    const agent = agentRow({
      holds: { 'old#1': hold, 'new#1': { at: now - 1, until: hold.until }, 'told#1': hold },
      last_heartbeat: iso(now),
      reported: ['told#1'],
    });
    expect(lostHolds(agent, now)).toEqual([{ key: 'old#1', reason: 'unconfirmed' }]);
  });
});
