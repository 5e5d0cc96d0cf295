import { userId } from '../ids.ts';
import type { Operation } from '../operation.ts';
import { migrationView, workflowMigrationRequest, workflowRerunRequest, workflowUpdateRequest } from './repair.ts';
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
  {
    id: 'rerunWorkflow',
    method: 'post',
    path: '/v1/workflows/:id/rerun',
    tag: 'workflows',
    summary: 'Start a new run that begins at some nodes of another one and takes the rest over',
    params: { id: userId },
    body: workflowRerunRequest,
    status: 202,
    answer: workflowView,
  },
  {
    id: 'migrateWorkflow',
    method: 'post',
    path: '/v1/workflows/:id/migrate',
    tag: 'workflows',
    summary: 'Let a workflow that runs go on by a newer version of its definition, or list all reasons why it may not',
    params: { id: userId },
    body: workflowMigrationRequest,
    status: 200,
    answer: migrationView,
  },
];
