import { describe, expect, it } from '@jest/globals';
import type { TaskView } from '../../../src/contracts/distributor/task.ts';
import { recordedTrace } from '../../../src/simulator/recorded.ts';
import { parseTrace } from '../../../src/simulator/work.ts';

const view = (over: Partial<TaskView>): TaskView => ({
  ...{ task_id: 't', task_type: 'demo', priority: 'high', required_capabilities: [], status: 'Completed', attempt: 1 },
  ...{ retry_count: 0, dependencies: [], late_results: 0, queued_at: '2026-01-01T00:00:00.000Z' },
  ...{ created_at: '2026-01-01T00:00:00.000Z', started_at: '2026-01-01T00:00:01.000Z' },
  completed_at: '2026-01-01T00:00:03.500Z',
  ...over,
});

describe('the trace of a recorded run', () => {
  it('is what a simulation reads again', () => {
    const late = view({ created_at: '2026-01-01T00:01:00.000Z', started_at: '2026-01-01T00:01:00.000Z' });
    const tasks = [
      { ...late, completed_at: '2026-01-01T00:01:00.250Z', required_capabilities: ['gpu'], namespace: 'team' },
      view({
        ...{ deadline: '2026-01-01T00:00:09.000Z', submitter: 'AIDA1', payload: 'tö', priority: 'critical' },
        ...{ escalated_from: 'high', escalation: [{ within_ms: 9_000, priority: 'critical' }] },
      }),
    ];
    const text = recordedTrace(tasks)
      .map((line) => JSON.stringify(line))
      .join('\n');
    expect(parseTrace(text, 'recorded')).toEqual([
      {
        ...{ at: 0, duration_ms: 2_500, priority: 'high', deadline_ms: 9_000, capabilities: [] },
        ...{ submitter: 'AIDA1', payload_bytes: 5, escalation: [{ within_ms: 9_000, priority: 'critical' }] },
      },
      { at: 60_000, duration_ms: 250, priority: 'high', capabilities: ['gpu'], namespace: 'team' },
    ]);
  });

  it('leaves out what has not completed', () => {
    expect(recordedTrace([view({ status: 'Failed' }), view({ status: 'Queued' })])).toEqual([]);
  });
});
