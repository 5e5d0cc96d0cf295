import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { desiredWaitMs } from '../../../../src/contracts/limits.ts';
import type { AgentRow, ReadyTask } from '../../../../src/contracts/rows.ts';
import { desiredAgents } from '../../../../src/distributor/core/agents/desired-agents.ts';
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
