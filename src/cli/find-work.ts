import { CadreError } from '../contracts/errors.ts';
import type { TaskView } from '../contracts/distributor/task.ts';
import type { WorkflowView } from '../contracts/workflow/workflow.ts';
import { isNotFound, type Client } from '../sdk/client/client.ts';
import { realClock } from '../sdk/clock.ts';

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

/** How long an id that nobody knows yet is waited for: an event published a moment ago may still be on its way. */
const arrivalMsMax = 10_000;
const lookAgainMs = 500;

/** Finds what an id names as soon as it arrives. Throws CadreError `not-found` when it does not within ten seconds. */
export async function awaitWork(client: Client, id: string, signal: AbortSignal, onWait: () => void): Promise<Work> {
  for (let waitedMs = 0; ; waitedMs += lookAgainMs) {
    try {
      return await findWork(client, id);
    } catch (error) {
      if (!isNotFound(error) || waitedMs >= arrivalMsMax) throw error;
      if (waitedMs === 0) onWait();
      await realClock.sleep(lookAgainMs, signal);
    }
  }
}
