import type { Json } from '../contracts/json.ts';
import { parse } from '../contracts/parse.ts';
import { workflowDefinition, workflowSubmission, type WorkflowDefinition } from '../contracts/workflow/workflow.ts';

/** A workflow that a file holds. */
export interface WorkflowFile {
  /** Written out, or the name of a registered one. */
  readonly definition: WorkflowDefinition | string;
  readonly input?: Json;
  readonly workflow_id?: string;
  readonly deadline?: string;
  readonly namespace?: string;
}

/** Reads a definition, or a whole submission (`{ workflow_id, definition, input }`). Throws CadreError `invalid-input` with every fault. */
export function readWorkflow(value: unknown): WorkflowFile {
  if (typeof value !== 'object' || value === null || !('definition' in value)) {
    return { definition: parse(workflowDefinition, value) };
  }
  const { workflow_id, definition, input, deadline, namespace } = parse(workflowSubmission, value);
  return {
    definition,
    workflow_id,
    ...(input === undefined ? {} : { input }),
    ...(deadline === undefined ? {} : { deadline }),
    ...(namespace === undefined ? {} : { namespace }),
  };
}
