import { describe, expect, it } from '@jest/globals';
import type { AgentView, QueueView } from '../../../../src/contracts/distributor/agent.ts';
import { systemStatus } from '../../../../src/coordinator/core/system-status.ts';

const agent = (id: string, status: AgentView['status'] = 'Idle'): AgentView => ({
  id,
  type: 't',
  capabilities: [],
  capacity: 2,
  capacity_score: 1,
  performance_score: 1,
  utilization_rate: 0,
  busy_slots: status === 'Busy' ? 1 : 0,
  free_slots: 1,
  throughput_per_hour: 0,
  utilization: 0,
  status,
  last_heartbeat: '2026-01-01T00:00:00.000Z',
  current_tasks: status === 'Busy' ? ['t1'] : [],
  completed: 0,
  failed: 0,
  figures: {},
});
const queue = (id: string, type: QueueView['type'], current_size: number): QueueView => ({
  id,
  type,
  current_size,
  max_size: 0,
  priority_level: 'all',
});
const facts = { agents: [agent('a'), agent('b', 'Busy')], queues: [], dead_letters: 0, now: 0 };

describe('the status of a deployment', () => {
  it('is Healthy without any reason', () => {
    expect(systemStatus(facts)).toMatchObject({
      status: 'Healthy',
      reasons: [],
      agents: { total: 2, available: 2, slots: 4, occupied: 1 },
    });
  });

  it('is Critical when work waits and nobody is there to do it', () => {
    const agents = [agent('a', 'Unavailable')];
    const { status, reasons } = systemStatus({ ...facts, agents, queues: [queue('ready-low', 'ready', 3)] });
    expect(status).toBe('Critical');
    expect(reasons).toContain('3 tasks wait and no agent is available');
  });

  it('is Degraded when half of the agents are silent, and a Warning when it is fewer', () => {
    const lost = agent('c', 'Unavailable');
    expect(systemStatus({ ...facts, agents: [agent('a'), lost] }).status).toBe('Degraded');
    expect(systemStatus({ ...facts, agents: [agent('a'), agent('b'), lost] }).status).toBe('Warning');
  });

  it.each<[string, Partial<Parameters<typeof systemStatus>[0]>, string]>([
    ['no agent is registered', { agents: [] }, 'Warning'],
    ['dead letters wait', { dead_letters: 2 }, 'Warning'],
    ['an agent fails often', { agents: [agent('a', 'Degraded'), agent('b')] }, 'Warning'],
    ['a dead-letter queue holds messages', { queues: [queue('results-dlq', 'dead-letter', 1)] }, 'Degraded'],
    ['a queue is full', { queues: [{ ...queue('q', 'standard', 5), max_size: 5 }] }, 'Degraded'],
  ])('says so when %s', (_name, over, status) => {
    const view = systemStatus({ ...facts, ...over });
    expect(view.status).toBe(status);
    expect(view.reasons).toHaveLength(1);
  });
});
