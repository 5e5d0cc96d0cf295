import * as z from 'zod';
import { userId } from '../ids.ts';
import { planView, queryView, replayQuery, replayView, validationView } from './inspection.ts';
import type { Operation } from '../operation.ts';

/** The operations that look into workflows. */
export const inspectionOperations: readonly Operation[] = [
  {
    id: 'validateWorkflow',
    method: 'post',
    path: '/v1/workflows/validate',
    tag: 'workflows',
    summary: 'Everything that is wrong with a definition or a submission; nothing runs',
    body: z.unknown(),
    status: 200,
    answer: validationView,
  },
  {
    id: 'getWorkflowPlan',
    method: 'get',
    path: '/v1/workflows/:id/plan',
    tag: 'workflows',
    summary: 'When the nodes of a workflow run, the critical path and the predicted finish',
    params: { id: userId },
    status: 200,
    answer: planView,
  },
  {
    id: 'replayWorkflow',
    method: 'get',
    path: '/v1/workflows/:id/replay',
    tag: 'workflows',
    summary: 'The state of a workflow as its event log tells it, now or at a moment of the past',
    params: { id: userId },
    query: replayQuery,
    status: 200,
    answer: replayView,
  },
  {
    id: 'queryWorkflow',
    method: 'get',
    path: '/v1/workflows/:id/queries/:name',
    tag: 'workflows',
    summary: 'What a query that the definition names says of the workflow as it is; nothing changes',
    params: { id: userId, name: userId },
    status: 200,
    answer: queryView,
  },
];
