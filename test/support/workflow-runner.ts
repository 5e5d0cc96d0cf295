import { expect } from '@jest/globals';
import type { WorkflowDefinitionInput } from '../../src/contracts/workflow/workflow.ts';
import { replay } from '../../src/workflow/core/run/reducer.ts';
import { isFinished } from '../../src/workflow/core/run/state.ts';
import { listRunTasks } from '../../src/workflow/usecases/view/list-run-tasks.ts';
import { findRun, stateOfRun } from '../../src/workflow/usecases/advance/load-run.ts';
import { viewWorkflow } from '../../src/workflow/usecases/view/view-workflow.ts';
import { createWorkflowStage } from './workflow-stage.ts';

type Stage = ReturnType<typeof createWorkflowStage>;

/** A task of a definition. */
export const task = (name: string, depends_on: string[] = [], more: object = {}) => ({
  name,
  task_type: 'work',
  depends_on,
  ...more,
});
/** The result of a task that failed for good. */
export const broken = { outcome: 'failed' as const, error: { code: 'broken', message: 'it broke', retryable: false } };

/** Tasks that are queued now, by their paths. */
export async function queued(stage: Stage): Promise<string[]> {
  const tasks = (await listRunTasks(stage.deps, 'w')) ?? [];
  return tasks.flatMap(({ name, kind, status }) => (status === 'Queued' && kind === undefined ? [name] : []));
}

/** Runs the workflow to its end, and checks that its log gives its state again; `does` gives the output of each task, or throws for one that fails. */
export async function finish(stage: Stage, does: (path: string, payload: unknown) => unknown = () => null) {
  for (let round = 0; round < 200; round += 1) {
    if (isFinished((await stage.deps.workflows.head('w'))!.status)) break;
    const paths = await queued(stage);
    if (paths.length === 0) throw new Error('nothing runs, yet the workflow has not ended');
    for (const path of paths) {
      const row = await stage.rowOf('w', path);
      if (row.status !== 'Queued') continue;
      let result: object = broken;
      try {
        result = { output: does(path, JSON.parse(row.payload.text ?? 'null')) };
      } catch {
        // The task fails.
      }
      await stage.run('w', path, result);
    }
  }
  const run = (await findRun(stage.deps, 'w'))!;
  const log = (await stage.deps.workflows.events('w')).flatMap(({ events }) => events);
  expect(replay(run.pinned.definition, log)).toEqual(stateOfRun(run));
  expect(await stage.deps.workflows.attention(10)).toHaveLength(1);
  return (await viewWorkflow(stage.deps, 'w'))!;
}

/** A stage on which the workflow `w` has begun. */
export async function started(definition: Omit<WorkflowDefinitionInput, 'name'>, input: unknown = {}): Promise<Stage> {
  const stage = createWorkflowStage();
  await stage.begin('w', { name: 'x', ...definition }, input as null);
  return stage;
}
