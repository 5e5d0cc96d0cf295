import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { desiredHoldMs, desiredWaitMs } from '../../../../src/contracts/limits.ts';
import type { AgentRow, ReadyTask } from '../../../../src/contracts/rows.ts';
import { desiredAgents, heldDesire } from '../../../../src/distributor/core/agents/desired-agents.ts';
import { addedFigures } from '../../../../src/distributor/core/agents/figures.ts';
import { agentRow, iso, readyTask, results, startMs } from '../rows.ts';

const tasks = (count: number, over: Partial<ReadyTask> = {}) =>
  Array.from({ length: count }, (_, at) => readyTask({ task_id: `t${at}`, ...over }));
const slow = (over: Parameters<typeof agentRow>[0] = {}) =>
  agentRow({ figures: addedFigures(results(5, 0, 10_000)), ...over });
const desired = (agents: readonly AgentRow[], waiting: readonly ReadyTask[], isCut = false) =>
  desiredAgents(agents, { waiting, isCut }, startMs);

describe('the agents that a pool needs', () => {
  it('are none when there is nothing to do', () => {
    expect(desired([agentRow(), agentRow({ agent_id: 'b' })], [])).toBe(0);
    expect(desired([], [])).toBe(0);
  });

  it('are one for the first task of an empty pool', () => {
    expect(desired([], tasks(1))).toBe(1);
    // And more where one could not do it in time, although nothing is known yet: a second each.
    expect(desired([], tasks(10, { deadline: iso(startMs + 2_000) }))).toBe(5);
  });

  it('finish what waits in time, by how long its type takes', () => {
    // 25 tasks of 10 s are 250 s of work: nine slots do it in 30 s.
    expect(desired([slow()], tasks(25))).toBe(Math.ceil(250_000 / desiredWaitMs));
    expect(desired([slow({ capacity: 4 })], tasks(25))).toBe(3);
    expect(desired([slow()], tasks(25, { task_type: 'never-seen' }))).toBe(9);
  });

  it('are more when deadlines come sooner, but no more than tasks for those that cannot be met', () => {
    expect(desired([slow()], tasks(4, { deadline: iso(startMs + 20_000) }))).toBe(2);
    expect(desired([slow()], tasks(4, { deadline: iso(startMs + 1) }))).toBe(4);
    expect(desired([slow()], tasks(4, { deadline: iso(startMs - 1) }))).toBe(2);
  });

  it('include those for the work in hand, of agents that are gone too', () => {
    expect(desired([slow({ capacity: 2, busy: 2 })], [])).toBe(1);
    const gone = agentRow({ agent_id: 'gone', busy: 1, lease_until: iso(startMs - 1) });
    expect(desired([slow({ busy: 1 }), gone], [])).toBe(2);
  });

  it('are more than there are while more waits than was read', () => {
    const many = Array.from({ length: 40 }, (_, at) => agentRow({ agent_id: `a${at}` }));
    expect(desired(many, tasks(25), true)).toBe(41);
  });

  it('never become fewer by more work', () => {
    fc.assert(
      fc.property(fc.nat(25), fc.nat(25), fc.nat(5), (count, more, busy) => {
        const agents = [slow({ capacity: 5, busy })];
        expect(desired(agents, tasks(count + more))).toBeGreaterThanOrEqual(desired(agents, tasks(count)));
      }),
    );
  });
});

describe('the agents that a pool is said to need', () => {
  /** What is said, pulse by pulse: what was needed, so many ms after the first. */
  const said = (...pulses: readonly (readonly [ms: number, needed: number])[]) => {
    let pool: Parameters<typeof heldDesire>[0] = {};
    return pulses.map(([ms, needed]) => {
      const { agents, fewer } = heldDesire(pool, needed, startMs + ms);
      pool = { desired_agents: agents, ...(fewer === undefined ? {} : { fewer }) };
      return agents;
    });
  };

  it('become fewer when fewer were needed for a minute, not when the last change is a minute old', () => {
    const end = 120_000 + desiredHoldMs;
    expect(said([0, 10], [120_000, 0], [123_000, 10], [126_000, 0])).toEqual([10, 10, 10, 10]);
    expect(said([0, 10], [120_000, 0], [end - 1, 0], [end, 0])).toEqual([10, 10, 10, 0]);
  });

  it('become as few as the most that were needed in that minute', () => {
    expect(said([0, 10], [3_000, 4], [6_000, 7], [9_000, 0], [3_000 + desiredHoldMs, 0])).toEqual([10, 10, 10, 10, 7]);
  });
});
