import { describe, expect, it } from '@jest/globals';
import { openFleet } from '../../../../src/distributor/core/agents/fleet.ts';
import type { AgentRow, RouteRow } from '../../../../src/contracts/rows.ts';
import type { CandidateSet } from '../../../../src/distributor/core/strategies/strategy.ts';
import { agentRow, iso, route, startMs } from '../rows.ts';

const ids = ({ all }: CandidateSet) => all.map(({ agent }) => agent.agent_id);
const candidatesOf = (row: RouteRow, agents: readonly AgentRow[]) => openFleet(agents, startMs).candidatesOf(row);

describe('an agent for a route', () => {
  it('must offer every capability', () => {
    const agents = [
      agentRow({ agent_id: 'both', capabilities: ['x', 'y', 'z'] }),
      agentRow({ agent_id: 'one', capabilities: ['x'] }),
      agentRow({ agent_id: 'none' }),
    ];
    expect(ids(candidatesOf(route(['x', 'y']), agents))).toEqual(['both']);
  });

  it('is one of the named agents alone, primary first, while one of them is available', () => {
    const agents = ['carol', 'bob', 'alice'].map((agent_id) => agentRow({ agent_id }));
    const found = candidatesOf(route([], 'alice', 'bob'), agents);
    expect(found.pinned).toBe(true);
    expect(ids(found)).toEqual(['alice', 'bob']);
  });

  it('may be anyone capable when no named agent is available', () => {
    const agents = [
      agentRow({ agent_id: 'alice', lease_until: iso(startMs - 1) }),
      agentRow({ agent_id: 'carol', capabilities: ['x'] }),
      agentRow({ agent_id: 'dave' }),
    ];
    const found = candidatesOf(route(['x'], 'alice'), agents);
    expect(found.pinned).toBe(false);
    expect(ids(found)).toEqual(['carol']);
  });

  it('is not a named agent that lacks the capabilities', () => {
    const agents = [agentRow({ agent_id: 'alice' }), agentRow({ agent_id: 'carol', capabilities: ['x'] })];
    expect(ids(candidatesOf(route(['x'], 'alice'), agents))).toEqual(['carol']);
  });

  it.each([
    ['until just before its lease ends', { lease_until: iso(startMs + 1) }, ['a1']],
    ['not when its lease ends', { lease_until: iso(startMs) }, []],
    ['not while it leaves', { draining: true }, []],
  ])('is available %s', (_when, over, expected) => {
    expect(ids(candidatesOf(route(), [agentRow(over)]))).toEqual(expected);
  });

  it('counts once, even when its row names a capability twice', () => {
    expect(ids(candidatesOf(route(['x']), [agentRow({ capabilities: ['x', 'x'] })]))).toEqual(['a1']);
  });

  it('is ranked once for routes that the same agents can serve, named or not', () => {
    const fleet = openFleet([agentRow({ agent_id: 'alice', capabilities: ['x', 'y'] }), agentRow()], startMs);
    const found = fleet.candidatesOf(route(['x']));
    expect(fleet.candidatesOf(route(['y']))).toBe(found);
    expect(fleet.candidatesOf(route([]))).not.toBe(found);
    expect(fleet.candidatesOf(route(['x'], 'alice'))).not.toBe(found);
  });

  it('is looked for once for all routes with the same requirement', () => {
    const fleet = openFleet([agentRow({ capabilities: ['x', 'y'] })], startMs);
    expect(fleet.candidatesOf(route(['x', 'y']))).toBe(fleet.candidatesOf(route(['y', 'x'])));
  });
});

describe('the slots of a round', () => {
  it('are counted down for every route that the agent serves', () => {
    const fleet = openFleet([agentRow({ capabilities: ['x'], capacity: 2 })], startMs);
    const [one, other] = [fleet.candidatesOf(route(['x'])), fleet.candidatesOf(route())];
    expect([one.all[0]?.take(), other.all[0]?.take()]).toEqual([2, 1]);
    expect([one, other].map(({ all }) => all[0]?.free)).toEqual([0, 0]);
  });
});
