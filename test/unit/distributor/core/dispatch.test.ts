import { describe, expect, it } from '@jest/globals';
import { assignmentsPerRoundMax } from '../../../../src/contracts/limits.ts';
import type { AgentRow, ReadyTask, RouteRow } from '../../../../src/contracts/rows.ts';
import { distributionLog } from '../../../../src/contracts/distributor/task.ts';
import { claimChange } from '../../../../src/distributor/core/tasks/claim.ts';
import { decideDispatch } from '../../../../src/distributor/core/dispatch/dispatch.ts';
import { agentRow, iso, poolRows, readyTask, route, startMs } from '../rows.ts';

function decide(
  agents: readonly AgentRow[],
  lanes: readonly [RouteRow, readonly ReadyTask[]][],
  full: readonly string[] = [],
) {
  return decideDispatch({
    now: startMs,
    pool: poolRows(
      agents,
      lanes.map(([row]) => row),
    ),
    heads: new Map(lanes.map(([row, tasks]) => [row.route, tasks])),
    full: new Set(full),
  });
}

const given = (plan: ReturnType<typeof decide>) =>
  plan.assignments.map(({ task, agent }) => `${task.task_id}→${agent.agent_id}`);
const rules = (plan: ReturnType<typeof decide>) => plan.assignments.map(({ log }) => log.routing_rule);

describe('the order over all routes', () => {
  it('is strict: a later route with a more urgent task goes first', () => {
    const plan = decide(
      [agentRow({ capabilities: ['x'], capacity: 2 })],
      [
        [
          route(),
          [
            readyTask({ task_id: 'low', priority: 'low' }),
            readyTask({ task_id: 'lower', priority: 'low', created_at: iso(startMs + 1) }),
          ],
        ],
        [route(['x']), [readyTask({ task_id: 'high', priority: 'high', needs: ['x'] })]],
      ],
    );
    expect(given(plan)).toEqual(['high→a1', 'low→a1']);
    expect(plan.blocked.map((each) => each.route)).toEqual(['*']);
  });

  it('is not held up by a route that no agent can serve', () => {
    const plan = decide(
      [agentRow()],
      [
        [route(['nobody']), [readyTask({ task_id: 'stuck', priority: 'critical', needs: ['nobody'] })]],
        [route(), [readyTask({ task_id: 'free', priority: 'low' })]],
      ],
    );
    expect(given(plan)).toEqual(['free→a1']);
    expect(plan.blocked).toEqual([{ route: 'nobody', agents: [] }]);
    expect(plan.cut).toBe(false);
  });

  it('is not held up by a route whose agents are full', () => {
    const full = agentRow({ agent_id: 'full', capabilities: ['x'], busy: 1 });
    const plan = decide(
      [full, agentRow({ agent_id: 'idle' })],
      [
        [route(['x']), [readyTask({ task_id: 'waits', priority: 'critical', needs: ['x'] })]],
        [route(), [readyTask({ task_id: 'runs', priority: 'low' })]],
      ],
    );
    expect(given(plan)).toEqual(['runs→idle']);
    expect(plan.blocked).toEqual([{ route: 'x', agents: [full] }]);
  });
});

describe('a head that was cut', () => {
  const lanes = (): [RouteRow, ReadyTask[]][] => [
    [route(['x']), [readyTask({ task_id: 'x1', priority: 'high', needs: ['x'] })]],
    [route(), [readyTask({ task_id: 'low', priority: 'low' })]],
  ];

  it('ends the round when it is used up, since more urgent tasks may stand behind it', () => {
    const plan = decide([agentRow({ capabilities: ['x'], capacity: 3 })], lanes(), ['x']);
    expect(given(plan)).toEqual(['x1→a1']);
    expect(plan.cut).toBe(true);
  });

  it('ends nothing when it was whole', () => {
    const plan = decide([agentRow({ capabilities: ['x'], capacity: 3 })], lanes());
    expect(given(plan)).toEqual(['x1→a1', 'low→a1']);
    expect(plan).toMatchObject({ cut: false, blocked: [] });
  });

  it('asks for another round when stale entries were all that it showed', () => {
    expect(decide([agentRow()], [[route(), []]], ['*'])).toMatchObject({ assignments: [], blocked: [], cut: true });
  });

  it('is blocked, not cut, when the slots end first', () => {
    const plan = decide([agentRow()], [[route(), [readyTask({ task_id: 'a' }), readyTask({ task_id: 'b' })]]], ['*']);
    expect(given(plan)).toEqual(['a→a1']);
    expect(plan).toMatchObject({ cut: false, blocked: [{ route: '*' }] });
  });
});

describe('the limit of a round', () => {
  const tasks = (count: number) =>
    Array.from({ length: count }, (_, at) => readyTask({ task_id: `t${String(at).padStart(3, '0')}` }));

  it.each([
    [assignmentsPerRoundMax - 1, false],
    [assignmentsPerRoundMax, false],
    [assignmentsPerRoundMax + 1, true],
  ])('with %d tasks cuts: %s', (count, cut) => {
    const plan = decide([agentRow({ capacity: 200 })], [[route(), tasks(count)]]);
    expect(plan.assignments).toHaveLength(Math.min(count, assignmentsPerRoundMax));
    expect(plan.cut).toBe(cut);
  });
});

describe('the agent of a task', () => {
  const three = (): ReadyTask[] => ['a', 'b', 'c'].map((task_id) => readyTask({ task_id }));
  const pinnedTo = (...named: string[]): [RouteRow, ReadyTask[]] => {
    const [primary_agent = '', ...backup_agents] = named;
    return [
      route([], ...named),
      ['a', 'b', 'c'].map((task_id) => readyTask({ task_id, rules: { primary_agent, backup_agents } })),
    ];
  };

  it('is the primary, then the backups in their order, then nobody while one of them lives', () => {
    const agents = ['other', 'second', 'first'].map((agent_id) => agentRow({ agent_id }));
    const plan = decide(agents, [pinnedTo('first', 'second')]);
    expect(given(plan)).toEqual(['a→first', 'b→second']);
    expect(rules(plan)).toEqual(['primary-agent', 'backup-agent']);
    expect(plan.blocked[0]?.agents.map(({ agent_id }) => agent_id)).toEqual(['first', 'second']);
  });

  it('is a backup when the primary is gone, and says so', () => {
    const plan = decide(
      [agentRow({ agent_id: 'second' }), agentRow({ agent_id: 'other' })],
      [pinnedTo('first', 'second')],
    );
    expect(given(plan)).toEqual(['a→second']);
    expect(rules(plan)).toEqual(['backup-agent']);
  });

  it('is anybody capable when none of the named is available, and says so', () => {
    const plan = decide([agentRow({ agent_id: 'other' })], [pinnedTo('first', 'second')]);
    expect(rules(plan)).toEqual(['fallback']);
    expect(plan.assignments[0]?.log.reasons).toContain('none of first, second is available');
  });

  it('is the least loaded by share, so that work spreads', () => {
    const agents = [agentRow({ agent_id: 'big', capacity: 4, busy: 2 }), agentRow({ agent_id: 'small', capacity: 2 })];
    expect(given(decide(agents, [[route(), three()]]))).toEqual(['a→small', 'b→big', 'c→small']);
  });

  it('is among equals the one with the better record, then the one that did less, then the first in the pool', () => {
    const figures = { demo: { completed: 5, failed: 5, log: 0, log_squared: 0, micro_usd: 0, tokens: 0 } };
    const flaky = agentRow({ agent_id: 'a-flaky', figures });
    const busy = agentRow({ agent_id: 'b-busy', completed: 50 });
    const fresh = agentRow({ agent_id: 'd-fresh', completed: 2 });
    const twin = agentRow({ agent_id: 'c-twin', completed: 2 });
    const plan = decide([flaky, busy, twin, fresh], [[route(), [...three(), readyTask({ task_id: 'd' })]]]);
    expect(given(plan)).toEqual(['a→c-twin', 'b→d-fresh', 'c→b-busy', 'd→a-flaky']);
  });

  it('is among equals the one whose slots have worked less, whatever its number of tasks', () => {
    const long = agentRow({ agent_id: 'a-long', completed: 1, worked_ms: 60_000 });
    const short = agentRow({ agent_id: 'b-short', completed: 9, worked_ms: 30_000 });
    const wide = agentRow({ agent_id: 'c-wide', capacity: 4, completed: 9, worked_ms: 100_000 });
    const plan = decide([long, short, wide], [[route(), three()]]);
    expect(given(plan)).toEqual(['a→c-wide', 'b→b-short', 'c→a-long']);
  });

  it('is never one that leaves or whose lease has ended', () => {
    const agents = [agentRow({ draining: true }), agentRow({ agent_id: 'a2', lease_until: iso(startMs - 1) })];
    expect(given(decide(agents, [[route(), three()]]))).toEqual([]);
  });
});

describe('an assignment', () => {
  it('explains itself within its contract', () => {
    const agent = agentRow({ capabilities: ['x'], capacity: 2, busy: 1 });
    const plan = decide([agent], [[route(['x']), [readyTask({ needs: ['x'], attempt: 4 })]]]);
    expect(distributionLog.parse(plan.assignments[0]?.log)).toEqual({
      id: 't1#5',
      task_id: 't1',
      agent_id: 'a1',
      distribution_time: iso(startMs),
      routing_rule: 'least_loaded',
      efficiency_score: 0.5,
      candidates: [{ agent_id: 'a1', score: 0.5 }],
      reasons: ['offers x', '1 of 2 slots busy', '1 agent could run it'],
    });
  });

  it('claims on the status and attempt that were seen, and raises the attempt by one', () => {
    const [assignment] = decide([agentRow()], [[route(), [readyTask({ attempt: 4 })]]]).assignments;
    expect(claimChange(assignment!, startMs)).toMatchObject({
      task_id: 't1',
      expect: { status: 'Queued', attempt: 4 },
      patch: { status: 'Processing', attempt: 5, assigned_agent: 'a1', principal: 'principal-a1' },
      index: null,
    });
  });
});
