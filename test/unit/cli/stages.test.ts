import { describe, expect, it } from '@jest/globals';
import { parse } from '../../../src/contracts/parse.ts';
import { workflowDefinition, type RunTask } from '../../../src/contracts/workflow/workflow.ts';
import { showBar, stagesOf, stageStates } from '../../../src/cli/stages.ts';

const definition = parse(workflowDefinition, {
  name: 'flow',
  nodes: [
    { name: 'end', task_type: 'flow.report', depends_on: ['a', 'b', 'start'] },
    { name: 'start', task_type: 'flow.scan' },
    { name: 'a', task_type: 'flow.work', depends_on: ['start'] },
    { name: 'b', task_type: 'flow.work', depends_on: ['start'] },
  ],
});
const task = (name: string, status: RunTask['status']): RunTask => ({ name, task_id: `w:${name}`, status, attempt: 1 });

describe('the stages of a run', () => {
  it('are the tasks that are equally far from the start, in order', () => {
    expect(stagesOf(definition)).toEqual([
      { title: 'scan', names: ['start'] },
      { title: 'work', names: ['a', 'b'] },
      { title: 'report', names: ['end'] },
    ]);
  });

  it('count what has ended, failed and runs', () => {
    const tasks = [task('start', 'Completed'), task('a', 'Failed'), task('b', 'Processing'), task('end', 'Waiting')];
    const [scan, work, report] = stageStates(stagesOf(definition), tasks);
    expect(scan).toMatchObject({ done: 1, total: 1 });
    expect(work).toMatchObject({ done: 1, total: 2, failed: 1, running: 1 });
    expect(report).toMatchObject({ done: 0 });
    expect(showBar(work!)).toContain('1/2 (1 running, 1 failed)');
  });

  it('come to an end for a cycle too, which the deployment will refuse', () => {
    const cyclic = parse(workflowDefinition, {
      name: 'c',
      nodes: [
        { name: 'a', task_type: 't', depends_on: ['b'] },
        { name: 'b', task_type: 't', depends_on: ['a'] },
      ],
    });
    expect(stagesOf(cyclic)).toHaveLength(1);
  });
});
