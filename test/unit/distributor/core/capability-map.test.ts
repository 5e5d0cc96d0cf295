import { describe, expect, it } from '@jest/globals';
import type { AgentView } from '../../../../src/contracts/distributor/agent.ts';
import { capabilityMap } from '../../../../src/distributor/core/agents/capability-map.ts';

const agent = (id: string, over: Partial<AgentView>): AgentView => ({
  ...{ id, type: 't', capabilities: [], capacity: 2, capacity_score: 1, performance_score: 1, utilization_rate: 0 },
  ...{ status: 'Idle', last_heartbeat: '2026-01-01T00:00:00.000Z', current_tasks: [], completed: 0, failed: 0 },
  ...{ figures: {}, ...over },
});

describe('the map of capabilities', () => {
  it('tells who offers each, by name, with the slots of those that are available', () => {
    const agents = [
      agent('a', { capabilities: ['ocr', 'code'], capacity: 3, current_tasks: ['t1', 't2'] }),
      agent('b', { capabilities: ['code'] }),
      agent('c', { capabilities: ['code'], capacity: 9, status: 'Unavailable' }),
    ];
    expect(capabilityMap(agents, [])).toEqual([
      { capability: 'code', agents: 3, available: 2, slots: 5, free: 3, waiting: 0 },
      { capability: 'ocr', agents: 1, available: 1, slots: 3, free: 1, waiting: 0 },
    ]);
  });

  it('counts a task with each that it requires, and shows those that nobody offers', () => {
    const waiting = [
      { required_capabilities: ['ocr', 'gpu'] },
      { required_capabilities: ['ocr'] },
      { required_capabilities: [] },
    ];
    expect(capabilityMap([agent('a', { capabilities: ['ocr'] })], waiting)).toMatchObject([
      { capability: 'gpu', agents: 0, slots: 0, waiting: 1 },
      { capability: 'ocr', agents: 1, waiting: 2 },
    ]);
  });

  it('has no free slot below none where an agent holds more than it has slots', () => {
    const full = agent('a', { capabilities: ['x'], capacity: 1, current_tasks: ['t1', 't2'] });
    expect(capabilityMap([full], [])).toMatchObject([{ slots: 1, free: 0 }]);
  });
});
