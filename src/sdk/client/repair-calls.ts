import type { MigrationView, WorkflowRerun, WorkflowUpdate } from '../../contracts/workflow/repair.ts';
import type { WorkflowDefinitionInput, WorkflowView } from '../../contracts/workflow/workflow.ts';
import type { ApiTransport } from './api-transport.ts';

/** Calls that change a workflow which runs, or begin where one ended. */
export function repairCalls(call: ApiTransport) {
  const path = (id: string) => `/v1/workflows/${encodeURIComponent(id)}`;
  return {
    /** Changes the priority or the deadline of a workflow that runs: its waiting tasks move at once, what runs goes on as it is. */
    updateWorkflow: async (id: string, change: WorkflowUpdate) =>
      (await call({ method: 'PATCH', path: path(id), body: change })) as WorkflowView,
    /** Starts a new run of the same definition that begins at these nodes of another run; what is not after them is taken over with its output. */
    rerunWorkflow: async (id: string, request: WorkflowRerun) =>
      (await call({ method: 'POST', path: `${path(id)}/rerun`, body: request })) as WorkflowView,
    /**
     * Lets a workflow that runs go on by a newer version of its definition, written out or registered (`NAME@VERSION`, `NAME@latest`); with `dryRun` only says what would change. Refused with `incompatible-definition` and all
     * reasons why it may not.
     */
    migrateWorkflow: async (
      id: string,
      definition: WorkflowDefinitionInput | string,
      { dryRun }: { readonly dryRun?: boolean } = {},
    ) =>
      (await call({
        method: 'POST',
        path: `${path(id)}/migrate`,
        body: { definition, ...(dryRun === undefined ? {} : { dry_run: dryRun }) },
      })) as MigrationView,
  };
}
