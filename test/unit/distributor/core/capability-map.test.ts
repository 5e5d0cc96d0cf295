import { describe, expect, it } from '@jest/globals';
import type { AgentView } from '../../../../src/contracts/distributor/agent.ts';
import { capabilityMap } from '../../../../src/distributor/core/agents/capability-map.ts';

const agent = (id: string, over: Partial<AgentView>): AgentView => ({
  ...{ id, type: 't', capabilities: [], capacity: 2, capacity_score: 1, performance_score: 1, utilization_rate: 0 },
  ...{ busy_slots: 0, free_slots: 2, throughput_per_hour: 0, utilization: 0 },
  ...{ status: 'Idle', last_heartbeat: '2026-01-01T00:00:00.000Z', current_tasks: [], completed: 0, failed: 0 },
  ...{ figures: {}, ...over },
});

describe('the map of capabilities', () => {
  it('tells who offers each, by name, with the slots of those that are available', () => {
    const agents = [
      agent('a', { capabilities: ['ocr', 'code'], capacity: 3, free_slots: 1 }),
      agent('b', { capabilities: ['code'], current_tasks: ['t1', 't2', 't3'] }),
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
});
