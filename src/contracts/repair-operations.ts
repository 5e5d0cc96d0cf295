import { userId } from './ids.ts';
import type { Operation } from './operations.ts';
import { workflowUpdateRequest } from './repair.ts';
import { workflowView } from './workflow.ts';

/** The operations that change a workflow which runs, or begin where one ended. */
export const repairOperations: readonly Operation[] = [
  {
    id: 'updateWorkflow',
    method: 'patch',
    path: '/v1/workflows/:id',
    tag: 'workflows',
    summary: 'Change the priority or the deadline of a workflow that runs',
    params: { id: userId },
    body: workflowUpdateRequest,
    status: 200,
    answer: workflowView,
  },
];
