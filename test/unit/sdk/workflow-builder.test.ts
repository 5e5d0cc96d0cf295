import { describe, expect, it } from '@jest/globals';
import { workflow } from '../../../src/sdk/workflows/workflow-builder.ts';

describe('the workflow builder', () => {
  it('yields the JSON that one would write by hand', () => {
    const built = workflow('release')
      .task('test', { task_type: 'run', payload: { command: 'npm test' } })
      .task('ship', { task_type: 'run', depends_on: ['test'], input: 'outputs.test', priority: 'high' })
      .output('outputs.ship')
      .build();
    expect(built).toEqual({
      name: 'release',
      output: 'outputs.ship',
      nodes: [
        {
          name: 'test',
          task_type: 'run',
          depends_on: [],
          required_capabilities: [],
          priority: 'medium',
          trigger_rule: 'all_success',
          payload: { command: 'npm test' },
        },
        {
          name: 'ship',
          task_type: 'run',
          depends_on: ['test'],
          required_capabilities: [],
          priority: 'high',
          trigger_rule: 'all_success',
          input: 'outputs.test',
        },
      ],
    });
  });

  it('refuses a name twice and what the contract refuses', () => {
    const one = workflow('w').task('a', { task_type: 'run' });
    expect(() => one.task('a', { task_type: 'run' })).toThrow('choose another');
    expect(() => workflow('w').build()).toThrow('nodes');
    // @ts-expect-error: a dependency must have been added before.
    expect(one.task('b', { task_type: 'run', depends_on: ['z'] }).build().nodes).toHaveLength(2);
  });
});
