import { CadreError } from '../contracts/errors.ts';
import type { TaskView } from '../contracts/task.ts';
import type { WorkflowView } from '../contracts/workflow.ts';
import { isNotFound, type Client } from '../sdk/client.ts';

/** A task or a workflow that an id names. */
export type Work =
  { readonly kind: 'task'; readonly view: TaskView } | { readonly kind: 'workflow'; readonly view: WorkflowView };

/** Finds what an id names: a workflow first, else a task. Throws CadreError `not-found` when it is neither. */
export async function findWork(client: Client, id: string): Promise<Work> {
  // Only tasks of workflows have a colon in their id.
  if (id.includes(':')) return { kind: 'task', view: await client.getTask(id) };
  const nothing = (error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  };
  const workflow = await client.getWorkflow(id).catch(nothing);
  if (workflow !== undefined) return { kind: 'workflow', view: workflow };
  const task = await client.getTask(id).catch(nothing);
  if (task !== undefined) return { kind: 'task', view: task };
  throw new CadreError('not-found', `neither a workflow nor a task has the id ${id}`);
}
