import { describe, expect, it } from '@jest/globals';
import { routeOf, routeRow } from '../../../../src/distributor/core/ready/route.ts';
import { freeSlots, isAvailable } from '../../../../src/distributor/core/agents/open-slots.ts';
import { agentRow, startMs } from '../rows.ts';

describe('the route of a task', () => {
  it('is * when nothing is required and nobody is named', () => {
    expect(routeOf({ required_capabilities: [] })).toBe('*');
  });

  it('sorts capabilities and leaves repeats out', () => {
    expect(routeOf({ required_capabilities: ['docs', 'code:python', 'docs'] })).toBe('code:python,docs');
  });

  it('keeps the order of named agents, since it is an order of preference', () => {
    const rules = { primary_agent: 'bob', backup_agents: ['carol', 'alice', 'bob'] };
    expect(routeOf({ required_capabilities: ['docs'], distribution_rules: rules })).toBe('docs@bob,carol,alice');
  });

  it('takes backups without a primary agent', () => {
    expect(routeOf({ required_capabilities: [], distribution_rules: { backup_agents: ['alice'] } })).toBe('*@alice');
  });

  it('does not change with the routing strategy, which changes nobody who could run the task', () => {
    const distribution_rules = { routing_strategy: 'least_loaded' as const };
    expect(routeOf({ required_capabilities: ['x'], distribution_rules })).toBe('x');
  });

  it('has a row that says what the name says', () => {
    const rules = { primary_agent: 'bob', backup_agents: ['alice'] };
    expect(routeRow('p', { required_capabilities: ['b', 'a'], distribution_rules: rules })).toEqual({
      pool: 'p',
      route: 'a,b@bob,alice',
      required_capabilities: ['a', 'b'],
      agents: ['bob', 'alice'],
    });
  });
});

describe('an agent for a route', () => {
  it.each([
    ['before its lease ends', startMs + 59_999, true],
    ['at the end of its lease', startMs + 60_000, false],
    ['after its lease', startMs + 60_001, false],
  ])('%s is available: %#', (_when, now, available) => {
    expect(isAvailable(agentRow(), now)).toBe(available);
  });

  it('is not available while it leaves', () => {
    expect(isAvailable(agentRow({ draining: true }), startMs)).toBe(false);
  });

  it('has no negative slots when its capacity shrank below what it holds', () => {
    expect(freeSlots(agentRow({ capacity: 1, busy: 3 }))).toBe(0);
    expect(freeSlots(agentRow({ capacity: 4, busy: 3 }))).toBe(1);
  });
});
