import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { AgentRow } from '../../../../src/contracts/rows.ts';
import { addedFigures } from '../../../../src/distributor/core/agents/figures.ts';
import { forecast, type ForecastView, overtaking } from '../../../../src/distributor/core/explain/forecast.ts';
import { readyOrder } from '../../../../src/distributor/core/ready/ready-order.ts';
import { agentRow, iso, readyTask, results, startMs } from '../rows.ts';

/** An agent that has run fifty tasks of ten seconds. */
const worker = (over: Parameters<typeof agentRow>[0] = {}): AgentRow =>
  agentRow({ figures: addedFigures(results(50, 0, 10_000)), ...over });

function view(over: Partial<ForecastView> & { behind?: number; deadlineMs?: number } = {}): ForecastView {
  const { behind = 0, deadlineMs, ...rest } = over;
  const agents = rest.agents ?? [worker()];
  return {
    ...{ now: startMs, task_type: 'demo', agents, able: agents, more: false, overtaking: 0 },
    before: Array.from({ length: behind }, () => ({ task_type: 'demo', share: 1 })),
    ...(deadlineMs === undefined ? {} : { deadline: iso(startMs + deadlineMs) }),
    ...rest,
  };
}

describe('the forecast of a task', () => {
  it('is sure of what is easy and of what is impossible', () => {
    expect(forecast(view({ deadlineMs: 60_000 })).miss).toBe(0);
    expect(forecast(view({ deadlineMs: 5_000 })).miss).toBe(1);
    expect(forecast(view({ deadlineMs: 60_000, behind: 20 })).miss).toBe(1);
  });

  it('tells what one more agent would make of it, and how many make it safe', () => {
    const told = forecast(view({ deadlineMs: 30_000, behind: 3 }));
    expect(told.miss).toBeGreaterThan(0.95);
    expect(told.miss_with_one_more).toBeLessThan(0.2);
    expect(told.agents_needed).toBe(
      forecast(view({ deadlineMs: 30_000, behind: 3, agents: [worker(), worker({ agent_id: 'b' })] })).agents_needed! +
        1,
    );
    expect(forecast(view({ deadlineMs: 60_000 })).agents_needed).toBe(0);
  });

  it('names no number of agents where the task takes too long by itself', () => {
    expect(forecast(view({ deadlineMs: 5_000 }))).not.toHaveProperty('agents_needed');
  });

  it('is a certain miss where nobody can run it, and says what an agent would change', () => {
    const told = forecast(view({ able: [], deadlineMs: 60_000 }));
    expect(told).toMatchObject({ miss: 1, miss_with_one_more: 0, agents_needed: 1, agents: 0, slots: 0 });
    expect(told).not.toHaveProperty('starts_at');
  });

  it('says nothing of times where nothing is known of durations, and takes the estimate where it is', () => {
    const fresh = [agentRow()];
    expect(forecast(view({ agents: fresh, deadlineMs: 60_000 }))).toEqual({
      ...{ agents: 1, slots: 1, before: { tasks: 0, more: false }, durations_from: 'nothing' },
    });
    expect(forecast(view({ agents: fresh, deadlineMs: 60_000, estimated_duration: 600 }))).toMatchObject({
      ...{ miss: 0.999, durations_from: 'estimate' },
    });
    expect(forecast(view({ task_type: 'other', estimated_duration: 1 })).durations_from).toBe('estimate');
    expect(forecast(view({ task_type: 'other' })).durations_from).toBe('other_types');
  });

  it('starts when a slot comes free, which an attempt that has lasted for long does not soon', () => {
    const hold = (at: number) => [worker({ holds: { 'x#1': { at, until: startMs + 600_000 } } })];
    const started = (agents: readonly AgentRow[]) => Date.parse(forecast(view({ agents })).starts_at!.p50) - startMs;
    expect(started([worker()])).toBe(200);
    expect(started(hold(startMs))).toBeGreaterThan(8_000);
    expect(started(hold(startMs - 9_000))).toBeLessThan(3_000);
  });

  it('counts of another route’s backlog what may take a slot of its own', () => {
    const missOf = (share: number) =>
      forecast(view({ deadlineMs: 45_000, before: Array.from({ length: 8 }, () => ({ task_type: 'demo', share })) }))
        .miss!;
    expect(missOf(1)).toBe(1);
    expect(missOf(0.25)).toBeGreaterThan(0.05);
    expect(missOf(0.25)).toBeLessThan(0.6);
  });

  it('waits longer where higher levels take their part, at most twice as long', () => {
    const low = readyTask({ priority: 'low' });
    const holdOf = (order: string) => ({ 'x#1': { at: startMs, until: startMs + 60_000, order } });
    const high = readyOrder(readyTask({ priority: 'high' }));
    expect(overtaking([agentRow({ holds: holdOf(high) }), agentRow(), agentRow(), agentRow()], low.order)).toBe(0.25);
    expect(overtaking([agentRow({ holds: holdOf(high) })], low.order)).toBe(0.5);
    expect(overtaking([agentRow({ holds: holdOf(low.order) })], low.order)).toBe(0);
    const started = (part: number) => Date.parse(forecast(view({ behind: 4, overtaking: part })).starts_at!.p50);
    expect(started(0.5) - startMs - 200).toBeCloseTo(2 * (started(0) - startMs - 200), -1);
  });

  it('never looks worse with more agents, a later deadline or less before it, and is the same every time', () => {
    const plan = fc.record({
      behind: fc.nat(30),
      deadlineMs: fc.integer({ min: 1, max: 200_000 }),
      others: fc.nat(3),
      busy: fc.nat(1),
    });
    fc.assert(
      fc.property(plan, ({ others, busy, ...rest }) => {
        const agents = Array.from({ length: others + 1 }, (_, at) => worker({ agent_id: `a${at}`, busy }));
        const told = forecast(view({ ...rest, agents }));
        expect(forecast(view({ ...rest, agents }))).toEqual(told);
        expect(told.miss_with_one_more).toBeLessThanOrEqual(told.miss!);
        expect(forecast(view({ ...rest, agents, deadlineMs: rest.deadlineMs + 5_000 })).miss).toBeLessThanOrEqual(
          told.miss!,
        );
        if (rest.behind > 0) {
          expect(forecast(view({ ...rest, agents, behind: rest.behind - 1 })).miss).toBeLessThanOrEqual(told.miss!);
        }
      }),
      { numRuns: 40 },
    );
  });
});
