import type { WorkflowUpdate } from '../contracts/repair.ts';
import type { WorkflowView } from '../contracts/workflow.ts';
import type { ApiTransport } from './api-transport.ts';

/** Calls that change a workflow which runs, or begin where one ended. */
export function repairCalls(call: ApiTransport) {
  const path = (id: string) => `/v1/workflows/${encodeURIComponent(id)}`;
  return {
    /** Changes the priority or the deadline of a workflow that runs: its waiting tasks move at once, what runs goes on as it is. */
    updateWorkflow: async (id: string, change: WorkflowUpdate) =>
      (await call({ method: 'PATCH', path: path(id), body: change })) as WorkflowView,
  };
}
