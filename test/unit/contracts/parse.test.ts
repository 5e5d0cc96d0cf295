import { describe, expect, it } from '@jest/globals';
import { taskSubmission } from '../../../src/contracts/api.ts';
import { CadreError } from '../../../src/contracts/errors.ts';
import { parse } from '../../../src/contracts/parse.ts';
import { schedule } from '../../../src/contracts/workflow/schedule.ts';

function faults(...given: Parameters<typeof parse>): readonly (readonly [string | undefined, string])[] {
  try {
    parse(...given);
  } catch (error) {
    if (error instanceof CadreError) return error.faults.map(({ path, message }) => [path, message]);
    throw error;
  }
  return [];
}

describe('what is wrong with a value', () => {
  it('is told of the one shape that it was meant to have, although others were possible', () => {
    const half = { task_id: 'a', task_type: 't', priority: 'high', required_capabilities: [], payload: 1 };
    expect(faults(taskSubmission, { ...half, priority: 'urgent', colour: 1 }).map(([path]) => path)).toEqual([
      'priority',
      'colour',
    ]);
    expect(faults(taskSubmission, { tasks: [{ ...half, task_id: 1 }] })).toEqual([
      ['tasks[0].task_id', 'expected string, received number'],
    ]);
  });

  it('says what is missing, and what could have stood there', () => {
    const missing = new Map(faults(schedule, { schedule_id: 's', cron: '@daily' }));
    expect(missing.get('definition')).toBe('missing: expected string, or missing: expected object');
  });
});
