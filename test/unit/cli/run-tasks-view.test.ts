import { describe, expect, it } from '@jest/globals';
import { showRunTasks } from '../../../src/cli/views.ts';

describe('the tasks of a run', () => {
  it('show how long one waited that was cancelled before it began', () => {
    const shown = showRunTasks([
      {
        ...{ name: 'a', task_id: 'w:a', status: 'Cancelled', attempt: 0 },
        ...{ queued_at: '2026-01-01T00:00:00.000Z', completed_at: '2026-01-01T00:00:42.000Z' },
      },
    ]);
    expect(shown).toMatch(/^a +Cancelled +- +0 +42(\.0)? s +-/m);
  });
});
