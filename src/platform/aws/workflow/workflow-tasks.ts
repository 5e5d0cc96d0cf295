import { failChange } from '../../../distributor/core/tasks/settle.ts';
import type { WorkflowTasks } from '../../../distributor/ports.ts';
import type { WorkflowDeps } from '../../../workflow/ports.ts';
import { settleWorkflowTasks } from '../../../workflow/usecases/advance/advance-workflow.ts';
import { cancelWorkflow } from '../../../workflow/usecases/steer/cancel-workflow.ts';
import { failWorkflowTask } from '../../../workflow/usecases/advance/fail-task.ts';
import { overdrawBudget } from '../../../workflow/usecases/advance/overdraw-budget.ts';
import { resumeWorkflows } from '../../../workflow/usecases/advance/resume-workflow.ts';

/** Lets the distributor reach the workflows, which it does not know. */
export function createWorkflowTasks(deps: WorkflowDeps): WorkflowTasks {
  return {
    settle: (workflow_id, results) => settleWorkflowTasks(deps, workflow_id, results),
    fail: (task_id, error) => failWorkflowTask(deps, task_id, (row, now) => failChange(row, error, now)),
    cancel: async (request) => {
      // Its namespace was killed: nothing more of it starts, not even what would undo its work.
      await cancelWorkflow(deps, { ...request, compensate: false });
    },
    overdraw: (overdraft) => overdrawBudget(deps, overdraft),
    resume: (pool) => resumeWorkflows(deps, pool),
  };
}
